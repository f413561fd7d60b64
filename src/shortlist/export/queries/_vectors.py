"""Query side of an index without a query model."""

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
    """Take query vectors: one input `queries`, float32 `[batch, dim]`.

    Args:
        dim: Vector dimension.
        example_inputs: Example vectors; random normal when None.
    """

    def __init__(self, dim: int, example_inputs: Features | None = None) -> None:
        self._dim = dim
        self._example_inputs = example_inputs

    def resources(self) -> list[Any]:
        return []

    def input_signature(self) -> dict[str, tf.TensorSpec]:
        return {_NAME: tf.TensorSpec((None, self._dim), tf.float32, name=_NAME)}

    def __call__(self, features: Mapping[str, Tensor]) -> Tensor:
        return features[_NAME]

    def examples(self) -> dict[str, np.ndarray]:
        if self._example_inputs is not None:
            return {_NAME: np.asarray(self._example_inputs, "float32")}
        return {_NAME: np.random.default_rng(0).normal(size=(4, self._dim)).astype("float32")}

    def as_queries(self, features: Mapping[str, np.ndarray]) -> np.ndarray:
        return features[_NAME]
