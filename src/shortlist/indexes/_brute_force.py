"""Exact search: every candidate is scored."""

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
    """Scores every candidate and keeps the k best; equal scores are ordered by the place of the candidates.

    Args:
        query_model: What turns features into query vectors `[batch, dim]`; None when queries are vectors.
        k: How many candidates to return when a call does not say.
        similarity: `"dot"`, or `"cosine"` for the product of vectors of length 1.
        capacity: Most candidates that `upsert` takes in; None for no limit.

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
    """Vectors as one tensor, all of which every search looks at.

    Args:
        vectors: `[num_rows, dim]`, float32.
    """

    is_exact = True

    def __init__(self, vectors: np.ndarray) -> None:
        super().__init__(*vectors.shape)
        self.vectors = as_table(vectors)

    def search(self, queries: Tensor, k: int, rows: Filter) -> tuple[Any, Any]:
        """The best rows of each query; see `Engine`."""
        return exact_search(self.vectors, queries, k, rows)

    def vectors_of(self, rows: np.ndarray) -> np.ndarray:
        """The vectors of some rows; see `Engine`."""
        return backend.host_array(self.vectors)[rows]

    def num_bytes(self) -> int:
        """Bytes it takes in memory; see `Engine`."""
        return 4 * self.num_rows * self.dim

    def save(self, folder: Path) -> None:
        """Write it into files; see `Engine`."""
        save_table(self.vectors, folder / _VECTORS)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote.

        Args:
            folder: Where from.
        """
        return cls(np.load(folder / _VECTORS, mmap_mode="r"))
