"""Approximate search with Faiss."""

import dataclasses
from pathlib import Path
from typing import Any, ClassVar, Self, final

import numpy as np

from shortlist.search._engine import Engine, EngineSpec
from shortlist.search._requests import check_k
from shortlist.search.libraries._library import library
from shortlist.search.libraries._library_engine import LibraryEngine, load_vectors

__all__ = ["FaissEngine", "FaissSpec"]

_FILE = "faiss.index"

_TRAINED_A_LIST = 39
"""Training vectors per list below which Faiss warns about poor clustering."""


@final
@dataclasses.dataclass(frozen=True)
class FaissSpec(EngineSpec):
    """Settings of a search with Faiss; see `indexes.Faiss`.

    Raises:
        MissingExtraError: If Faiss is not installed.
    """

    nprobe: int | None = 16
    nlist: int | None = None
    seed: int = 0
    search_budget_name: ClassVar[str] = "nprobe"

    def __post_init__(self) -> None:
        _faiss()
        if self.nlist is not None:
            check_k(self.nlist, "nlist")

    def build(self, vectors: np.ndarray) -> Engine:
        nlist = int(2 * len(vectors) ** 0.5) if self.nlist is None else self.nlist
        return FaissEngine.of(vectors, self.nprobe or 1, nlist, self.seed)

    def load(self, folder: Path) -> Engine:
        return FaissEngine.load(folder, self.nprobe or 1)


@final
class FaissEngine(LibraryEngine):
    """Search vectors in the inverted lists of Faiss.

    Args:
        vectors: `[num_rows, dim]`, float32.
        index: `faiss.IndexIVFFlat` built from `vectors`.
        nprobe: Lists searched per query.
    """

    def __init__(self, vectors: np.ndarray, index: Any, nprobe: int) -> None:
        super().__init__(vectors, nprobe, index.nlist)
        self.index = index

    @classmethod
    def of(cls, vectors: np.ndarray, nprobe: int, nlist: int, seed: int) -> Self:
        """Cluster vectors into lists.

        Args:
            vectors: `[num_rows, dim]`, float32.
            nprobe: Lists searched per query.
            nlist: Maximum number of lists.
            seed: Seed of the clustering.
        """
        faiss, (num_rows, dim) = _faiss(), vectors.shape
        nlist = max(1, min(nlist, num_rows // _TRAINED_A_LIST))
        index = faiss.IndexIVFFlat(faiss.IndexFlatIP(dim), dim, nlist, faiss.METRIC_INNER_PRODUCT)
        index.cp.seed = seed
        index.train(vectors)
        index.add(vectors)
        return cls(vectors, index, nprobe)

    def label(self) -> str:
        return f"nprobe = {self.search_budget}"

    def nearest_rows(self, queries: np.ndarray, k: int) -> np.ndarray:
        settings = _faiss().SearchParametersIVF(nprobe=self.search_budget)
        return self.index.search(queries, k, params=settings)[1]

    def num_library_bytes(self) -> int:
        each = 4 * self.dim + 8  # vector and row number
        return each * self.num_rows + 4 * self.dim * self.max_search_budget

    def save_library(self, folder: Path) -> None:
        _faiss().write_index(self.index, str(folder / _FILE))

    @classmethod
    def load(cls, folder: Path, nprobe: int) -> Self:
        """Load an engine written by `save`.

        Args:
            folder: Folder given to `save`.
            nprobe: Lists searched per query.
        """
        return cls(load_vectors(folder), _faiss().read_index(str(folder / _FILE)), nprobe)


def _faiss() -> Any:
    return library("faiss", "faiss", "indexes.Faiss")
