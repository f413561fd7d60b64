"""Approximate search by Annoy."""

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
    """Annoy's trees of random splits, which a query goes down together until it has seen enough candidates.

    Needs `pip install 'shortlist[annoy]'`. Annoy answers one query at a time; for batches, the other indexes
    are faster.

    Args:
        query_model: What turns features into query vectors `[batch, dim]`; None when queries are vectors.
        k: How many candidates to return when a call does not say.
        search_k: Candidates a query looks at, those of several trees counted for each, and at least k times
            the number of trees; None for exact search. `tune` chooses by the recall wanted.
        num_trees: How many.
        seed: Of the splits.
        **options: As of `StoredIndex`: `similarity`, `capacity`, `name`.

    Raises:
        MissingExtraError: When Annoy is not installed.

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
        """Candidates a query looks at; None for exact search."""
        return self.search_budget

    def _build(self, vectors: np.ndarray, search_budget: int) -> Engine:
        return AnnoyEngine.of(vectors, search_budget, self.num_trees, self.seed)

    def _load(self, folder: Path, search_budget: int) -> Engine:
        return AnnoyEngine.load(folder, search_budget)

    def get_config(self) -> dict[str, Any]:
        """What makes the index again, without its candidates, which are saved next to it.

        Returns:
            The constructor's arguments.
        """
        own = {"search_k": self.search_k, "num_trees": self.num_trees, "seed": self.seed}
        return {**super().get_config(), **own}


class _Trees:
    """Annoy's index, and the file it is mapped from, which lives as long.

    Annoy's own `save` takes the index from under running queries, to map the new file. So it is called once,
    before there are any, and what is saved later is a copy of the file.
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
        trees.index.build(num_trees, n_jobs=1)  # several threads would make other trees each time
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
    """Vectors in trees.

    Args:
        vectors: `[num_rows, dim]`, float32.
        trees: Of them.
        search_k: Candidates a query looks at.
    """

    def __init__(self, vectors: np.ndarray, trees: _Trees, search_k: int) -> None:
        super().__init__(vectors, search_k, trees.index.get_n_trees() * len(vectors))
        self.trees = trees

    @classmethod
    def of(cls, vectors: np.ndarray, search_k: int, num_trees: int, seed: int) -> Self:
        """Build trees.

        Args:
            vectors: `[num_rows, dim]`, float32.
            search_k: Candidates a query looks at.
            num_trees: How many.
            seed: Of the splits.
        """
        return cls(vectors, _Trees.of(vectors, num_trees, seed), search_k)

    def label(self) -> str:
        """What the setting is called in reports; see `Engine`."""
        return f"search_k = {self.search_budget}"

    def _nearest(self, queries: np.ndarray, k: int) -> np.ndarray:
        index = self.trees.index
        least = k * index.get_n_trees()  # as Annoy itself takes: one row may come from each tree
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
        """Read what `save` wrote.

        Args:
            folder: Where from.
            search_k: Candidates a query looks at.
        """
        vectors = load_vectors(folder)
        return cls(vectors, _Trees.copied(folder / _FILE, vectors.shape[1]), search_k)


def _annoy() -> Any:
    return library("annoy", "annoy", "indexes.Annoy")
