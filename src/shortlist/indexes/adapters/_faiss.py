"""Approximate search with Faiss."""

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

__all__ = ["Faiss", "FaissEngine"]

_FILE = "faiss.index"

_TRAINED_A_LIST = 39
"""Training vectors per list below which Faiss warns about poor clustering."""


@final
@keras.saving.register_keras_serializable(package="shortlist")
class Faiss(ApproximateIndex):
    """Search an inverted file index (IVF) with Faiss.

    Candidates are clustered into lists; a query scores the candidates of the `nprobe` lists whose centroids
    score highest. Requires `pip install 'shortlist[faiss]'`. Set the number of threads with
    `faiss.omp_set_num_threads`.

    Args:
        query_model: Model that maps raw features to query vectors `[batch, dim]`; None if queries are
            vectors.
        k: Default number of candidates to return.
        nprobe: Lists searched per query; None for exact search. `tune` picks the smallest that reaches a
            recall.
        nlist: Number of lists; `2 sqrt(num_candidates)` if None. Reduced so that each list has at least 39
            candidates on average.
        seed: Seed of the clustering.
        **options: `similarity`, `capacity` and `name`, see `StoredIndex`.

    Raises:
        MissingExtraError: If Faiss is not installed.

    Example:
        >>> import numpy as np
        >>> vectors = np.random.default_rng(0).normal(size=(1000, 8)).astype("float32")
        >>> index = Faiss(k=3, nprobe=8).index(vectors)
        >>> index.similar([7])[1].shape
        (1, 3)

    Source: Douze et al., The Faiss library, 2024.
    """

    search_budget_name = "nprobe"

    def __init__(
        self,
        query_model: Callable[[Any], Any] | None = None,
        k: int = 10,
        *,
        nprobe: int | None = 16,
        nlist: int | None = None,
        seed: int = 0,
        **options: Any,
    ) -> None:
        super().__init__(nprobe, query_model=query_model, k=k, **options)
        _faiss()
        self.nlist = None if nlist is None else check_k(nlist, "nlist")
        self.seed = seed

    @property
    def nprobe(self) -> int | None:
        """Lists searched per query; None for exact search."""
        return self.search_budget

    def _build(self, vectors: np.ndarray, search_budget: int) -> Engine:
        nlist = int(2 * len(vectors) ** 0.5) if self.nlist is None else self.nlist
        return FaissEngine.of(vectors, search_budget, nlist, self.seed)

    def _load(self, folder: Path, search_budget: int) -> Engine:
        return FaissEngine.load(folder, search_budget)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "nprobe": self.nprobe, "nlist": self.nlist, "seed": self.seed}


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

    def _nearest(self, queries: np.ndarray, k: int) -> np.ndarray:
        settings = _faiss().SearchParametersIVF(nprobe=self.search_budget)
        return self.index.search(queries, k, params=settings)[1]

    def _num_bytes_of_library(self) -> int:
        each = 4 * self.dim + 8  # vector and row number
        return each * self.num_rows + 4 * self.dim * self.max_search_budget

    def _save_library(self, folder: Path) -> None:
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
