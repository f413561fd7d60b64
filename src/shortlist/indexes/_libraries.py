"""Approximate indexes backed by optional libraries."""

from collections.abc import Callable
from typing import Any, final

import keras

from shortlist.indexes._stored import StoredIndex
from shortlist.search.libraries import AnnoySpec, FaissSpec, ScaNNSpec, USearchSpec

__all__ = ["Annoy", "Faiss", "ScaNN", "USearch"]


@final
@keras.saving.register_keras_serializable(package="shortlist")
class Annoy(StoredIndex):
    """Search a forest of random projection trees with Annoy.

    Requires `pip install 'shortlist[annoy]'`. Annoy answers one query at a time; the other indexes are
    faster on batches.

    Args:
        query_model: Model that maps features to query vectors `[batch, dim]`; None if queries are vectors.
        k: Default number of results per query.
        search_k: Candidates inspected per query, counted once per tree and raised to at least
            `k * num_trees`; None for exact search. `tune` picks the smallest that reaches a recall.
        num_trees: Number of trees.
        seed: Seed of the random splits.
        **options: `similarity`, `capacity` and `name`, see `StoredIndex`.

    Raises:
        MissingExtraError: If Annoy is not installed.

    Example:
        >>> import numpy as np
        >>> vectors = np.random.default_rng(0).normal(size=(1000, 8)).astype("float32")
        >>> index = Annoy(k=3, num_trees=4).index(vectors)
        >>> index.similar([7])[1].shape
        (1, 3)

    Reference: Bernhardsson, https://github.com/spotify/annoy
    """

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
        spec = AnnoySpec(search_k, num_trees, seed)
        super().__init__(spec, query_model, k, **options)

    @property
    def search_k(self) -> int | None:
        """Candidates inspected per query; None for exact search."""
        return self.search_budget


@final
@keras.saving.register_keras_serializable(package="shortlist")
class Faiss(StoredIndex):
    """Search an inverted file index (IVF) with Faiss.

    Candidates are clustered into lists; a query scores the candidates of the `nprobe` lists whose centroids
    score highest. Requires `pip install 'shortlist[faiss]'`. Set the number of threads with
    `faiss.omp_set_num_threads`.

    Args:
        query_model: Model that maps features to query vectors `[batch, dim]`; None if queries are vectors.
        k: Default number of results per query.
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

    Reference: Douze et al., "The Faiss Library", 2024.
    """

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
        spec = FaissSpec(nprobe, nlist, seed)
        super().__init__(spec, query_model, k, **options)

    @property
    def nprobe(self) -> int | None:
        """Lists searched per query; None for exact search."""
        return self.search_budget


@final
@keras.saving.register_keras_serializable(package="shortlist")
class ScaNN(StoredIndex):
    """Search partitions of quantized vectors with ScaNN, and rescore the best exactly.

    Requires `pip install 'shortlist[scann]'` (Linux only). ScaNN's TensorFlow operators are never loaded, so
    it works with any version of TensorFlow, or none. Quantization takes no seed: from 10,000 candidates on,
    two builds may differ slightly.

    Args:
        query_model: Model that maps features to query vectors `[batch, dim]`; None if queries are vectors.
        k: Default number of results per query.
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

    Reference: Guo et al., "Accelerating Large-Scale Inference with Anisotropic Vector Quantization", ICML
        2020.
    """

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
        spec = ScaNNSpec(leaves_to_search, num_leaves, num_rescored)
        super().__init__(spec, query_model, k, **options)

    @property
    def leaves_to_search(self) -> int | None:
        """Leaves searched per query; None for exact search."""
        return self.search_budget


@final
@keras.saving.register_keras_serializable(package="shortlist")
class USearch(StoredIndex):
    """Search a navigable small-world graph (HNSW) with USearch.

    Requires `pip install 'shortlist[usearch]'`.

    Args:
        query_model: Model that maps features to query vectors `[batch, dim]`; None if queries are vectors.
        k: Default number of results per query.
        expansion: Candidates kept in the queue of a search, USearch's `expansion_search`; None for exact
            search. `tune` picks the smallest that reaches a recall.
        connectivity: Edges per candidate.
        expansion_add: Candidates kept in the queue while the graph is built.
        num_threads: Threads that build the graph; 0 for one per core. Builds are deterministic only with 1.
        **options: `similarity`, `capacity` and `name`, see `StoredIndex`.

    Raises:
        MissingExtraError: If USearch is not installed.

    Example:
        >>> import numpy as np
        >>> vectors = np.random.default_rng(0).normal(size=(1000, 8)).astype("float32")
        >>> index = USearch(k=3).index(vectors)
        >>> index.similar([7])[1].shape
        (1, 3)

    Reference: Malkov and Yashunin, "Efficient and Robust Approximate Nearest Neighbor Search Using
        Hierarchical Navigable Small World Graphs", TPAMI 2018.
    """

    def __init__(
        self,
        query_model: Callable[[Any], Any] | None = None,
        k: int = 10,
        *,
        expansion: int | None = 64,
        connectivity: int = 16,
        expansion_add: int = 128,
        num_threads: int = 1,
        **options: Any,
    ) -> None:
        spec = USearchSpec(expansion, connectivity, expansion_add, num_threads)
        super().__init__(spec, query_model, k, **options)

    @property
    def expansion(self) -> int | None:
        """Candidates kept in the queue of a search; None for exact search."""
        return self.search_budget
