"""Approximate search in partitions of near candidates."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, final

import keras
import numpy as np

from shortlist.errors import ArgumentError
from shortlist.indexes._approximate import ApproximateIndex
from shortlist.indexes._base import check_k
from shortlist.indexes._engine import Engine
from shortlist.indexes.partitions import PartitionedEngine, Partitions
from shortlist.indexes.partitions._layout import default_num_partitions

__all__ = ["Partitioned"]


@final
@keras.saving.register_keras_serializable(package="shortlist")
class Partitioned(ApproximateIndex):
    """Looks into the few partitions of near candidates that promise most, and scores these exactly.

    Candidates are clustered by k-means into partitions of one size. A query is compared with the centroids,
    and its candidates are those of the best partitions. Where filters leave fewer than k of them, it looks
    into more, in the end into all: there are always k answers when k candidates are allowed.

    The search is made of core operators, so that an exported index runs in stock TensorFlow Serving.

    Args:
        query_model: What turns features into query vectors `[batch, dim]`; None when queries are vectors.
        k: How many candidates to return when a call does not say.
        probes: Partitions a query looks into; None for exact search. `tune` chooses by the recall wanted.
        codes: `"int8"` for partitions of numbers of one byte, whose best `num_rescored` times k candidates
            are scored exactly afterwards: less is read, more is kept. None for partitions of vectors.
        num_rescored: How many times k; `tune` chooses it, too.
        num_partitions: How many; four times the square root of the number of candidates when None.
        seed: Of the clustering, which gives the same partitions on every backend.
        similarity: `"dot"`, or `"cosine"` for the product of vectors of length 1.
        capacity: Most candidates that `upsert` takes in; None for no limit.

    Example:
        >>> import numpy as np
        >>> vectors = np.random.default_rng(0).normal(size=(1000, 8)).astype("float32")
        >>> index = Partitioned(k=3, probes=16).index(vectors)
        >>> index.similar([7])[1].shape
        (1, 3)

    Source: Sivic and Zisserman, Video Google, 2003, for inverted lists; Lloyd, 1982, for the clustering.
    """

    search_budget_name = "probes"

    def __init__(
        self,
        query_model: Callable[[Any], Any] | None = None,
        k: int = 10,
        *,
        probes: int | None = 16,
        codes: str | None = None,
        num_rescored: int = 4,
        num_partitions: int | None = None,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(probes, query_model=query_model, k=k, **kwargs)
        if codes not in (None, "int8"):
            raise ArgumentError(f"codes came as {codes!r}; expected None or 'int8'.")
        self.codes, self.num_rescored = codes, check_k(num_rescored, "num_rescored")
        self.num_partitions = None if num_partitions is None else check_k(num_partitions, "num_partitions")
        self.seed = seed

    @property
    def probes(self) -> int | None:
        """Partitions a query looks into; None for exact search."""
        return self.search_budget

    def _build(self, vectors: np.ndarray, search_budget: int) -> Engine:
        most = len(vectors)
        number = default_num_partitions(most) if self.num_partitions is None else self.num_partitions
        partitions = Partitions.of(vectors, min(number, most), self.seed, as_codes=self.codes is not None)
        return PartitionedEngine(partitions.tables(vectors), search_budget, self.num_rescored)

    def _load(self, folder: Path, search_budget: int) -> Engine:
        return PartitionedEngine.load(folder, search_budget, self.num_rescored)

    def _took(self, engine: Engine) -> None:
        if isinstance(engine, PartitionedEngine):
            self.num_rescored = engine.num_rescored

    def get_config(self) -> dict[str, Any]:
        """What makes the index again, without its candidates, which are saved next to it.

        Returns:
            The constructor's arguments.
        """
        own = {
            "probes": self.probes,
            "codes": self.codes,
            "num_rescored": self.num_rescored,
            "num_partitions": self.num_partitions,
            "seed": self.seed,
        }
        return {**super().get_config(), **own}
