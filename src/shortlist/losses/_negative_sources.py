"""Sources of negatives: they draw rows of the catalog, or take them from the data."""

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Protocol

import keras
from keras import ops

from shortlist import backend
from shortlist.errors import ArgumentError, FeatureError, must
from shortlist.ops import pairwise_scores
from shortlist.typing import Tensor

__all__ = [
    "ColumnNegatives",
    "DrawContext",
    "FrequencyNegatives",
    "InBatchNegatives",
    "IndexNegatives",
    "NegativeSource",
    "UniformNegatives",
]

_WEIGHTS_SUM = 2**30
"""Weights are rounded to whole numbers of about this sum, whose running sum fits int32."""


@dataclasses.dataclass(frozen=True)
class DrawContext:
    """The parts of the batch and the catalog that a `NegativeSource` can use.

    Args:
        query_shape: Shape of the batch's queries without their vectors: `(batch,)`, or `(batch, length)` for
            sequences.
        num_candidates: Number of candidates in the catalog.
        features: Encoded features of the batch by column name, `[batch, ...]` each. The source's
            `item_columns` hold catalog rows, `[batch, m]`, int32; negative for padding and unknown ids.
        queries: `[*query_shape, dim]` or `[*query_shape, heads, dim]`, vectors of the batch's queries.
        log_frequency: Returns `[num_candidates]`, log of each candidate's share of the training rows; None
            if unknown.
        candidate_vectors: Returns `[num_candidates, dim]`, vectors of the catalog when the epoch started;
            None if the catalog was not encoded.
    """

    query_shape: tuple[Any, ...]
    num_candidates: int
    features: Mapping[str, Tensor] = dataclasses.field(default_factory=dict)
    queries: Tensor | None = None
    log_frequency: Callable[[], Tensor] | None = None
    candidate_vectors: Callable[[], Tensor] | None = None


class NegativeSource(Protocol):
    """Draws negatives from the catalog, for `models.TwoTower(negatives=...)`.

    The model encodes the rows inside the training step, with the candidate tower. To be saved with a model,
    register the class with `keras.saving.register_keras_serializable` and give it `get_config` and
    `from_config`. Optional:

    - An attribute `item_columns`, a dict: columns of the data that hold a list of item ids per row, with the
      number of ids to keep; None keeps the longest list whole.
    - An attribute `uses_candidate_vectors`; if it is True, `fit` encodes the catalog before each epoch.
    """

    def sample(
        self, batch: DrawContext, seed: Any
    ) -> tuple[Tensor, Tensor | None] | tuple[Tensor, Tensor | None, Tensor] | None:
        """Return catalog rows and the log probability of each draw, or None to draw nothing.

        Args:
            batch: The batch and the catalog.
            seed: Seed for functions of `keras.random`; all randomness must come from it.

        Returns:
            Rows in `[0, num_candidates)`, int32: `[n]` for negatives of all queries, or `[*query_shape, m]`
            for negatives of each query. Log probabilities of the same shape, or None if there is nothing to
            correct. Negatives of each query may come with a mask of the same shape;
            False marks slots without a negative.
        """
        ...


@keras.saving.register_keras_serializable(package="shortlist")
@dataclasses.dataclass(frozen=True)
class InBatchNegatives:
    """Draw no negatives: the other candidates of the batch are the only ones."""

    def sample(self, batch: DrawContext, seed: Any) -> None:
        """Return None; see `NegativeSource`."""

    def get_config(self) -> dict[str, Any]:
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "InBatchNegatives":
        return cls(**config)


@keras.saving.register_keras_serializable(package="shortlist")
@dataclasses.dataclass(frozen=True)
class UniformNegatives:
    """Draw each negative uniformly from the catalog, with replacement: `log q = -log(num_candidates)`.

    If `num_negatives` is at least the size of the catalog, all queries have each candidate once instead, and
    `losses.SampledSoftmax` is the softmax over the whole catalog.

    Args:
        num_negatives: Number of negatives, of the whole batch or of each query.
        shared: Whether all queries of a batch have the same negatives.

    Raises:
        ArgumentError: If `num_negatives` is not positive.

    Example:
        >>> import numpy as np
        >>> batch = DrawContext(query_shape=(2,), num_candidates=100)
        >>> rows, log_q = UniformNegatives(5, shared=False).sample(batch, seed=0)
        >>> tuple(rows.shape), round(float(np.exp(float(log_q[0, 0]))), 4)
        ((2, 5), 0.01)
    """

    num_negatives: int
    _: dataclasses.KW_ONLY
    shared: bool = True

    def __post_init__(self) -> None:
        _check_number(self.num_negatives)

    def sample(self, batch: DrawContext, seed: Any) -> tuple[Tensor, Tensor]:
        """Return rows and log probabilities; see `NegativeSource`."""
        if self.num_negatives >= batch.num_candidates:
            shape: Any = (batch.num_candidates,)
            rows = ops.arange(batch.num_candidates, dtype="int32")
        else:
            shape = _shape(batch, self.num_negatives, self.shared)
            rows = keras.random.randint(shape, 0, batch.num_candidates, dtype="int32", seed=seed)
        return rows, ops.full(shape, -math.log(batch.num_candidates), "float32")

    def get_config(self) -> dict[str, Any]:
        return {"num_negatives": self.num_negatives, "shared": self.shared}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "UniformNegatives":
        return cls(**config)


