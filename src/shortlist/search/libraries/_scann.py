"""Approximate search with ScaNN."""

import dataclasses
from pathlib import Path
from typing import Any, ClassVar, Self, final

import numpy as np

from shortlist.search._engine import Engine, EngineSpec
from shortlist.search._requests import check_k
from shortlist.search.libraries._library_engine import LibraryEngine, load_vectors
from shortlist.search.libraries._scann_library import scann

__all__ = ["ScaNNEngine", "ScaNNSpec"]

_FOLDER = "scann"

_LEAST_CODED = 10_000
"""Number of candidates below which vectors are not quantized; it would not make search faster."""

_MOST_TRAINED = 250_000
"""Maximum number of candidates used to train the partitions."""


@final
@dataclasses.dataclass(frozen=True)
class ScaNNSpec(EngineSpec):
    """Settings of a search with ScaNN; see `indexes.ScaNN`.

    Raises:
        MissingExtraError: If ScaNN is not installed.
    """

    leaves_to_search: int | None = 16
    num_leaves: int | None = None
    num_rescored: int = 10
    search_budget_name: ClassVar[str] = "leaves_to_search"

    def __post_init__(self) -> None:
        scann()
        if self.num_leaves is not None:
            check_k(self.num_leaves, "num_leaves")
        check_k(self.num_rescored, "num_rescored")

    def build(self, vectors: np.ndarray) -> Engine:
        num_leaves = int(2 * len(vectors) ** 0.5) if self.num_leaves is None else self.num_leaves
        num_leaves = min(num_leaves, len(vectors))
        searcher = _searcher(vectors, num_leaves)
        return ScaNNEngine(vectors, searcher, num_leaves, self.leaves_to_search or 1, self.num_rescored)

    def load(self, folder: Path) -> Engine:
        return ScaNNEngine.load(folder, self.leaves_to_search or 1, self.num_rescored)


def _searcher(vectors: np.ndarray, num_leaves: int) -> Any:
    builder = scann().builder(vectors, 10, "dot_product")
    builder = builder.tree(num_leaves, num_leaves, training_sample_size=min(len(vectors), _MOST_TRAINED))
    if len(vectors) < _LEAST_CODED:
        return builder.score_brute_force().build()
    return builder.score_ah(2, anisotropic_quantization_threshold=0.2).reorder(100).build()


@final
class ScaNNEngine(LibraryEngine):
    """Search vectors in the leaves of ScaNN.

    Args:
        vectors: `[num_rows, dim]`, float32.
        searcher: `ScannSearcher` built from `vectors`.
        num_leaves: Number of leaves of `searcher`.
        leaves_to_search: Leaves searched per query.
        num_rescored: Multiple of k of candidates that are rescored exactly.
    """

    def __init__(
        self, vectors: np.ndarray, searcher: Any, num_leaves: int, leaves_to_search: int, num_rescored: int
    ) -> None:
        super().__init__(vectors, leaves_to_search, num_leaves)
        self.searcher, self.num_rescored = searcher, num_rescored

    def label(self) -> str:
        return f"leaves = {self.search_budget}"

    def nearest_rows(self, queries: np.ndarray, k: int) -> np.ndarray:
        if not len(queries):
            return np.empty((0, k), "int64")
        rows, scores = self.searcher.search_batched(
            queries, k, min(k * self.num_rescored, self.num_rows), self.search_budget
        )
        return np.where(np.isnan(scores), -1, rows.astype("int64"))

    def num_library_bytes(self) -> int:
        codes = self.dim // 2 if self.num_rows >= _LEAST_CODED else 0  # 4 bits per 2 dimensions, stored twice
        return self.num_rows * (4 * self.dim + 4 + codes) + 4 * self.dim * self.max_search_budget

    def save_library(self, folder: Path) -> None:
        (folder / _FOLDER).mkdir()
        self.searcher.serialize(str(folder / _FOLDER), relative_path=True)
        np.save(folder / "num_leaves.npy", self.max_search_budget)

    @classmethod
    def load(cls, folder: Path, leaves_to_search: int, num_rescored: int) -> Self:
        """Load an engine written by `save`.

        Args:
            folder: Folder given to `save`.
            leaves_to_search: Leaves searched per query.
            num_rescored: See the constructor.
        """
        searcher = scann().load_searcher(str(folder / _FOLDER))
        num_leaves = int(np.load(folder / "num_leaves.npy"))
        return cls(load_vectors(folder), searcher, num_leaves, leaves_to_search, num_rescored)
