"""What every index is: candidates with ids, asked for the k best of a query."""

import warnings
from abc import abstractmethod
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Self

import keras
import numpy as np

from shortlist import backend
from shortlist.artifacts import save_whole
from shortlist.errors import ArgumentError, NotIndexedError
from shortlist.indexes._candidates import as_features, holds_text, tensors_hold_text, to_numpy
from shortlist.indexes._query_probe import QueryProbe, Restored
from shortlist.typing import ArrayLike, Tensor

__all__ = ["Index", "check_k"]


class Index(keras.Model):
    """Candidates and their ids, from which a query takes its k best. Abstract.

    A query goes through the query model first, so that a saved or exported index takes raw features. Equal
    scores are ordered by the place of the candidates in the index. Ids come back as they went in.

    Args:
        query_model: What turns features into query vectors `[batch, dim]`; None when queries are vectors.
        k: How many candidates to return when a call does not say.
    """

    def __init__(self, query_model: Callable[[Any], Any] | None = None, k: int = 10, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.k = check_k(k)
        self.query_model = query_model
        self.query_probe: QueryProbe | None = None
        self._unchecked: Restored | None = None

    @abstractmethod
    def index(self, candidates: ArrayLike, ids: ArrayLike | None = None) -> Self:
        """Take these candidates, in place of any before.

        Args:
            candidates: `[num_candidates, dim]`.
            ids: `[num_candidates]`, distinct, text, bytes or integers; the row numbers when None.

        Returns:
            The index.
        """

    @abstractmethod
    def index_from_dataset(
        self, candidates: Iterable[Any], encoder: Callable[[Any], Any] | None = None
    ) -> Self:
        """Take the candidates of a dataset, in place of any before.

        Args:
            candidates: Batches of vectors, or of pairs of ids and vectors.
            encoder: What turns features, in the place of vectors, into vectors.

        Returns:
            The index.
        """

    @abstractmethod
    def is_exact(self) -> bool:
        """Whether the answers are those of scoring every candidate.

        Returns:
            False for an approximate index.
        """

    def call(self, queries: Any) -> Any:
        """The index's answer, as Keras wants it named; see `__call__`.

        Args:
            queries: As in `__call__`.

        Returns:
            As `__call__`.
        """
        return self(queries)

    def encode_queries(self, queries: Any) -> Tensor:
        """The vectors of queries.

        Args:
            queries: What the query model takes, or vectors when there is none. Lists are taken as arrays. A
                query model with a method `prepare`, such as the towers of the ready-made models, is given
                what that returns.

        Returns:
            `[batch, dim]` or `[batch, heads, dim]`, float32, a NumPy array; in a graph that is being built, a
            tensor as it came.

        Raises:
            ArgumentError: When the vectors have another rank or are not finite, features came and there is no
                query model, or text came under JAX or PyTorch to a layer that Keras gives numbers only.
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
                f"query vectors came with shape {tuple(vectors.shape)}; expected [batch, dim] or [batch, "
                "heads, dim]. One "
                "query is a batch of one."
            )
        return vectors if backend.is_symbolic(vectors) else _finite(to_numpy(vectors))

    def _prepared(self, queries: Any) -> Any:
        """What the query model is called with."""
        prepare = getattr(self.query_model, "prepare", None)
        if prepare is not None:
            return prepare(queries)
        features = as_features(queries)
        if _takes_numbers_only(self.query_model):
            for leaf in keras.tree.flatten(features):
                _check_no_text(leaf, self.query_model)
        return features

    def check_indexed(
        self, is_indexed: bool, advice: str = "call index(vectors, ids) or index_from_dataset(dataset) first"
    ) -> None:
        """Refuse a query before there are candidates.

        Args:
            is_indexed: Whether there are.
            advice: What to do where there are none.

        Raises:
            NotIndexedError: When there are none.
        """
        if not is_indexed:
            raise NotIndexedError(f"{type(self).__name__} holds no candidates yet; {advice}.")

    def save(self, filepath: Any, *args: Any, **kwargs: Any) -> None:
        """Keras' `save`, whole or not at all: an older file stays until the new one is complete.

        Args:
            filepath: Where to, ending in `.keras`.
            *args: As in `keras.Model.save`.
            **kwargs: As in `keras.Model.save`.

        Raises:
            ArgumentError: When the query model has no weights yet, so that another would be loaded.
            NotIndexedError: When an index whose candidates are in memory has none yet.
        """
        self._check_whole()
        save_whole(super().save, filepath, *args, **kwargs)

    def _check_whole(self) -> None:
        """Refuse to be saved before there is what a file of it holds."""
        if isinstance(self.query_model, keras.Layer) and not self.query_model.built:
            raise ArgumentError(
                f"the query model, {self.query_model.name}, was never called and has no weights to save; "
                "train it, or ask the index once, and save then."
            )

    def get_config(self) -> dict[str, Any]:
        """What makes the index again, without its candidates, which are saved next to it.

        Returns:
            The constructor's arguments.
        """
        return {
            "query_model": keras.saving.serialize_keras_object(self.query_model),
            "query_probe": None if (probe := self._probe()) is None else probe.to_config(),
            "k": self.k,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Self:
        """Make an index without candidates.

        Args:
            config: What `get_config` returned.
            custom_objects: Classes by name, as in Keras.

        Returns:
            An index.
        """
        config = dict(config)
        probe = config.pop("query_probe")
        with warnings.catch_warnings():  # of layers without build(), which the probe builds below
            warnings.filterwarnings("ignore", message="`build\\(\\)` was called on layer")
            query_model = keras.saving.deserialize_keras_object(
                config.pop("query_model"), custom_objects=custom_objects
            )
        index = cls(query_model=query_model, **config)
        if probe is not None:
            index.query_probe = QueryProbe.from_config(probe)
            index.query_probe.answer(query_model)  # makes the weights of layers that have no build()
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
        """Check, once after loading, that the query model answers as it did when it was saved.

        `shortlist.load_model` calls this; after `keras.saving.load_model` the first query does.

        Raises:
            ArtifactError: If its weights were not restored.
        """
        if self._unchecked is not None and not backend.is_tracing():
            self._unchecked.check(self.query_model, self.query_probe)
            self._unchecked = None


def check_k(k: Any, name: str = "k") -> int:
    """A number of things, checked.

    Args:
        k: A whole number of at least 1.
        name: What to call it in the error.

    Returns:
        The number.

    Raises:
        ArgumentError: When it is something else.
    """
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or k < 1:
        raise ArgumentError(f"{name} came as {k!r}; expected a whole number of at least 1.")
    return int(k)


def _given_vectors(queries: Any) -> Any:
    """Queries that are vectors already; an array stays one, since not every engine wants a tensor."""
    is_on_host = isinstance(queries, np.ndarray) and not backend.is_tracing()
    vectors = queries if is_on_host else as_features(queries)
    if isinstance(vectors, dict) or _is_text(vectors):
        raise ArgumentError(
            "queries came as features, and this index has no query model; expected vectors [batch, dim]: "
            "give the index a query_model, or encode the queries first."
        )
    return vectors


def _finite(vectors: np.ndarray) -> np.ndarray:
    """The same, float32, as libraries want them."""
    with np.errstate(over="ignore"):  # what float32 does not hold is infinity, and told below
        vectors = np.ascontiguousarray(vectors, "float32")
    if not np.isfinite(vectors).all():
        raise ArgumentError("query vectors hold NaN or infinity; look for NaN features, or a diverged model.")
    return vectors


def _is_text(queries: Any) -> bool:
    if isinstance(queries, np.ndarray):
        return queries.dtype.kind == "O" or holds_text(queries)
    return getattr(queries.dtype, "name", "") == "string"


def _takes_numbers_only(query_model: Any) -> bool:
    """Whether Keras makes tensors of all that it is called with, where these hold no text."""
    if tensors_hold_text() or not isinstance(query_model, keras.Layer):
        return False
    is_own_call = type(query_model).__call__ is not keras.Layer.__call__
    is_functional = bool(getattr(query_model, "inputs", None))  # which converts inputs itself
    return not is_own_call and (query_model._convert_input_args or is_functional)


def _check_no_text(leaf: Any, query_model: keras.Layer) -> None:
    if isinstance(leaf, np.ndarray) and holds_text(leaf):
        raise ArgumentError(
            f"queries came as text, such as {leaf.ravel()[:1].tolist()}, and the query model, "
            f"{query_model.name!r} ({type(query_model).__name__}), is given numbers only under "
            f"{keras.config.backend()}, whose tensors hold no text; encode ids first, with Vocabulary.rows "
            "or FeatureSpec.encode_queries, or give the query model a method `prepare` that does."
        )
