"""Queries that are vectors already."""

from collections.abc import Mapping
from typing import Any, final

import numpy as np
import tensorflow as tf

from shortlist.export.queries._base import QueryGraphEncoder
from shortlist.typing import Features, Tensor

__all__ = ["VectorQueries"]

_NAME = "queries"


@final
class VectorQueries(QueryGraphEncoder):
    """The queries of an index without a query model: `queries`, float32 `[batch, dim]`.

    Args:
        dim: Length of a vector.
        example_inputs: Vectors to try; made up when None.
    """

    def __init__(self, dim: int, example_inputs: Features | None = None) -> None:
        self._dim = dim
        self._example_inputs = example_inputs

    def resources(self) -> list[Any]:
        """None."""
        return []

    def input_signature(self) -> dict[str, tf.TensorSpec]:
        """`queries` alone."""
        return {_NAME: tf.TensorSpec((None, self._dim), tf.float32, name=_NAME)}

    def __call__(self, features: Mapping[str, Tensor]) -> Tensor:
        """The vectors as they came."""
        return features[_NAME]

    def examples(self) -> dict[str, np.ndarray]:
        """Vectors of normal numbers, the same each time."""
        if self._example_inputs is not None:
            return {_NAME: np.asarray(self._example_inputs, "float32")}
        return {_NAME: np.random.default_rng(0).normal(size=(4, self._dim)).astype("float32")}

    def as_queries(self, features: Mapping[str, np.ndarray]) -> np.ndarray:
        """The vectors."""
        return features[_NAME]
