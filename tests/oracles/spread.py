"""How recommendations are spread over a catalog, one item and one pair of items after the other."""

import math
from collections.abc import Sequence
from typing import Any


def spread(recommended: Sequence[Any], trained: Sequence[Any]) -> dict[str, float]:
    """Coverage, Gini and novelty of recommended items.

    Args:
        recommended: the items of all lists, one after the other; those not in `trained` do not count.
        trained: the item of each training row.
    """
    catalog = sorted(set(trained))
    shown = [item for item in recommended if item in catalog]
    counts = [shown.count(item) for item in catalog]
    differences = sum(abs(one - other) for one in counts for other in counts)
    surprise = [math.log2(len(trained) / trained.count(item)) for item in shown]
    return {
        "coverage": len(set(shown)) / len(catalog),
        "gini": differences / (2 * len(catalog) * len(shown)) if shown else 0.0,
        "novelty": sum(surprise) / len(shown) if shown else 0.0,
    }