@keras.saving.register_keras_serializable(package="shortlist")
@dataclasses.dataclass(frozen=True)
class FrequencyNegatives:
    """Draw negatives by popularity, with replacement: `q[i] = frequency[i]^alpha / sum_j frequency[j]^alpha`.

    Frequencies are those that the model's logQ correction has counted so far. A draw takes time linear in the
    catalog.

    Args:
        num_negatives: Number of negatives, of the whole batch or of each query.
        alpha: 0 is uniform, 1 is the training data's own distribution.
        shared: Whether all queries of a batch have the same negatives.

    Raises:
        ArgumentError: If `num_negatives` is not positive or `alpha` is negative.

    Reference: Mikolov et al., "Distributed Representations of Words and Phrases and their Compositionality",
        NeurIPS 2013, for alpha = 0.75.
    """

    num_negatives: int
    _: dataclasses.KW_ONLY
    alpha: float = 0.75
    shared: bool = True

    def __post_init__(self) -> None:
        _check_number(self.num_negatives)
        if not self.alpha >= 0:
            raise ArgumentError(must("alpha", "be >= 0", got=self.alpha))

    def sample(self, batch: DrawContext, seed: Any) -> tuple[Tensor, Tensor]:
        """Return rows and log probabilities; see `NegativeSource`."""
        if batch.log_frequency is None:
            fix = "Give the task a log_q layer, such as layers.StreamingFrequency"
            raise ArgumentError(must("FrequencyNegatives", "know the candidates' frequencies", fix=fix))
        log_weights = self.alpha * batch.log_frequency()
        shares = ops.exp(log_weights - ops.max(log_weights))
        # Whole numbers, so that the running sum is exact and log q is exactly that of the draw.
        weights = ops.cast(ops.round(shares * (_WEIGHTS_SUM / ops.sum(shares))), "int32")
        weights = ops.maximum(weights, 1)
        ends = ops.cast(ops.cumsum(weights), "int32")
        shape = _shape(batch, self.num_negatives, self.shared)
        draws = keras.random.randint(shape, 0, ends[-1], dtype="int32", seed=seed)
        rows = ops.searchsorted(ends, ops.reshape(draws, (-1,)), side="right")
        rows = ops.reshape(ops.cast(rows, "int32"), shape)
        log_total = ops.log(ops.cast(ends[-1], "float32"))
        return rows, ops.log(ops.cast(ops.take(weights, rows), "float32")) - log_total

    def get_config(self) -> dict[str, Any]:
        return {"num_negatives": self.num_negatives, "alpha": self.alpha, "shared": self.shared}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "FrequencyNegatives":
        return cls(**config)


@keras.saving.register_keras_serializable(package="shortlist")
@dataclasses.dataclass(frozen=True)
class ColumnNegatives:
    """Take each row's negatives from a column of item ids, such as items that were shown and not clicked.

    Padding (None, -1, empty text) and items that are not in the catalog do not count; nor does the row's own
    item. In losses that use only drawn negatives, a row without negatives has loss 0 and still counts in
    the mean. An item that is listed twice counts twice.

    Nothing is drawn, so there is no log probability: `SampledSoftmax` is then the softmax over the positive
    and the listed items. `InBatchSoftmax` takes such negatives only if the task has no `log_q`, which
    `TwoTower` has; otherwise use `SampledSoftmax` or `BPR`.

    All slots are encoded, `batch * max_length` items per step in addition to those of the batch. Slots that
    hold no negative are encoded as random items, so that no item is regularized more than others.

    Args:
        column: Column with a list of item ids per row, in all data that the model is trained or evaluated on.
            Files must hold lists, as Parquet does.
        max_length: Number of ids to keep per row; None for the longest list of the data.

    Raises:
        ArgumentError: If `max_length` is not positive.

    Example:
        >>> import numpy as np
        >>> features = {"shown": np.int32([[3, 0], [5, -1]])}
        >>> batch = DrawContext(query_shape=(2,), num_candidates=6, features=features)
        >>> rows, _, is_negative = ColumnNegatives("shown").sample(batch, seed=0)
        >>> np.asarray(rows)[np.asarray(is_negative)].tolist()
        [3, 0, 5]
    """

    column: str
    _: dataclasses.KW_ONLY
    max_length: int | None = None

    def __post_init__(self) -> None:
        if self.max_length is not None and self.max_length < 1:
            raise ArgumentError(must("max_length", "be None or >= 1", got=self.max_length))

    @property
    def item_columns(self) -> dict[str, int | None]:
        """Name of the column and the number of ids to keep; see `NegativeSource`."""
        return {self.column: self.max_length}

    def sample(self, batch: DrawContext, seed: Any) -> tuple[Tensor, None, Tensor]:
        """Return rows and a mask; see `NegativeSource`.

        Raises:
            FeatureError: If the batch lacks the column.
        """
        if self.column not in batch.features:
            fix = "Add a list of item ids per row, or pass the column's name to ColumnNegatives"
            got = f"columns {sorted(batch.features)}"
            raise FeatureError(must("the data", f"have the column {self.column!r}", got=got, fix=fix))
        rows = ops.convert_to_tensor(batch.features[self.column])
        is_negative = rows >= 0
        others = keras.random.randint(ops.shape(rows), 0, batch.num_candidates, dtype="int32", seed=seed)
        return ops.where(is_negative, rows, others), None, is_negative

    def get_config(self) -> dict[str, Any]:
        return {"column": self.column, "max_length": self.max_length}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "ColumnNegatives":
        return cls(**config)


