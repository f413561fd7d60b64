"""Base class of all indexes: return the ids of the k highest-scoring candidates for each query."""

import warnings
from abc import abstractmethod
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Self

import keras
import numpy as np

from shortlist import backend
from shortlist.artifacts import save_whole
from shortlist.errors import ArgumentError, NotIndexedError, must
from shortlist.indexes._candidates import as_features, holds_text, tensors_hold_text, to_numpy
from shortlist.indexes._query_encoder import QueryProbe, Restored
from shortlist.search._requests import check_k
from shortlist.typing import ArrayLike, Tensor

__all__ = ["Index"]


class Index(keras.Model):
    """Return the ids of the k highest-scoring candidates for each query. Abstract.

    The query model is part of the index, so a saved or exported index takes raw features. Ties are broken by
    row order. Ids keep their dtype.

    Args:
        query_model: Model that maps features to query vectors `[batch, dim]`; None if queries are vectors.
        k: Default number of results per query.
    """

    def __init__(self, query_model: Callable[[Any], Any] | None = None, k: int = 10, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.k = check_k(k)
        self.query_model = query_model
        self.query_probe: QueryProbe | None = None
        self._unchecked: Restored | None = None

    @abstractmethod
    def index(self, candidates: ArrayLike, ids: ArrayLike | None = None) -> Self:
        """Index these candidates, replacing any previous ones.

        Args:
            candidates: `[num_candidates, dim]`.
            ids: `[num_candidates]`, unique strings, bytes or integers; row numbers if None.

        Returns:
            The index itself.
        """

    @abstractmethod
    def index_from_dataset(
        self, candidates: Iterable[Any], encoder: Callable[[Any], Any] | None = None
    ) -> Self:
        """Index the candidates of a dataset, replacing any previous ones.

        Args:
            candidates: Batches of vectors, or of `(ids, vectors)`.
            encoder: Model that maps features to vectors, if batches hold features instead of vectors.

        Returns:
            The index itself.
        """

    @abstractmethod
    def is_exact(self) -> bool:
        """Return whether results equal those of scoring every candidate; False for approximate search."""

    def call(self, queries: Any) -> Any:
        return self(queries)

    def encode_queries(self, queries: Any) -> Tensor:
        """Compute query vectors with the query model.

        Args:
            queries: Inputs of the query model, or vectors if there is no query model. Lists become arrays.
                The `prepare` method of a `QueryEncoder` is applied first.

        Returns:
            NumPy array `[batch, dim]` or `[batch, heads, dim]`, float32; while a graph is traced,
            the symbolic tensor itself.

        Raises:
            ArgumentError: If the vectors are not of rank 2 or 3 or not finite, if queries are features and
                there is no query model, or if queries are text and the backend is JAX or PyTorch, where Keras
                passes only numbers to the query model.
        """
        if self.query_model is None:
            vectors = _given_vectors(queries)
        else:
            self.check_restored()
            features = self._prepared(queries)
            vectors = self.query_model(features)
            if self.query_probe is None and not backend.is_symbolic(vectors):
                self.query_probe = QueryProbe.of(features)
        if len(vectors.shape) not in (2, 3):
            raise ArgumentError(
                must(
                    "queries",
                    "have vectors of shape [batch, dim] or [batch, heads, dim]",
                    got=tuple(vectors.shape),
                    fix="Pass a single query as a batch of one",
                )
            )
        return vectors if backend.is_symbolic(vectors) else _finite(to_numpy(vectors))

    def _prepared(self, queries: Any) -> Any:
        prepare = getattr(self.query_model, "prepare", None)
        if prepare is not None:
            return prepare(queries)
        features = as_features(queries)
        if _takes_numbers_only(self.query_model):
            for leaf in keras.tree.flatten(features):
                _check_no_text(leaf, self.query_model)
        return features

    def check_indexed(
        self, is_indexed: bool, advice: str = "Call index(vectors, ids) or index_from_dataset(dataset) first"
    ) -> None:
        """Raise NotIndexedError unless the index has candidates.

        Args:
            is_indexed: Whether the index has candidates.
            advice: Last sentence of the message, what to do about it.

        Raises:
            NotIndexedError: If `is_indexed` is False.
        """
        if not is_indexed:
            raise NotIndexedError(must(type(self).__name__, "hold candidates", got="none", fix=advice))

    def save(self, filepath: Any, *args: Any, **kwargs: Any) -> None:
        """Save like `keras.Model.save`, but atomically: an existing file is replaced only by a complete one.

        Args:
            filepath: Path ending in `.keras`.
            *args: Passed to `keras.Model.save`.
            **kwargs: Passed to `keras.Model.save`.

        Raises:
            ArgumentError: If the query model has no weights yet.
            NotIndexedError: If the index keeps its candidates in memory and has none.
        """
        self._check_whole()
        save_whole(super().save, filepath, *args, **kwargs)

    def _check_whole(self) -> None:
        if isinstance(self.query_model, keras.Layer) and not self.query_model.built:
            raise ArgumentError(
                must(
                    f"query_model {self.query_model.name!r}",
                    "have weights to save",
                    got="a model that was never called",
                    fix="Train it, or query the index once, before saving",
                )
            )

    def get_config(self) -> dict[str, Any]:
        return {
            "query_model": keras.saving.serialize_keras_object(self.query_model),
            "query_probe": None if (probe := self._probe()) is None else probe.to_config(),
            "k": self.k,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Self:
        config = dict(config)
        probe = config.pop("query_probe")
        with warnings.catch_warnings():  # Keras warns about layers without build(), which the probe builds
            warnings.filterwarnings("ignore", message="`build\\(\\)` was called on layer")
            query_model = keras.saving.deserialize_keras_object(
                config.pop("query_model"), custom_objects=custom_objects
            )
        index = cls(query_model=query_model, **config)
        if probe is not None:
            index.query_probe = QueryProbe.from_config(probe)
            index.query_probe.answer(query_model)  # creates the weights of layers without build()
        return index

    def _probe(self) -> QueryProbe | None:
        if self.query_probe is None and isinstance(self.query_model, keras.Layer) and self.query_model.built:
            return QueryProbe.of_shapes(self.query_model)
        return self.query_probe

    def save_assets(self, directory: str) -> None:
        if isinstance(self.query_model, keras.Layer):
            Restored.of(self.query_model, self._probe()).save(Path(directory))

    def load_assets(self, directory: str | None) -> None:
        # The weights of the query model are read after this, so they are checked later.
        self._unchecked = None if directory is None else Restored.load(Path(directory))

    def check_restored(self) -> None:
        """Check, once after loading, that the query model computes the same vectors as when it was saved.

        Called by `shortlist.load_model`; after `keras.saving.load_model`, the first query calls it.

        Raises:
            ArtifactError: If the weights of the query model were not restored.
        """
        if self._unchecked is not None and not backend.is_tracing():
            self._unchecked.check(self.query_model, self.query_probe)
            self._unchecked = None


def _given_vectors(queries: Any) -> Any:
    # Keep NumPy arrays: some engines search on the host.
    is_on_host = isinstance(queries, np.ndarray) and not backend.is_tracing()
    vectors = queries if is_on_host else as_features(queries)
    if isinstance(vectors, dict) or _is_text(vectors):
        raise ArgumentError(
            must(
                "queries",
                "be vectors [batch, dim] for an index without a query model",
                got="features",
                fix="Give the index a query_model, or encode the queries first",
            )
        )
    return vectors


def _finite(vectors: np.ndarray) -> np.ndarray:
    """Return C-contiguous float32 vectors, as the search libraries require."""
    with np.errstate(over="ignore"):  # overflow to infinity is refused below
        vectors = np.ascontiguousarray(vectors, "float32")
    if not np.isfinite(vectors).all():
        fix = "Look for NaN in the features, or for a diverged model"
        raise ArgumentError(must("queries", "have finite vectors", got="NaN or infinity", fix=fix))
    return vectors


def _is_text(queries: Any) -> bool:
    if isinstance(queries, np.ndarray):
        return queries.dtype.kind == "O" or holds_text(queries)
    return getattr(queries.dtype, "name", "") == "string"


def _takes_numbers_only(query_model: Any) -> bool:
    """Return whether Keras converts all inputs of the model to tensors, which cannot hold text."""
    if tensors_hold_text() or not isinstance(query_model, keras.Layer):
        return False
    is_own_call = type(query_model).__call__ is not keras.Layer.__call__
    is_functional = bool(getattr(query_model, "inputs", None))  # converts its inputs itself
    return not is_own_call and (query_model._convert_input_args or is_functional)


def _check_no_text(leaf: Any, query_model: keras.Layer) -> None:
    if isinstance(leaf, np.ndarray) and holds_text(leaf):
        raise ArgumentError(
            must(
                "queries",
                f"be numbers for the query model {query_model.name!r} ({type(query_model).__name__}) on "
                f"{keras.config.backend()}, whose tensors hold no text",
                got=f"text such as {leaf.ravel()[:1].tolist()}",
                fix="Encode ids first, with Vocabulary.rows or FeatureSpec.encode_queries, or give the query "
                "model a `prepare` method that encodes them",
            )
        )
