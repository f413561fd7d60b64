"""Approximate search with an inverted file index (IVF): k-means partitions, of which a few are searched."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, final

import keras
import numpy as np

from shortlist.errors import ArgumentError, must
from shortlist.indexes._approximate import ApproximateIndex
from shortlist.indexes._base import check_k
from shortlist.indexes._engine import Engine
from shortlist.indexes.partitions import PartitionedEngine, Partitions
from shortlist.indexes.partitions._layout import default_num_partitions

__all__ = ["Partitioned"]


@final
@keras.saving.register_keras_serializable(package="shortlist")
class Partitioned(ApproximateIndex):
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
        similarity: `"dot"`, or `"cosine"` to normalize all vectors to length 1.
        capacity: Maximum number of candidates; None for no limit.

    Example:
        >>> import numpy as np
        >>> vectors = np.random.default_rng(0).normal(size=(1000, 8)).astype("float32")
        >>> index = Partitioned(k=3, probes=16).index(vectors)
        >>> index.similar([7])[1].shape
        (1, 3)

    Reference: Sivic and Zisserman, "Video Google", ICCV 2003 (inverted file); Lloyd, "Least Squares
        Quantization in PCM", IEEE Transactions on Information Theory, 1982 (k-means).
    """

    search_budget_name = "probes"

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
        **kwargs: Any,
    ) -> None:
        super().__init__(probes, query_model=query_model, k=k, **kwargs)
        if codes not in (None, "int8"):
            raise ArgumentError(must("codes", "be None or 'int8'", got=repr(codes)))
        self.codes, self.num_rescored = codes, check_k(num_rescored, "num_rescored")
        self.num_partitions = None if num_partitions is None else check_k(num_partitions, "num_partitions")
        self.seed = seed

    @property
    def probes(self) -> int | None:
        """Partitions searched per query; None for exact search."""
        return self.search_budget

    def _build(self, vectors: np.ndarray, search_budget: int) -> Engine:
        most = len(vectors)
        number = default_num_partitions(most) if self.num_partitions is None else self.num_partitions
        partitions = Partitions.of(vectors, min(number, most), self.seed, as_codes=self.codes is not None)
        return PartitionedEngine(partitions.tables(vectors), search_budget, self.num_rescored)

    def _load(self, folder: Path, search_budget: int) -> Engine:
        return PartitionedEngine.load(folder, search_budget, self.num_rescored)

    def _took(self, engine: Engine) -> None:
        if isinstance(engine, PartitionedEngine):
            self.num_rescored = engine.num_rescored

    def get_config(self) -> dict[str, Any]:
        own = {
            "probes": self.probes,
            "codes": self.codes,
            "num_rescored": self.num_rescored,
            "num_partitions": self.num_partitions,
            "seed": self.seed,
        }
        return {**super().get_config(), **own}
