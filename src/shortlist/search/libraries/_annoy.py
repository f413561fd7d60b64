"""Approximate search with Annoy."""

import dataclasses
import shutil
import tempfile
import weakref
from pathlib import Path
from typing import Any, ClassVar, Self, final

import numpy as np

from shortlist.search._engine import Engine, EngineSpec
from shortlist.search._requests import check_k
from shortlist.search.libraries._library import library
from shortlist.search.libraries._library_engine import LibraryEngine, load_vectors

__all__ = ["AnnoyEngine", "AnnoySpec"]

_FILE = "annoy.index"


@final
@dataclasses.dataclass(frozen=True)
class AnnoySpec(EngineSpec):
    """Settings of a search with Annoy; see `indexes.Annoy`.

    Raises:
        MissingExtraError: If Annoy is not installed.
    """

    search_k: int | None = 2000
    num_trees: int = 20
    seed: int = 0
    search_budget_name: ClassVar[str] = "search_k"

    def __post_init__(self) -> None:
        _annoy()
        check_k(self.num_trees, "num_trees")

    def build(self, vectors: np.ndarray) -> Engine:
        return AnnoyEngine.of(vectors, self.search_k or 1, self.num_trees, self.seed)

    def load(self, folder: Path) -> Engine:
        return AnnoyEngine.load(folder, self.search_k or 1)


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

    def nearest_rows(self, queries: np.ndarray, k: int) -> np.ndarray:
        index = self.trees.index
        least = k * index.get_n_trees()  # Annoy's own default: each tree may return the same row
        named = np.full((len(queries), k), -1, "int64")
        for line, query in zip(named, queries, strict=True):
            rows = index.get_nns_by_vector(query, k, max(self.search_budget, least))
            line[: len(rows)] = rows
        return named

    def num_library_bytes(self) -> int:
        return self.trees.file.stat().st_size

    def save_library(self, folder: Path) -> None:
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
