"""Exact search over candidates that are read again for every call, and never all in memory."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Self

import keras
import numpy as np
from keras import ops

from shortlist import backend
from shortlist.errors import ArgumentError
from shortlist.features import Vocabulary
from shortlist.indexes._attributes import Attributes, Where
from shortlist.indexes._base import Index, check_k
from shortlist.indexes._candidates import check_vectors, iterate_candidates
from shortlist.indexes._requests import IdLists, id_lists
from shortlist.indexes._row_filter import are_wanted
from shortlist.ops import pairwise_scores
from shortlist.typing import ArrayLike, Tensor

__all__ = ["Streaming"]

_ADVICE = "call index_from_dataset(batches) first, also after loading: a file holds the query model alone"


@keras.saving.register_keras_serializable(package="shortlist")
class Streaming(Index):
    """Keeps the k best while the candidates stream past, a batch at a time.

    The candidates are a dataset, read once for each call, so memory holds one batch of them. A saved
    `Streaming` index holds the query model; the dataset is given again after loading.

    Args:
        query_model: What turns features into query vectors `[batch, dim]`; None when queries are vectors.
        k: How many candidates to return when a call does not say.

    Example:
        >>> import numpy as np
        >>> batches = [(["Heat", "Alien"], np.float32([[1, 0], [0, 1]])), (["Up"], np.float32([[1, 1]]))]
        >>> index = Streaming(k=2).index_from_dataset(batches)
        >>> index(np.float32([[1, 2]]))[1].tolist()
        [['Up', 'Alien']]
    """

    def __init__(self, query_model: Callable[[Any], Any] | None = None, k: int = 10, **kwargs: Any) -> None:
        super().__init__(query_model, k, **kwargs)
        self._source: tuple[Iterable[Any], Callable[[Any], Any] | None] | None = None

    def index(self, candidates: ArrayLike, ids: ArrayLike | None = None) -> Self:
        """Refused: what is in memory already needs no streaming.

        Args:
            candidates: `[num_candidates, dim]`.
            ids: `[num_candidates]`.

        Raises:
            ArgumentError: Always.
        """
        raise ArgumentError(
            "Streaming takes candidates from a dataset: call index_from_dataset(batches). For candidates "
            "in memory use BruteForce."
        )

    def index_from_dataset(
        self, candidates: Iterable[Any], encoder: Callable[[Any], Any] | None = None
    ) -> Self:
        """Take the candidates of a dataset, in place of any before; nothing is read yet.

        Args:
            candidates: Batches of vectors `[n, dim]`; or of ids `[n]` and vectors; or of ids, vectors and a
                dict of attributes, `[n]` each. Read once a call, so not a generator that ends.
            encoder: What turns features, in the place of vectors, into vectors.

        Returns:
            The index.

        Raises:
            ArgumentError: For an iterator, which could be read only once.
        """
        if iter(candidates) is candidates:
            raise ArgumentError(
                f"the candidates came as {type(candidates).__name__}, which can be read only once; "
                "expected a dataset that every "
                "call can read from its start, such as a tf.data.Dataset or a list."
            )
        self._source = (candidates, encoder)
        self.built = True
        return self

    def batches(self) -> Iterable[tuple[np.ndarray, np.ndarray]]:
        """Ids and vectors of all candidates, a batch at a time.

        Yields:
            Ids `[n]`, row numbers where the dataset has none, and checked vectors `[n, dim]`.

        Raises:
            NotIndexedError: Before there are candidates.
        """
        return ((ids, vectors) for vectors, ids, _ in self._candidates())

    def _candidates(self) -> Iterator[tuple[np.ndarray, np.ndarray, Mapping[str, Any]]]:
        self.check_indexed(self._source is not None, _ADVICE)
        assert self._source is not None
        start = 0
        for vectors, ids, columns in iterate_candidates(*self._source):
            known = np.arange(start, start + len(vectors)) if ids is None else ids
            yield check_vectors(vectors), known, columns or {}
            start += len(vectors)

    def __call__(
        self,
        queries: Any,
        k: int | None = None,
        *,
        exclude: IdLists = None,
        allow: IdLists = None,
        where: Where | Sequence[Where] | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """The best candidates of each query, best first.

        Args:
            queries: What the query model takes, or vectors `[batch, dim]`.
            k: How many; the index's own k when None. No more than there are candidates come back.
            exclude: Ids that must not come back: one list for all queries, or one a query, such as
                `[batch, num_ids]`.
            allow: The only ids that may come back, given alike.
            where: Attributes, and the value each must have, or a list of values one of which will do: a dict
                for all queries, or a list with one a query.

        Returns:
            Scores `[batch, k]`, float32, and ids `[batch, k]`, as NumPy arrays; where fewer than k candidates
            are left, scores of minus infinity and ids of -1 or empty text.

        Raises:
            NotIndexedError: Before there are candidates.
            ArgumentError: When k is below 1, shapes do not fit, or an attribute that is asked for is unknown
                to a batch, or has a value, in any batch, of another kind than one that is asked for.
        """
        self.check_indexed(self._source is not None, _ADVICE)
        vectors = ops.convert_to_tensor(self.encode_queries(queries))
        allowed = _Allowed(
            id_lists([] if exclude is None else exclude, len(vectors), "exclude"),
            None if allow is None else id_lists(allow, len(vectors), "allow"),
            where,
        )
        return self._search(vectors, self.k if k is None else check_k(k), allowed)

    def _search(self, queries: Tensor, k: int, allowed: "_Allowed") -> tuple[np.ndarray, np.ndarray]:
        best_scores, best_ids = None, None
        for vectors, ids, columns in self._candidates():
            scores = ops.convert_to_numpy(pairwise_scores(queries, ops.convert_to_tensor(vectors)))
            scores = allowed.scores(scores, ids, columns)
            every_id = np.broadcast_to(ids, scores.shape)
            if (
                best_scores is not None and best_ids is not None
            ):  # earlier candidates stand first, and win ties
                scores = np.concatenate([best_scores, scores], axis=1)
                every_id = np.concatenate([best_ids, every_id], axis=1)
            best_scores, best_ids = _best(scores, every_id, k)
            padding = -1 if ids.dtype != object else type(ids[0])()
        if best_scores is None or best_ids is None:
            raise ArgumentError("the dataset of candidates holds none; expected at least one batch.")
        return best_scores, np.where(np.isneginf(best_scores), padding, best_ids)

    def __repr__(self) -> str:
        if self._source is None:
            return f"{type(self).__name__}(no candidates yet)"
        return f"{type(self).__name__}(candidates read again for each call)"

    def is_exact(self) -> bool:
        """Whether the answers are those of scoring every candidate.

        Returns:
            True.
        """
        return True


def _best(scores: np.ndarray, ids: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    values, columns = backend.top_k(ops.convert_to_tensor(scores), min(k, scores.shape[1]))
    columns = ops.convert_to_numpy(columns)
    return ops.convert_to_numpy(values), np.take_along_axis(ids, columns, axis=1)


class _Allowed(NamedTuple):
    """What may come back; one list of ids a query."""

    exclude: list[np.ndarray]
    allow: list[np.ndarray] | None
    where: Where | Sequence[Where] | None

    def scores(self, scores: np.ndarray, ids: np.ndarray, columns: Mapping[str, Any]) -> np.ndarray:
        """The scores of a batch of candidates, with minus infinity for what may not come back."""
        is_listed = self.allow is not None or any(map(len, self.exclude))
        if is_listed:
            scores = np.where(self._are_allowed(ids), scores, -np.inf)
        return scores if self.where is None else np.where(self._are_wanted(ids, columns), scores, -np.inf)

    def _are_allowed(self, ids: np.ndarray) -> np.ndarray:
        """`[num_queries, num_ids]`, bool."""
        known = Vocabulary.from_values(ids)
        are_allowed = ~_are_listed(known, ids, self.exclude)
        return are_allowed if self.allow is None else are_allowed & _are_listed(known, ids, self.allow)

    def _are_wanted(self, ids: np.ndarray, columns: Mapping[str, Any]) -> np.ndarray:
        """`[num_queries or 1, num_ids]`, bool."""
        asked_for: Where | Sequence[Where] = self.where or {}
        wheres = [asked_for] if isinstance(asked_for, Mapping) else asked_for
        names = {name for where in wheres if isinstance(where, Mapping) for name in where}
        # Others are not looked at, so that whether they hold values of several kinds depends on no batch.
        seen = {name: of if name in names else [None] * len(ids) for name, of in columns.items()}
        attributes, bits = Attributes().joined(seen, len(ids))
        wanted = attributes.wanted_of_each(asked_for, len(self.exclude))
        return ops.convert_to_numpy(are_wanted(bits[None], wanted[:, None]))


def _are_listed(known: Vocabulary, ids: np.ndarray, lists: list[np.ndarray]) -> np.ndarray:
    """`[num_queries, num_ids]`, bool."""
    rows = known.rows(ids)
    listed = [np.isin(rows, known.rows(some)) for some in lists]
    return np.stack(listed) if listed else np.empty((0, len(ids)), "bool")
