"""Approximate search by ScaNN."""

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
"""Candidates below which codes, which have to be learned, gain nothing over the vectors themselves."""

_MOST_TRAINED = 250_000
"""Candidates of which the partitions are learned."""


@final
@keras.saving.register_keras_serializable(package="shortlist")
class ScaNN(ApproximateIndex):
    """ScaNN's leaves of near candidates, scored by codes that keep products, the best of them then exactly.

    Needs `pip install 'shortlist[scann]'`, which there is for Linux only. ScaNN's TensorFlow operators are
    never loaded, so that any version of TensorFlow, or none, may be installed. Its codes take no seed: two
    builds of many candidates may differ a little.

    Args:
        query_model: What turns features into query vectors `[batch, dim]`; None when queries are vectors.
        k: How many candidates to return when a call does not say.
        leaves_to_search: Leaves a query looks into; None for exact search. `tune` chooses by the recall
            wanted.
        num_leaves: How many; twice the square root of the number of candidates when None.
        num_rescored: How many times k candidates are scored exactly after the codes; below 10,000 candidates
            there are no codes.
        **options: As of `StoredIndex`: `similarity`, `capacity`, `name`.

    Raises:
        MissingExtraError: When ScaNN is not installed.

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
        """Leaves a query looks into; None for exact search."""
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
        """What makes the index again, without its candidates, which are saved next to it.

        Returns:
            The constructor's arguments.
        """
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
    """Vectors in leaves.

    Args:
        vectors: `[num_rows, dim]`, float32.
        searcher: A `ScannSearcher` of them.
        num_leaves: How many leaves it has.
        leaves_to_search: Leaves a query looks into.
        num_rescored: How many times k candidates ScaNN scores exactly.
    """

    def __init__(
        self, vectors: np.ndarray, searcher: Any, num_leaves: int, leaves_to_search: int, num_rescored: int
    ) -> None:
        super().__init__(vectors, leaves_to_search, num_leaves)
        self.searcher, self.num_rescored = searcher, num_rescored

    def label(self) -> str:
        """What the setting is called in reports; see `Engine`."""
        return f"leaves = {self.search_budget}"

    def _nearest(self, queries: np.ndarray, k: int) -> np.ndarray:
        if not len(queries):
            return np.empty((0, k), "int64")
        rows, scores = self.searcher.search_batched(
            queries, k, min(k * self.num_rescored, self.num_rows), self.search_budget
        )
        return np.where(np.isnan(scores), -1, rows.astype("int64"))

    def _num_bytes_of_library(self) -> int:
        codes = self.dim // 2 if self.num_rows >= _LEAST_CODED else 0  # four bits for each two numbers, twice
        return self.num_rows * (4 * self.dim + 4 + codes) + 4 * self.dim * self.max_search_budget

    def _save_library(self, folder: Path) -> None:
        (folder / _FOLDER).mkdir()
        self.searcher.serialize(str(folder / _FOLDER), relative_path=True)
        np.save(folder / "num_leaves.npy", self.max_search_budget)

    @classmethod
    def load(cls, folder: Path, leaves_to_search: int, num_rescored: int) -> Self:
        """Read what `save` wrote.

        Args:
            folder: Where from.
            leaves_to_search: Leaves a query looks into.
            num_rescored: As in the constructor.
        """
        searcher = scann().load_searcher(str(folder / _FOLDER))
        num_leaves = int(np.load(folder / "num_leaves.npy"))
        return cls(load_vectors(folder), searcher, num_leaves, leaves_to_search, num_rescored)
