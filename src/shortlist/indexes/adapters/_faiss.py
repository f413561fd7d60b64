"""Approximate search by faiss."""

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
"""Vectors for each list below which faiss warns that its clustering is poor."""


@final
@keras.saving.register_keras_serializable(package="shortlist")
class Faiss(ApproximateIndex):
    """Inverted lists of faiss: the candidates of the lists whose centroids score highest are scored.

    Needs `pip install 'shortlist[faiss]'`. Threads are faiss' own: `faiss.omp_set_num_threads`.

    Args:
        query_model: What turns features into query vectors `[batch, dim]`; None when queries are vectors.
        k: How many candidates to return when a call does not say.
        nprobe: Lists a query looks into; None for exact search. `tune` chooses by the recall wanted.
        nlist: How many lists; twice the square root of the number of candidates when None, and no more than
            leave 39 candidates for each.
        seed: Of the clustering.
        **options: As of `StoredIndex`: `similarity`, `capacity`, `name`.

    Raises:
        MissingExtraError: When faiss is not installed.

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
        """Lists a query looks into; None for exact search."""
        return self.search_budget

    def _build(self, vectors: np.ndarray, search_budget: int) -> Engine:
        nlist = int(2 * len(vectors) ** 0.5) if self.nlist is None else self.nlist
        return FaissEngine.of(vectors, search_budget, nlist, self.seed)

    def _load(self, folder: Path, search_budget: int) -> Engine:
        return FaissEngine.load(folder, search_budget)

    def get_config(self) -> dict[str, Any]:
        """What makes the index again, without its candidates, which are saved next to it.

        Returns:
            The constructor's arguments.
        """
        return {**super().get_config(), "nprobe": self.nprobe, "nlist": self.nlist, "seed": self.seed}


@final
class FaissEngine(LibraryEngine):
    """Vectors in inverted lists.

    Args:
        vectors: `[num_rows, dim]`, float32.
        index: A `faiss.IndexIVFFlat` of them.
        nprobe: Lists a query looks into.
    """

    def __init__(self, vectors: np.ndarray, index: Any, nprobe: int) -> None:
        super().__init__(vectors, nprobe, index.nlist)
        self.index = index

    @classmethod
    def of(cls, vectors: np.ndarray, nprobe: int, nlist: int, seed: int) -> Self:
        """Cluster vectors.

        Args:
            vectors: `[num_rows, dim]`, float32.
            nprobe: Lists a query looks into.
            nlist: Most lists.
            seed: Of the clustering.
        """
        faiss, (num_rows, dim) = _faiss(), vectors.shape
        nlist = max(1, min(nlist, num_rows // _TRAINED_A_LIST))
        index = faiss.IndexIVFFlat(faiss.IndexFlatIP(dim), dim, nlist, faiss.METRIC_INNER_PRODUCT)
        index.cp.seed = seed
        index.train(vectors)
        index.add(vectors)
        return cls(vectors, index, nprobe)

    def label(self) -> str:
        """What the setting is called in reports; see `Engine`."""
        return f"nprobe = {self.search_budget}"

    def _nearest(self, queries: np.ndarray, k: int) -> np.ndarray:
        settings = _faiss().SearchParametersIVF(nprobe=self.search_budget)
        return self.index.search(queries, k, params=settings)[1]

    def _num_bytes_of_library(self) -> int:
        each = 4 * self.dim + 8  # a vector, and its row
        return each * self.num_rows + 4 * self.dim * self.max_search_budget

    def _save_library(self, folder: Path) -> None:
        _faiss().write_index(self.index, str(folder / _FILE))

    @classmethod
    def load(cls, folder: Path, nprobe: int) -> Self:
        """Read what `save` wrote.

        Args:
            folder: Where from.
            nprobe: Lists a query looks into.
        """
        return cls(load_vectors(folder), _faiss().read_index(str(folder / _FILE)), nprobe)


def _faiss() -> Any:
    return library("faiss", "faiss", "indexes.Faiss")
