"""Exact search over candidates in memory."""

from collections.abc import Callable
from typing import Any, final

import keras

from shortlist.indexes._stored import StoredIndex
from shortlist.search import ExactSpec

__all__ = ["BruteForce"]


@final
@keras.saving.register_keras_serializable(package="shortlist")
class BruteForce(StoredIndex):
    """Index that scores every candidate and returns the top k; ties are broken by row order.

    Args:
        query_model: Model that maps features to query vectors `[batch, dim]`; None if queries are vectors.
        k: Default number of results per query.
        **options: `similarity`, `capacity` and `name`, see `StoredIndex`.

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

    def __init__(self, query_model: Callable[[Any], Any] | None = None, k: int = 10, **options: Any) -> None:
        super().__init__(ExactSpec(), query_model, k, **options)
