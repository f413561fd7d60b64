"""Approximate search with ScaNN."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Self, final

import keras
import numpy as np

from shortlist.indexes._approximate import ApproximateIndex
from shortlist.indexes._base import check_k
from shortlist.indexes._engine import Engine
from shortlist.indexes.adapters._library_engine import LibraryEngine, load_vectors
from shortlist.indexes.adapters._scann_library import scann

__all__ = ["ScaNN", "ScaNNEngine"]

_FOLDER = "scann"

_LEAST_CODED = 10_000
"""Number of candidates below which vectors are not quantized; it would not make search faster."""

_MOST_TRAINED = 250_000
"""Maximum number of candidates used to train the partitions."""


@final
@keras.saving.register_keras_serializable(package="shortlist")
class ScaNN(ApproximateIndex):
    """Search partitions of quantized vectors with ScaNN, and rescore the best exactly.

    Requires `pip install 'shortlist[scann]'` (Linux only). ScaNN's TensorFlow operators are never loaded, so
    it works with any version of TensorFlow, or none. Quantization takes no seed: from 10,000 candidates on,
    two builds may differ slightly.

    Args:
        query_model: Model that maps raw features to query vectors `[batch, dim]`; None if queries are
            vectors.
        k: Default number of candidates to return.
        leaves_to_search: Leaves searched per query; None for exact search. `tune` picks the smallest that
            reaches a recall.
        num_leaves: Number of leaves; `2 sqrt(num_candidates)` if None.
        num_rescored: Rescore the best `num_rescored * k` candidates exactly. Ignored below 10,000 candidates,
            which are not quantized.
        **options: `similarity`, `capacity` and `name`, see `StoredIndex`.

    Raises:
        MissingExtraError: If ScaNN is not installed.

    Example:
        >>> import numpy as np
        >>> vectors = np.random.default_rng(0).normal(size=(1000, 8)).astype("float32")
        >>> index = ScaNN(k=3).index(vectors)
        >>> index.similar([7])[1].shape
        (1, 3)

    Source: Guo et al., Accelerating Large-Scale Inference with Anisotropic Vector Quantization, 2020.
    """

    search_budget_name = "leaves_to_search"

    def __init__(
        self,
        query_model: Callable[[Any], Any] | None = None,
        k: int = 10,
        *,
        leaves_to_search: int | None = 16,
        num_leaves: int | None = None,
        num_rescored: int = 10,
        **options: Any,
    ) -> None:
        super().__init__(leaves_to_search, query_model=query_model, k=k, **options)
        scann()
        self.num_leaves = None if num_leaves is None else check_k(num_leaves, "num_leaves")
        self.num_rescored = check_k(num_rescored, "num_rescored")

    @property
    def leaves_to_search(self) -> int | None:
        """Leaves searched per query; None for exact search."""
        return self.search_budget

    def _build(self, vectors: np.ndarray, search_budget: int) -> Engine:
        num_leaves = int(2 * len(vectors) ** 0.5) if self.num_leaves is None else self.num_leaves
        num_leaves = min(num_leaves, len(vectors))
        return ScaNNEngine(
            vectors, _searcher(vectors, num_leaves), num_leaves, search_budget, self.num_rescored
        )

    def _load(self, folder: Path, search_budget: int) -> Engine:
        return ScaNNEngine.load(folder, search_budget, self.num_rescored)

    def get_config(self) -> dict[str, Any]:
        own = {
            "leaves_to_search": self.leaves_to_search,
            "num_leaves": self.num_leaves,
            "num_rescored": self.num_rescored,
        }
        return {**super().get_config(), **own}


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

    def _nearest(self, queries: np.ndarray, k: int) -> np.ndarray:
        if not len(queries):
            return np.empty((0, k), "int64")
        rows, scores = self.searcher.search_batched(
            queries, k, min(k * self.num_rescored, self.num_rows), self.search_budget
        )
        return np.where(np.isnan(scores), -1, rows.astype("int64"))

    def _num_bytes_of_library(self) -> int:
        codes = self.dim // 2 if self.num_rows >= _LEAST_CODED else 0  # 4 bits per 2 dimensions, stored twice
        return self.num_rows * (4 * self.dim + 4 + codes) + 4 * self.dim * self.max_search_budget

    def _save_library(self, folder: Path) -> None:
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
