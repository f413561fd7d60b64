"""Top-k metrics over the whole catalog."""

import contextlib
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from shortlist import backend
from shortlist.errors import ArgumentError, NotIndexedError, must
from shortlist.indexes import Index
from shortlist.metrics._candidates import (
    CandidatesInMemory,
    CandidateSource,
    no_true_candidates,
    open_candidates,
)
from shortlist.metrics._ranking import RankingMetric, check_metrics, metric_name, ranking_metrics
from shortlist.metrics._ranks import distinct
from shortlist.metrics._true_ranks import TrueRanks
from shortlist.ops import check_shapes
from shortlist.typing import Tensor

__all__ = ["FactorizedTopK"]

_UNKNOWN = 2**30
"""First row number for true candidates that are not in the catalog."""


@keras.saving.register_keras_serializable(package="shortlist")
class FactorizedTopK(keras.metrics.Metric):
    """Compute ranking metrics, such as recall and NDCG, over the whole catalog.

    The rank of a true candidate is the number of candidates that score higher. All metrics at all k are
    computed from it; each is defined in a file of its own, such as `metrics/_recall.py`. The rules:

    - Ties: a metric is its expected value over all orders of tied candidates, so a model with constant scores
      gets the expected value of a random order.
    - With ids of true candidates: the true score is that of the catalog's candidate with this id. A true
      candidate that is not in the catalog counts as never found. -1 and empty strings are padding; an id that
      is repeated counts once.
    - Without ids: the true score is that of the true candidate's vector.
    - Scores closer than `1e-6` times the product of the vectors' lengths are tied, because the same dot
      product rounds differently at different positions.
    - Excluded candidates are left out of the catalog for that query, except its true candidates.
    - k may exceed the size of the catalog. A query without a true candidate does not count. A query of weight
      2 counts twice. A query whose vector holds NaN or infinity does not count; a warning gives the number.

    Args:
        candidates: A dataset of batches of vectors, or of pairs of ids and vectors, such as a
            `tf.data.Dataset`; or an index. It is read and encoded once per evaluation. The candidates of a
            `Streaming` index, which may exceed memory, are written to a temporary file and not saved with the
            metric. The results of an approximate index are evaluated, by id: candidates that it misses count
            as never found, and a warning gives its recall.
        encoder: Function or layer that encodes the candidates if the dataset holds features instead of
            vectors, such as the candidate tower.
        ks: Lengths of the recommendation lists.
        metrics: Any of `recall`, `precision`, `hit_rate`, `mrr`, `ndcg`, `map`, or functions of your own; see
            `RankingMetric`.
        name_format: Format of the names in the logs, with `{metric}` and `{k}`.

    Raises:
        ArgumentError: If a k is below 1, or a metric is unknown.

    Example:
        >>> import numpy as np
        >>> catalog = [np.eye(4, dtype="float32")]
        >>> metric = FactorizedTopK(catalog, ks=(1, 2), metrics=("recall",))
        >>> metric.refresh()
        True
        >>> metric.update_state(np.float32([[1, 2, 0, 0]]), np.float32([[1, 0, 0, 0]]))
        >>> {name: float(value) for name, value in metric.result().items()}
        {'recall_at_1': 0.0, 'recall_at_2': 1.0}
    """

    def __init__(
        self,
        candidates: Iterable[Any] | Index | None = None,
        *,
        encoder: Callable[[Any], Any] | None = None,
        ks: Sequence[int] = (10, 100),
        metrics: Sequence[str | RankingMetric] = ("recall", "ndcg", "mrr"),
        name_format: str = "{metric}_at_{k}",
        name: str = "factorized_top_k",
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        _check(ks, metrics)
        self.ks, self.metrics, self.name_format = tuple(ks), tuple(metrics), name_format
        self._candidates, self._encoder = candidates, encoder
        self._source: CandidateSource | None = None
        self._table: keras.Variable | None = None
        self._ids: np.ndarray | None = None
        self._id_rows: Any = None
        self.was_updated = False
        shape = (len(self.metrics), len(self.ks))
        self._sums = self.add_variable(shape=shape, initializer="zeros", name="sums", dtype="float32")
        self._weight = self.add_variable(shape=(), initializer="zeros", name="weight", dtype="float32")
        # Rows seen, rows left out because a vector is not finite, rows whose weight is invalid.
        self._counts = self.add_variable(shape=(3,), initializer="zeros", name="counts", dtype="float32")
        self._num_reported, self._defers_report = 0, False

    def set_candidates(
        self, candidates: Iterable[Any] | Index, encoder: Callable[[Any], Any] | None = None
    ) -> None:
        """Replace the candidates; the next evaluation reads them.

        Args:
            candidates: As in the constructor.
            encoder: As in the constructor.
        """
        self._candidates, self._encoder = candidates, encoder

    def refresh(self) -> bool:
        """Read and encode the candidates; `Model.evaluate` calls this before it starts.

        Returns:
            True if the shape or the ids changed, so that evaluation steps must be compiled again.

        Raises:
            NotIndexedError: If no candidates were given.
            ArgumentError: If candidates are not as described in the constructor.
        """
        if self._candidates is None:
            if self._source is None:
                fix = "Pass a dataset: FactorizedTopK(candidates=...)"
                raise NotIndexedError(must(f"metric {self.name!r}", "have candidates", fix=fix))
            return False  # a loaded metric evaluates over the candidates it was saved with
        source = open_candidates(
            self._candidates, self._encoder, previous=self._source, k=max(self.ks), metric=self.name
        )
        return self._use(source)

    def update_state(
        self,
        query_embeddings: Tensor,
        true_candidate_embeddings: Tensor | None = None,
        *,
        true_candidate_ids: Tensor | None = None,
        excluded_ids: Tensor | None = None,
        sample_weight: Tensor | None = None,
    ) -> None:
        """Evaluate a batch of queries.

        Args:
            query_embeddings: `[batch, dim]`, or `[batch, heads, dim]` for queries with several vectors.
            true_candidate_embeddings: `[batch, dim]`; used if there are no ids.
            true_candidate_ids: `[batch]` or `[batch, num_true]`, padded with -1 or empty strings; used if the
                candidates have ids.
            excluded_ids: `[batch, num_excluded]`, padded with -1 or empty strings.
            sample_weight: `[batch]`, finite and not negative. A compiled step cannot check weights: it counts
                invalid ones, and `result` raises.

        Raises:
            NotIndexedError: If `refresh` was not called.
            ArgumentError: If neither vectors nor ids of the true candidates are given, or if a weight is
                negative or not finite.
        """
        if self._source is None:
            requirement = "hold candidates before update_state"
            fix = "Call its refresh() first, or Model.evaluate, which does"
            raise NotIndexedError(must(f"metric {self.name!r}", requirement, fix=fix))
        if sample_weight is not None:
            sample_weight = ops.reshape(ops.cast(sample_weight, "float32"), (-1,))
            if not backend.is_symbolic(sample_weight):
                _check_weights(ops.convert_to_numpy(sample_weight))
        query_embeddings, is_finite = _finite_or_zero(query_embeddings)
        if true_candidate_ids is not None and self._id_rows is not None:
            is_true, rows = self._rows_of(true_candidate_ids)
            excluded = None if excluded_ids is None else self._id_rows.rows(excluded_ids)
            better, tied = self._source.ranks_of_rows(query_embeddings, rows, excluded, max(self.ks))
        elif true_candidate_embeddings is not None:
            check_shapes(query_embeddings, true_candidate_embeddings)
            if excluded_ids is not None:
                requirement = "come with true_candidate_ids, to tell which candidate is the true one"
                fix = "Pass true_candidate_ids, and candidates as pairs (ids, vectors)"
                raise ArgumentError(must("excluded_ids", requirement, fix=fix))
            true_candidate_embeddings, is_true_finite = _finite_or_zero(true_candidate_embeddings)
            is_finite = ops.logical_and(is_finite, is_true_finite)
            better, tied = self._source.ranks_of_vectors(query_embeddings, true_candidate_embeddings[:, None])
            is_true = ops.ones_like(better, dtype="bool")
        else:
            raise no_true_candidates()
        self._add(better, tied, is_true, is_finite, sample_weight)

    def result(self) -> dict[str, Tensor]:
        """Return the weighted means since the last reset.

        Returns:
            Scalars by name, such as `recall_at_10`; 0 before any query.

        Raises:
            ArgumentError: If a compiled step received weights that are negative or not finite.
        """
        if not (self._defers_report or backend.is_symbolic(ops.convert_to_tensor(self._counts))):
            self._report()
        means = ops.divide_no_nan(ops.convert_to_tensor(self._sums), ops.convert_to_tensor(self._weight))
        return {
            self.name_format.format(metric=metric, k=k): means[row, column]
            for column, k in enumerate(self.ks)
            for row, metric in enumerate(map(metric_name, self.metrics))
        }

    def reset_state(self) -> None:
        """Reset the sums; keep the candidates."""
        for variable in (self._sums, self._weight, self._counts):
            variable.assign(ops.zeros(variable.shape))
        self._num_reported = 0

    @contextlib.contextmanager
    def reporting_once(self) -> Iterator[None]:
        """Report invalid weights and vectors once, when the context ends, instead of at each `result`."""
        was_deferred, self._defers_report = self._defers_report, True
        try:
            yield
        finally:
            self._defers_report = was_deferred
        self._report()

    def get_config(self) -> dict[str, Any]:
        return {
            "ks": list(self.ks),
            "metrics": [keras.saving.serialize_keras_object(metric) for metric in self.metrics],
            "name_format": self.name_format,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "FactorizedTopK":
        metrics = [keras.saving.deserialize_keras_object(metric) for metric in config["metrics"]]
        return cls(**{**config, "metrics": metrics})

    def save_assets(self, directory: str) -> None:
        if self._source is not None:
            self._source.save(Path(directory))

    def load_assets(self, directory: str | None) -> None:
        # Nothing is written for candidates that are not in memory, and then `directory` may be None.
        if directory is not None and (source := CandidatesInMemory.load(Path(directory))):
            self._use(source)

    def _use(self, source: CandidateSource) -> bool:
        """Switch to a source; return whether the source or its ids changed."""
        ids = source.ids
        has_same_ids = ids is self._ids or (
            ids is not None and self._ids is not None and np.array_equal(ids, self._ids)
        )
        if not has_same_ids:
            _check_no_padding(ids)
            self._ids = ids
            self._id_rows = None if ids is None else backend.IdLookup(ids)
        is_same = has_same_ids and source is self._source
        self._source, self._table = source, source.table
        return not is_same

    def _rows_of(self, true_ids: Tensor) -> tuple[Tensor, Tensor]:
        """Return which ids are true candidates, each once per query, and their rows, -1 if unknown."""
        true_ids = true_ids if len(true_ids.shape) == 2 else ops.expand_dims(true_ids, 1)
        rows = self._id_rows.rows(true_ids)
        codes = ops.reshape(backend.factorize(ops.reshape(true_ids, (-1,))), ops.shape(true_ids))
        rows = ops.where(rows < 0, _UNKNOWN + codes, rows)
        rows = ops.where(backend.is_padding(true_ids), -1, rows)
        rows = rows if true_ids.shape[1] == 1 else distinct(rows)
        return rows >= 0, ops.where(rows < _UNKNOWN, rows, -1)

    def _report(self) -> None:
        num_rows, num_skipped, num_invalid = (int(one) for one in ops.convert_to_numpy(self._counts))
        if num_invalid:
            raise ArgumentError(_weights_message(f"{num_invalid} of {num_rows} that are not"))
        if num_skipped > self._num_reported:
            self._num_reported = num_skipped
            warnings.warn(
                f"metric {self.name!r} left out {num_skipped} of {num_rows} queries, whose vectors hold NaN "
                f"or infinity; its values are means over the other {num_rows - num_skipped}.",
                stacklevel=3,
            )

    def _add(
        self, better: Tensor, tied: Tensor, is_true: Tensor, is_finite: Tensor, sample_weight: Tensor | None
    ) -> None:
        weights = ops.cast(ops.any(is_true, axis=1), "float32")
        is_invalid = ops.zeros_like(weights, dtype="bool")
        if sample_weight is not None:
            is_valid = ops.logical_and(ops.isfinite(sample_weight), sample_weight >= 0)
            is_invalid = ops.logical_not(is_valid)
            weights = weights * ops.where(is_valid, sample_weight, 0.0)
        counted = ops.logical_or(weights > 0, is_invalid)
        skipped = ops.logical_and(weights > 0, ops.logical_not(is_finite))
        counts = [ops.sum(ops.cast(rows, "float32")) for rows in (counted, skipped, is_invalid)]
        self._counts.assign_add(ops.stack(counts))
        weights = ops.where(is_finite, weights, 0.0)
        true_ranks, columns = TrueRanks(better, tied, is_true, ops), []
        for k in self.ks:
            values = ranking_metrics(true_ranks, k, self.metrics)
            columns.append(ops.stack([ops.sum(value * weights) for value in values.values()]))
        self._sums.assign_add(ops.stack(columns, axis=1))
        self._weight.assign_add(ops.sum(weights))
        self.was_updated = True


def _check(ks: Sequence[int], metrics: Sequence[str | RankingMetric]) -> None:
    if not ks or any(isinstance(k, bool) or int(k) != k or k < 1 for k in ks):
        raise ArgumentError(must("ks", "hold integers >= 1, such as (10, 100)", got=repr(ks)))
    check_metrics(metrics)


def _check_no_padding(ids: np.ndarray | None) -> None:
    padding = [] if ids is None else [one for one in ("", b"", -1) if one in set(ids.tolist())]
    if padding:
        raise ArgumentError(
            must(
                "candidate ids",
                "not contain padding",
                got=repr(padding[0]),
                fix="Give that candidate another id: -1 and empty text mean 'no candidate' in a metric",
            )
        )


def _finite_or_zero(vectors: Tensor) -> tuple[Tensor, Tensor]:
    """Replace vectors that hold NaN or infinity by zeros; also return which rows are finite, `[batch]`."""
    vectors = ops.convert_to_tensor(vectors)
    is_finite = ops.all(ops.isfinite(vectors), axis=tuple(range(1, len(vectors.shape))))
    shape = (-1, *[1] * (len(vectors.shape) - 1))
    return ops.where(ops.reshape(is_finite, shape), vectors, ops.zeros_like(vectors)), is_finite


def _check_weights(weights: np.ndarray) -> None:
    is_invalid = ~np.isfinite(weights) | (weights < 0)
    if is_invalid.any():
        row = int(is_invalid.argmax())
        raise ArgumentError(_weights_message(f"{weights[row]} in row {row}"))


def _weights_message(got: str) -> str:
    fix = "Give rows that should not count the weight 0"
    return must("sample_weight", "be finite and >= 0", got=got, fix=fix)