@keras.saving.register_keras_serializable(package="shortlist")
@dataclasses.dataclass(frozen=True)
class IndexNegatives:
    """Take the catalog's highest-scoring candidates for each query: hard negatives.

    Queries are encoded with the current weights, candidates with those at the start of the epoch. A query's
    positives are often among the results; losses remove them by id, so ask for a few more.

    The cost: `fit` encodes the catalog before each epoch, and `evaluate` before it starts. Vectors stay in
    memory, `4 * num_candidates * dim` bytes. A step scores the whole catalog exactly, with
    `batch * num_candidates * dim` multiplications, like a step of an evaluation. It encodes
    `batch * num_negatives` candidates in addition to those of the batch.

    The negatives are not sampled, so they have no log probability. `InBatchSoftmax` takes such
    negatives only if the task has no `log_q`, which `TwoTower` has; otherwise use `SampledSoftmax` or `BPR`.

    Args:
        num_negatives: Number of negatives of each query; all candidates if there are fewer.

    Raises:
        ArgumentError: If `num_negatives` is not positive.

    Example:
        >>> import numpy as np
        >>> queries, catalog = np.float32([[1, 0]]), np.float32([[1, 0], [3, 0], [2, 9]])
        >>> batch = DrawContext((1,), 3, queries=queries, candidate_vectors=lambda: catalog)
        >>> np.asarray(IndexNegatives(2).sample(batch, seed=0)[0]).tolist()
        [[1, 2]]

    Reference: Xiong et al., "Approximate Nearest Neighbor Negative Contrastive Learning for Dense Text
        Retrieval", ICLR 2021.
    """

    num_negatives: int
    uses_candidate_vectors: ClassVar[bool] = True

    def __post_init__(self) -> None:
        _check_number(self.num_negatives)

    def sample(self, batch: DrawContext, seed: Any) -> tuple[Tensor, None]:
        """Return rows; see `NegativeSource`.

        Raises:
            ArgumentError: If the catalog was not encoded.
        """
        if batch.candidate_vectors is None:
            fix = "Call fit or evaluate, which encode the catalog first"
            raise ArgumentError(must("IndexNegatives", "know the candidates' vectors", fix=fix))
        both = (batch.queries, batch.candidate_vectors())
        queries, vectors = (ops.stop_gradient(ops.convert_to_tensor(one)) for one in both)
        k, num_axes = min(self.num_negatives, batch.num_candidates), len(batch.query_shape)
        queries = ops.reshape(queries, (-1, *queries.shape[num_axes:]))
        num_heads = 1 if len(queries.shape) == 2 else queries.shape[1]

        def search(carry: Any, part: dict[str, Tensor], _: Tensor | int) -> Any:
            return carry, (backend.top_k(pairwise_scores(part["query"], vectors), k)[1],)

        size = backend.rows_per_chunk(ops.shape(queries)[0], num_heads * batch.num_candidates)
        _, (rows,) = backend.scan_chunks(search, (), {"query": queries}, size, dtypes=("int32",))
        return ops.reshape(rows, (*batch.query_shape, k)), None

    def get_config(self) -> dict[str, Any]:
        return {"num_negatives": self.num_negatives}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "IndexNegatives":
        return cls(**config)


def _check_number(num_negatives: int) -> None:
    if num_negatives < 1:
        raise ArgumentError(must("num_negatives", "be >= 1", got=num_negatives))


def _shape(batch: DrawContext, num_negatives: int, shared: bool) -> tuple[Any, ...]:
    return (num_negatives,) if shared else (*batch.query_shape, num_negatives)
