"""Novelty: how surprising recommended items are, by their popularity."""

from typing import Any

import numpy as np

from shortlist.typing import Tensor

__all__ = ["novelty"]


def novelty(num_recommended: Tensor, popularity: Tensor, xp: Any = np) -> Tensor:
    """Return the mean self-information of recommendations in bits, `-log2 popularity[item]`.

    Args:
        num_recommended: `[num_items]`, how often each item of the catalog is in a list.
        popularity: `[num_items]`, each item's share of the training interactions, above 0.
        xp: Array namespace of the input: `numpy` or `keras.ops`.

    Returns:
        The mean over all recommendations; 0 without any.

    Example:
        >>> float(novelty(np.array([1, 1, 0]), np.array([0.5, 0.25, 0.25])))
        1.5

    Source: Zhou et al., "Solving the Apparent Diversity-Accuracy Dilemma of Recommender Systems", PNAS 2010
        (surprisal).
    """
    counts = xp.multiply(num_recommended, 1.0)
    return xp.sum(counts * -xp.log2(popularity)) / xp.maximum(xp.sum(counts), 1.0)
