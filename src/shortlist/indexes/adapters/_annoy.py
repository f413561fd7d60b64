"""Approximate search with Annoy."""

import shutil
import tempfile
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self, final

import keras
import numpy as np

from shortlist.indexes._approximate import ApproximateIndex
from shortlist.indexes._base import check_k
from shortlist.indexes._engine import Engine
from shortlist.indexes.adapters._library import library
from shortlist.indexes.adapters._library_engine import LibraryEngine, load_vectors

__all__ = ["Annoy", "AnnoyEngine"]

_FILE = "annoy.index"


@final
@keras.saving.register_keras_serializable(package="shortlist")
class Annoy(ApproximateIndex):
    """Search a forest of random projection trees with Annoy.

    Requires `pip install 'shortlist[annoy]'`. Annoy answers one query at a time; the other indexes are
    faster on batches.

    Args:
        query_model: Model that maps raw features to query vectors `[batch, dim]`; None if queries are
            vectors.
        k: Default number of candidates to return.
        search_k: Candidates inspected per query, counted once per tree and raised to at least
            `k * num_trees`; None for exact search. `tune` picks the smallest that reaches a recall.
        num_trees: Number of trees.
        seed: Seed of the random splits.
        **options: `similarity`, `capacity` and `name`, see `StoredIndex`.

    Raises:
        MissingExtraError: If Annoy is not installed.

    Example:
        >>> import numpy as np
        >>> vectors = np.random.default_rng(0).normal(size=(1000, 8)).astype("float32")
        >>> index = Annoy(k=3, num_trees=4).index(vectors)
        >>> index.similar([7])[1].shape
        (1, 3)

    Source: Bernhardsson, https://github.com/spotify/annoy
    """

    search_budget_name = "search_k"

    def __init__(
        self,
        query_model: Callable[[Any], Any] | None = None,
        k: int = 10,
        *,
        search_k: int | None = 2000,
        num_trees: int = 20,
        seed: int = 0,
        **options: Any,
    ) -> None:
        super().__init__(search_k, query_model=query_model, k=k, **options)
        _annoy()
        self.num_trees, self.seed = check_k(num_trees, "num_trees"), seed

    @property
    def search_k(self) -> int | None:
        """Candidates inspected per query; None for exact search."""
        return self.search_budget

    def _build(self, vectors: np.ndarray, search_budget: int) -> Engine:
        return AnnoyEngine.of(vectors, search_budget, self.num_trees, self.seed)

    def _load(self, folder: Path, search_budget: int) -> Engine:
        return AnnoyEngine.load(folder, search_budget)

    def get_config(self) -> dict[str, Any]:
        own = {"search_k": self.search_k, "num_trees": self.num_trees, "seed": self.seed}
        return {**super().get_config(), **own}


class _Trees:
    """Annoy index together with the temporary file it is memory-mapped from.

    Annoy's `save` unmaps the index and maps the new file, which breaks running queries. It is therefore
    called once, before any query; later saves copy the file.
    """

    def __init__(self, dim: int) -> None:
        self.index = _annoy().AnnoyIndex(dim, "dot")
        self._folder = Path(tempfile.mkdtemp())
        self.file = self._folder / _FILE
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)

    @classmethod
    def of(cls, vectors: np.ndarray, num_trees: int, seed: int) -> Self:
        trees = cls(vectors.shape[1])
        trees.index.set_seed(seed)
        for row, vector in enumerate(vectors):
            trees.index.add_item(row, vector)
        trees.index.build(num_trees, n_jobs=1)  # several threads make the trees nondeterministic
        trees.index.save(str(trees.file))
        return trees

    @classmethod
    def copied(cls, file: Path, dim: int) -> Self:
        trees = cls(dim)
        shutil.copyfile(file, trees.file)
        trees.index.load(str(trees.file))
        return trees


@final
class AnnoyEngine(LibraryEngine):
    """Search vectors in an Annoy forest.

    Args:
        vectors: `[num_rows, dim]`, float32.
        trees: Forest built from `vectors`.
        search_k: Candidates inspected per query.
    """

    def __init__(self, vectors: np.ndarray, trees: _Trees, search_k: int) -> None:
        super().__init__(vectors, search_k, trees.index.get_n_trees() * len(vectors))
        self.trees = trees

    @classmethod
    def of(cls, vectors: np.ndarray, search_k: int, num_trees: int, seed: int) -> Self:
        """Build the trees.

        Args:
            vectors: `[num_rows, dim]`, float32.
            search_k: Candidates inspected per query.
            num_trees: Number of trees.
            seed: Seed of the random splits.
        """
        return cls(vectors, _Trees.of(vectors, num_trees, seed), search_k)

    def label(self) -> str:
        return f"search_k = {self.search_budget}"

    def _nearest(self, queries: np.ndarray, k: int) -> np.ndarray:
        index = self.trees.index
        least = k * index.get_n_trees()  # Annoy's own default: each tree may return the same row
        named = np.full((len(queries), k), -1, "int64")
        for line, query in zip(named, queries, strict=True):
            rows = index.get_nns_by_vector(query, k, max(self.search_budget, least))
            line[: len(rows)] = rows
        return named

    def _num_bytes_of_library(self) -> int:
        return self.trees.file.stat().st_size

    def _save_library(self, folder: Path) -> None:
        shutil.copyfile(self.trees.file, folder / _FILE)

    @classmethod
    def load(cls, folder: Path, search_k: int) -> Self:
        """Load an engine written by `save`.

        Args:
            folder: Folder given to `save`.
            search_k: Candidates inspected per query.
        """
        vectors = load_vectors(folder)
        return cls(vectors, _Trees.copied(folder / _FILE, vectors.shape[1]), search_k)


def _annoy() -> Any:
    return library("annoy", "annoy", "indexes.Annoy")
