"""`tfrs.metrics`."""

from collections.abc import Iterable, Sequence
from typing import Any

from shortlist import metrics

__all__ = ["FactorizedTopK"]


def FactorizedTopK(  # noqa: N802 - the name of a class there
    candidates: Iterable[Any],
    ks: Sequence[int] = (1, 5, 10, 50, 100),
    name: str = "factorized_top_k",
) -> metrics.FactorizedTopK:
    """Share of queries whose true candidate is in the top k, named as in TensorFlow Recommenders.

    Args:
        candidates: A dataset of batches of vectors, or of pairs of ids and vectors; or an index of
            `tfrs.layers`.
        ks: The lengths of the lists to evaluate.
        name: Prefix of the metrics' names.

    Returns:
        A metric whose values are called `{name}/top_{k}_categorical_accuracy`.

    Example:
        >>> import numpy as np
        >>> metric = FactorizedTopK([np.eye(3, dtype="float32")], ks=(1,))
        >>> sorted(metric.result())
        ['factorized_top_k/top_1_categorical_accuracy']
    """
    return metrics.FactorizedTopK(
        getattr(candidates, "wrapped", candidates),
        ks=ks,
        metrics=("hit_rate",),
        name_format=name + "/top_{k}_categorical_accuracy",
        name=name,
    )
