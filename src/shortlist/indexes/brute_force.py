"""Exact search: every candidate is scored."""

from collections.abc import Callable, Iterable
from typing import Any, Self

import keras
import numpy as np
from keras import ops

from shortlist import backend
from shortlist.errors import ArgumentError
from shortlist.features import Vocabulary
from shortlist.indexes.base import Index, check_k, pad_lists
from shortlist.indexes.candidates import check_vectors, read_candidates
from shortlist.indexes.exact_search import ExactSearch
from shortlist.typing import ArrayLike, Tensor

__all__ = ["BruteForce"]


@keras.saving.register_keras_serializable(package="shortlist")
class BruteForce(Index):
    """Scores every candidate and keeps the k best.

    Args:
        query_model: What turns features into query vectors `[batch, dim]`; None when queries are vectors.
        k: How many candidates to return when a call does not say.

    Example:
        >>> import numpy as np
        >>> index = BruteForce(k=2).index(np.eye(3, dtype="float32"), ids=["Heat", "Alien", "Up"])
        >>> scores, titles = index(np.float32([[0.1, 0.5, 0.3]]))
        >>> titles.tolist()
        [['Alien', 'Up']]
        >>> index(np.float32([[0.1, 0.5, 0.3]]), exclude=[["Alien"]])[1].tolist()
        [['Up', 'Heat']]
    """

    def __init__(self, query_model: Callable[[Any], Any] | None = None, k: int = 10, **kwargs: Any) -> None:
        super().__init__(query_model, k, **kwargs)
        self.vectors: Any = None
        self._search = ExactSearch()

    def index(self, candidates: ArrayLike, ids: ArrayLike | None = None) -> Self:
        """Take these candidates, in place of any before.

        Args:
            candidates: `[num_candidates, dim]`, finite.
            ids: `[num_candidates]`, distinct, text, bytes or integers; the row numbers when None.

        Returns:
            The index.

        Raises:
            ArgumentError: When shapes do not fit, a number is not finite or an id stands twice.
        """
        vectors = check_vectors(candidates)
        vocabulary = None if ids is None else Vocabulary(ids)
        if vocabulary is not None and len(vocabulary) != len(vectors):
            raise ArgumentError(
                f"{len(vocabulary)} ids came for {len(vectors)} candidates; expected one each."
            )
        if self.vectors is None or tuple(self.vectors.shape) != vectors.shape:
            self._make_vectors(vectors.shape)
        self.vectors.assign(vectors)
        self._ids, self._has_ids = vocabulary, vocabulary is not None
        return self

    def index_from_dataset(
        self, candidates: Iterable[Any], encoder: Callable[[Any], Any] | None = None
    ) -> Self:
        """Take the candidates of a dataset, in place of any before.

        Args:
            candidates: Batches of vectors `[n, dim]`, or of pairs of ids `[n]` and vectors, such as a
                `tf.data.Dataset`.
            encoder: What turns features, in the place of vectors, into vectors.

        Returns:
            The index.

        Raises:
            ArgumentError: As `index`, and when the dataset is empty.
        """
        return self.index(*read_candidates(candidates, encoder))

    def __call__(self, queries: Any, k: int | None = None, *, exclude: Any = None) -> tuple[Any, Any]:
        """The best candidates of each query, best first.

        Args:
            queries: What the query model takes, or vectors `[batch, dim]`.
            k: How many; the index's own k when None. No more than there are candidates come back.
            exclude: For each query the ids that must not come back: one list a query, or `[batch, num_ids]`.
                Unknown ids are ignored.

        Returns:
            Scores `[batch, k]`, float32, and ids `[batch, k]`, as NumPy arrays; where fewer than k candidates
            are left, scores of minus infinity and ids of -1 or empty text. In a graph that is being built,
            tensors of the same.

        Raises:
            NotIndexedError: Before there are candidates.
            ArgumentError: When k is below 1 or shapes do not fit.
        """
        self.check_indexed(self.vectors is not None)
        vectors = self.encode_queries(queries)
        excluded = None if exclude is None else self._rows_of_lists(exclude, vectors.shape[0])
        scores, rows = self.search(vectors, self.k if k is None else check_k(k), excluded)
        if backend.is_traced(scores):
            return scores, self._ids_in_graph(rows)
        rows = ops.convert_to_numpy(rows)
        return ops.convert_to_numpy(scores), self._ids_of_rows(rows)

    def call(self, queries: Any) -> Any:
        """The index's answer, as Keras wants it named; see `__call__`.

        Args:
            queries: As in `__call__`.

        Returns:
            As `__call__`.
        """
        return self(queries)

    def search(self, queries: Tensor, k: int, excluded: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The best rows of query vectors, on tensors alone.

        Args:
            queries: `[batch, dim]` or `[batch, heads, dim]`.
            k: How many, at least 1.
            excluded: `[batch, num_excluded]`, int32, rows that must not come back; -1 is padding.

        Returns:
            Scores, float32, and rows, int32, both `[batch, min(k, num_candidates)]`; minus infinity and -1
            where fewer candidates are allowed.
        """
        return self._search(self.vectors.value, queries, min(k, self.num_candidates), excluded)

    @property
    def num_candidates(self) -> int:
        """How many candidates there are."""
        return 0 if self.vectors is None else int(self.vectors.shape[0])

    @property
    def ids(self) -> np.ndarray:
        """`[num_candidates]`, the ids in the order of the rows."""
        return np.arange(self.num_candidates) if self._ids is None else self._ids.known_ids

    def is_exact(self) -> bool:
        """Whether the answers are those of scoring every candidate.

        Returns:
            True.
        """
        return True

    def get_build_config(self) -> dict[str, Any]:
        """The shape of the candidates, which a loaded index needs before their values.

        Returns:
            A configuration for `build_from_config`.
        """
        shape = None if self.vectors is None else list(self.vectors.shape)
        return {"vectors_shape": shape, "has_ids": self._has_ids}

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Make room for the candidates of a saved index.

        Args:
            config: What `get_build_config` returned.
        """
        if config["vectors_shape"] is not None:
            self._make_vectors(tuple(config["vectors_shape"]))
        self._has_ids = config["has_ids"]

    def _make_vectors(self, shape: tuple[int, ...]) -> None:
        self.vectors = self.add_weight(
            shape=shape, initializer="zeros", trainable=False, name="vectors", dtype="float32"
        )
        self.built = True

    def _rows_of_lists(self, lists: Any, num_queries: int) -> Tensor:
        rows = [self._rows_of_ids(ids) for ids in pad_lists(lists, num_queries)]
        longest = max(map(len, rows), default=0)
        width = 1 << (longest - 1).bit_length() if longest else 0  # few widths, as each one is compiled
        padded = np.full((num_queries, width), -1, "int32")
        for line, known in zip(padded, rows, strict=True):
            line[: len(known)] = known
        return ops.convert_to_tensor(padded)

    def _rows_of_ids(self, ids: np.ndarray) -> np.ndarray:
        if self._ids is not None:
            return self._ids.rows(ids) - 1
        return np.where((ids >= 0) & (ids < self.num_candidates), ids, -1).astype("int32")

    def _ids_in_graph(self, rows: Tensor) -> Tensor:
        """The ids of rows, after which the padding stands as one more."""
        ids = np.append(self.ids, [_padding_of(self.ids)]).astype(self.ids.dtype)
        return ops.take(backend.id_tensor(ids), ops.where(rows < 0, len(ids) - 1, rows), axis=0)

    def _ids_of_rows(self, rows: np.ndarray) -> np.ndarray:
        if self._ids is None:
            return rows.astype("int64")
        ids = self.ids
        found = ids[np.maximum(rows, 0)]
        found[rows < 0] = _padding_of(ids)
        return found


def _padding_of(ids: np.ndarray) -> Any:
    """What stands for no id: -1, or empty text of the ids' type."""
    return -1 if ids.dtype != object else type(ids[0])()
