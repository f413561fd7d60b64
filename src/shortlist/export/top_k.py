"""An index in a graph."""

from collections.abc import Mapping
from typing import Any, final

import keras
import tensorflow as tf

from shortlist.export.candidate_ids import CandidateIds
from shortlist.export.queries.base import QueriesInGraph
from shortlist.indexes import BruteForce
from shortlist.ops import pairwise_scores
from shortlist.typing import Tensor

__all__ = ["TopKInGraph"]


@final
class TopKInGraph(tf.Module):
    """The twin of a `BruteForce` index: raw features to scores and ids.

    Args:
        index: With candidates.
        queries: Its query side.
    """

    def __init__(self, index: BruteForce, queries: QueriesInGraph) -> None:
        super().__init__()
        self._queries = queries
        self._resources = queries.resources()  # held here, for their variables and tables to be saved
        self._vectors = index.vectors.value
        self.ids = CandidateIds(index.ids)

    def __call__(
        self, features: Mapping[str, Tensor], k: int | Tensor, exclude: Tensor | None = None
    ) -> dict[str, Tensor]:
        """The k best candidates of each query.

        Args:
            features: Raw features by name, as the queries' `input_signature` tells; others may be there too.
            k: How many, at least 1; no more than all candidates come back.
            exclude: `[batch, num_ids]`, ids that must not come back.

        Returns:
            `scores`, float32, and `ids`, both `[batch, k]`.
        """
        with keras.StatelessScope():  # added losses must not stay behind in the layers as tensors of a graph
            vectors = self._queries(features)
        scores = pairwise_scores(vectors, self._vectors)
        if exclude is not None:
            scores = self._without(scores, exclude)
        best, rows = tf.math.top_k(scores, tf.minimum(k, self._num_candidates()))
        return {"scores": best, "ids": self.ids.of_rows(tf.where(best > -float("inf"), rows, -1))}

    def _num_candidates(self) -> int:
        return int(self._vectors.shape[0])

    def _without(self, scores: Tensor, exclude: Tensor) -> Tensor:
        """The scores, minus infinity for excluded ids; unknown ones go to a column that is cut off again."""
        rows = self.ids.rows(exclude)
        columns = tf.where(rows < 0, self._num_candidates(), rows)
        queries = tf.broadcast_to(tf.range(tf.shape(columns)[0])[:, None], tf.shape(columns))
        removed = tf.fill(tf.shape(columns), -float("inf"))
        widened = tf.pad(scores, [[0, 0], [0, 1]])
        places = tf.stack([queries, columns], axis=-1)
        return tf.tensor_scatter_nd_update(widened, places, removed)[:, : self._num_candidates()]

    def signatures(self, k: int) -> dict[str, Any]:
        """What a server offers, traced.

        Args:
            k: Of `serving_default` and `serving_with_exclusions`.

        Returns:
            Concrete functions by name.
        """
        inputs = self._queries.input_signature()
        a_k = tf.TensorSpec((), tf.int32, name="k")
        excluded = tf.TensorSpec((None, None), self.ids.dtype, name="exclude")
        return {
            "serving_default": _traced(lambda **inputs: self(inputs, k), inputs),
            "top_k": _traced(lambda **inputs: self(inputs, _checked(inputs["k"])), {**inputs, "k": a_k}),
            "serving_with_exclusions": _traced(
                lambda **inputs: self(inputs, k, inputs["exclude"]), {**inputs, "exclude": excluded}
            ),
        }


def _traced(function: Any, inputs: Mapping[str, tf.TensorSpec]) -> Any:
    return tf.function(function, autograph=False).get_concrete_function(**inputs)


def _checked(k: Tensor) -> Tensor:
    tf.debugging.Assert(k >= 1, ["input 'k': expected at least 1, got ", k])
    return k
