"""Approximate search with an inverted file index (IVF): k-means partitions, of which a few are searched."""

from collections.abc import Callable
from typing import Any, final

import keras

from shortlist.indexes._stored import StoredIndex
from shortlist.search import PartitionedSpec

__all__ = ["Partitioned"]


@final
@keras.saving.register_keras_serializable(package="shortlist")
class Partitioned(StoredIndex):
    """Index that searches only the partitions whose centroids score highest (IVF).

    Balanced k-means clusters the candidates into partitions of equal size. A query scores the candidates of
    the `probes` best partitions exactly. If filters leave fewer than k results, more partitions are searched,
    in the end all of them: k results are returned whenever k candidates pass the filters.

    The search uses only core TensorFlow operators, so an exported index runs in stock TensorFlow Serving.

    Args:
        query_model: Model that maps features to query vectors `[batch, dim]`; None if queries are vectors.
        k: Default number of results per query.
        probes: Partitions to search per query; None for exact search. `tune` sets it to reach a recall.
        codes: `"int8"` to search quantized vectors and rescore the best `num_rescored * k` candidates
            exactly: less memory traffic per query, but more memory, as both are kept. None for float32 only.
        num_rescored: Candidates to rescore, as a multiple of `k`; set by `tune` too.
        num_partitions: Number of partitions; `4 * sqrt(num_candidates)` if None.
        seed: Seed of the clustering, which gives the same partitions on every backend.
        **options: `similarity`, `capacity` and `name`, see `StoredIndex`.

    Example:
        >>> import numpy as np
        >>> vectors = np.random.default_rng(0).normal(size=(1000, 8)).astype("float32")
        >>> index = Partitioned(k=3, probes=16).index(vectors)
        >>> index.similar([7])[1].shape
        (1, 3)

    Reference: Sivic and Zisserman, "Video Google", ICCV 2003 (inverted file); Lloyd, "Least Squares
        Quantization in PCM", IEEE Transactions on Information Theory, 1982 (k-means).
    """

    def __init__(
        self,
        query_model: Callable[[Any], Any] | None = None,
        k: int = 10,
        *,
        probes: int | None = 16,
        codes: str | None = None,
        num_rescored: int = 4,
        num_partitions: int | None = None,
        seed: int = 0,
        **options: Any,
    ) -> None:
        spec = PartitionedSpec(probes, codes, num_rescored, num_partitions, seed)
        super().__init__(spec, query_model, k, **options)

    @property
    def probes(self) -> int | None:
        """Partitions searched per query; None for exact search."""
        return self.search_budget
