"""`tfrs.layers.factorized_top_k`: indexes that return tensors."""

import warnings
from collections.abc import Callable, Iterable
from typing import Any, Self

import keras
import numpy as np

from shortlist import backend, indexes
from shortlist.artifacts import save_whole
from shortlist.errors import ArgumentError, must
from shortlist.ids import as_array
from shortlist.indexes._candidates import read_candidates, to_numpy
from shortlist.typing import ArrayLike, Tensor

__all__ = ["BruteForce", "Streaming", "TopK"]


class TopK(keras.Model):
    """Base class of the index layers. Abstract; `wrapped` is the Shortlist index that searches."""

    def __init__(self, wrapped: indexes.Index, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.wrapped = wrapped

    def index_from_dataset(self, candidates: Iterable[Any]) -> Self:
        """Index the candidates of a dataset.

        Args:
            candidates: Batches of vectors, or of pairs of ids and vectors.

        Returns:
            The index.
        """
        self.wrapped.index_from_dataset(candidates)
        self.built = True
        return self

    def __call__(self, queries: Any, k: int | None = None) -> tuple[Tensor, Tensor]:
        """Return the best candidates of each query.

        Args:
            queries: Inputs of the query model.
            k: Number of candidates.

        Returns:
            Tensors of scores and ids, `[batch, k]`.
        """
        return _as_tensors(*self.wrapped(queries, k))

    def query_with_exclusions(
        self, queries: Any, exclusions: ArrayLike, k: int | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return the best candidates of each query that are not excluded.

        Args:
            queries: Inputs of the query model.
            exclusions: Ids to leave out, `[batch, num_ids]`.
            k: Number of candidates.

        Returns:
            Tensors of scores and ids, `[batch, k]`.
        """
        return _as_tensors(*self.wrapped(queries, k, exclude=exclusions))

    def call(self, queries: Any) -> Any:
        return self(queries)

    def is_exact(self) -> bool:
        """Return whether every candidate is scored."""
        return self.wrapped.is_exact()

    def save(self, filepath: Any, *args: Any, **kwargs: Any) -> None:
        """Save as `keras.Model.save`; if it fails, no file is left.

        To export for a server, call `shortlist.export.saved_model(index, path)` instead of
        `tf.saved_model.save`.

        Args:
            filepath: Path that ends in `.keras`.
            *args: As in `keras.Model.save`.
            **kwargs: As in `keras.Model.save`.
        """
        save_whole(super().save, filepath, *args, **kwargs)

    def get_config(self) -> dict[str, Any]:
        config = self.wrapped.get_config()
        return {**{name: config[name] for name in ("query_model", "query_probe", "k")}, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Self:
        """Return an index without candidates.

        Args:
            config: Result of `get_config`.
            custom_objects: Classes by name, as in Keras.
        """
        wrapped = indexes.Streaming.from_config(config, custom_objects)  # of any kind: no candidates yet
        make: Any = cls  # a subclass, which makes its own `wrapped`
        index = make(query_model=wrapped.query_model, k=wrapped.k, name=config["name"])
        index.wrapped.query_probe = wrapped.query_probe
        return index


@keras.saving.register_keras_serializable(package="shortlist.tfrs")
class BruteForce(TopK):
    """`indexes.BruteForce` with the arguments of TensorFlow Recommenders.

    Args:
        query_model: Layer or function that encodes queries.
        k: Number of candidates to return.
        name: Name of the layer.

    Example:
        >>> import numpy as np
        >>> index = BruteForce(k=1).index(np.eye(2, dtype="float32"), np.array([7, 9]))
        >>> int(index(np.float32([[0, 1]]))[1][0, 0])
        9
    """

    def __init__(
        self, query_model: Callable[[Any], Any] | None = None, k: int = 10, name: str | None = None
    ) -> None:
        super().__init__(indexes.BruteForce(query_model, k), name=name)

    def index(self, candidates: Any, identifiers: Any = None) -> Self:
        """Index candidates; both arguments may be datasets, as in TFRS.

        Args:
            candidates: `[num_candidates, dim]`, or a dataset of batches of vectors.
            identifiers: `[num_candidates]`, or a dataset of ids, in batches or one by one.

        Returns:
            The index.

        Raises:
            ArgumentError: If an id has two different vectors.
        """
        vectors = read_candidates(candidates).vectors if _is_dataset(candidates) else to_numpy(candidates)
        ids = _ids_of_dataset(identifiers) if _is_dataset(identifiers) else identifiers
        self.wrapped.index(*_once(vectors, None if ids is None else as_array(to_numpy(ids))))
        self.built = True
        return self


@keras.saving.register_keras_serializable(package="shortlist.tfrs")
class Streaming(TopK):
    """`indexes.Streaming` with the arguments of TensorFlow Recommenders.

    Args:
        query_model: Layer or function that encodes queries.
        k: Number of candidates to return.
        name: Name of the layer.

    Example:
        >>> import numpy as np
        >>> index = Streaming(k=1).index_from_dataset([np.eye(2, dtype="float32")])
        >>> int(index(np.float32([[0, 1]]))[1][0, 0])
        1
    """

    def __init__(
        self, query_model: Callable[[Any], Any] | None = None, k: int = 10, name: str | None = None
    ) -> None:
        super().__init__(indexes.Streaming(query_model, k), name=name)

    def index(self, candidates: Any, identifiers: Any = None) -> Self:
        """Raise an error, as in TFRS: a streaming index takes a dataset.

        Args:
            candidates: `[num_candidates, dim]`.
            identifiers: `[num_candidates]`.

        Raises:
            ArgumentError: Always.
        """
        self.wrapped.index(candidates, identifiers)
        return self


def _is_dataset(value: Any) -> bool:
    return value is not None and not hasattr(value, "shape") and not isinstance(value, list | tuple)


def _ids_of_dataset(dataset: Iterable[Any]) -> np.ndarray:
    return np.concatenate([np.ravel(np.asarray(to_numpy(ids), dtype=object)) for ids in dataset])


def _once(vectors: np.ndarray, ids: np.ndarray | None) -> tuple[np.ndarray, np.ndarray | None]:
    """Keep each id once: two MovieLens films can share a title, which a tower maps to the same vector."""
    if ids is None:
        return vectors, None
    first = {id_: row for row, id_ in reversed(list(enumerate(ids.tolist())))}
    rows = np.array(sorted(first.values()))
    if len(rows) == len(ids):
        return vectors, ids
    for row, id_ in enumerate(ids.tolist()):
        if not np.array_equal(vectors[row], vectors[first[id_]]):
            raise ArgumentError(
                must(f"id {id_!r}", "have one vector", got=f"different ones in rows {first[id_]} and {row}")
            )
    warnings.warn(
        f"{len(ids) - len(rows)} of {len(ids)} candidates repeat an id and its vector; each is kept once.",
        stacklevel=3,
    )
    return vectors[rows], ids[rows]


def _as_tensors(scores: Any, ids: Any) -> tuple[Tensor, Tensor]:
    if backend.is_symbolic(scores):
        return scores, ids
    flat = backend.id_tensor(np.ravel(ids))
    return keras.ops.convert_to_tensor(scores), keras.ops.reshape(flat, np.shape(ids))
