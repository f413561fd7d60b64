"""Catalog coverage: share of the items that are recommended to anybody."""

from typing import Any

import numpy as np

from shortlist.typing import Tensor

__all__ = ["coverage"]


def coverage(num_recommended: Tensor, xp: Any = np) -> Tensor:
    """Return `items recommended at least once / items`, in [0, 1].

    Args:
        num_recommended: `[num_items]`, how often each item of the catalog is in a list.
        xp: Array namespace of the input: `numpy` or `keras.ops`.

    Example:
        >>> float(coverage(np.array([5, 0, 1, 0])))
        0.5

    Source: Ge, Delgado-Battenfeld and Jannach, "Beyond Accuracy: Evaluating Recommender Systems by Coverage
        and Serendipity", RecSys 2010 (catalog coverage).
    """
    return xp.mean(xp.where(num_recommended > 0, 1.0, 0.0))
