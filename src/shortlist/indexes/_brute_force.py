"""Exact search over candidates in memory."""

from pathlib import Path
from typing import Any, Self, final

import keras
import numpy as np

from shortlist import backend
from shortlist.indexes._engine import Engine
from shortlist.indexes._exact_search import exact_search
from shortlist.indexes._row_filter import Filter
from shortlist.indexes._stored import StoredIndex
from shortlist.indexes._tables import as_table, save_table
from shortlist.typing import Tensor

__all__ = ["BruteForce", "ExactEngine"]

_VECTORS = "vectors.npy"


@final
@keras.saving.register_keras_serializable(package="shortlist")
class BruteForce(StoredIndex):
    """Index that scores every candidate and returns the top k; ties are broken by row order.

    Args:
        query_model: Model that maps features to query vectors `[batch, dim]`; None if queries are vectors.
        k: Default number of results per query.
        similarity: `"dot"`, or `"cosine"` to normalize all vectors to length 1.
        capacity: Maximum number of candidates; None for no limit.

    Example:
        >>> import numpy as np
        >>> index = BruteForce(k=2).index(np.eye(3, dtype="float32"), ids=["Heat", "Alien", "Up"])
        >>> scores, titles = index(np.float32([[0.1, 0.5, 0.3]]))
        >>> titles.tolist()
        [['Alien', 'Up']]
        >>> index(np.float32([[0.1, 0.5, 0.3]]), exclude=[["Alien"]])[1].tolist()
        [['Up', 'Heat']]
        >>> _ = index.upsert(["Brazil"], np.float32([[0, 9, 9]]))
        >>> index(np.float32([[0.1, 0.5, 0.3]]))[1].tolist()
        [['Brazil', 'Alien']]
    """

    def _make_engine(self, vectors: np.ndarray) -> Engine:
        return ExactEngine(vectors)

    def _load_engine(self, folder: Path) -> Engine:
        return ExactEngine.load(folder)


@final
class ExactEngine(Engine):
    """Engine that scores every row, with all vectors in one tensor.

    Args:
        vectors: `[num_rows, dim]`, float32.
    """

    is_exact = True

    def __init__(self, vectors: np.ndarray) -> None:
        super().__init__(*vectors.shape)
        self.vectors = as_table(vectors)

    def search(self, queries: Tensor, k: int, rows: Filter) -> tuple[Any, Any]:
        return exact_search(self.vectors, queries, k, rows)

    def vectors_of(self, rows: np.ndarray) -> np.ndarray:
        return backend.host_array(self.vectors)[rows]

    def num_bytes(self) -> int:
        return 4 * self.num_rows * self.dim

    def save(self, folder: Path) -> None:
        save_table(self.vectors, folder / _VECTORS)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Load the files that `save` wrote.

        Args:
            folder: Folder passed to `save`.
        """
        return cls(np.load(folder / _VECTORS, mmap_mode="r"))
