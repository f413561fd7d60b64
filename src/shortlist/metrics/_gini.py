"""Gini index: how unequally recommendations are spread over the catalog."""

from typing import Any

import numpy as np

from shortlist.typing import Tensor

__all__ = ["gini"]


def gini(num_recommended: Tensor, xp: Any = np) -> Tensor:
    """Return the Gini index of how often items are recommended.

    `sum_i (2 i - n - 1) x_i / (n sum_i x_i)` over the counts `x_1 <= ... <= x_n` of all n items. 0: all items
    are recommended equally often; `1 - 1 / n`: one item gets all recommendations. 0 without any.

    Args:
        num_recommended: `[num_items]`, how often each item of the catalog is in a list.
        xp: Array namespace of the input: `numpy` or `keras.ops`.

    Example:
        >>> float(gini(np.array([3, 3, 3]))), float(gini(np.array([0, 0, 0, 8])))
        (0.0, 0.75)

    Source: Fleder and Hosanagar, "Blockbuster Culture's Next Rise or Fall", Management Science 2009.
    """
    num_items = num_recommended.shape[0]
    counts = xp.multiply(xp.sort(num_recommended), 1.0)
    ranks = xp.multiply(xp.arange(1, num_items + 1), 1.0)
    return xp.sum(counts / xp.maximum(xp.sum(counts), 1.0) * (2.0 * ranks - num_items - 1.0)) / num_items
