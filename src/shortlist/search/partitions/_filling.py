"""Assignment of vectors to partitions of limited size."""

import numpy as np

from shortlist.search.partitions._clustering import nearest

__all__ = ["fill"]

_NUM_ROUNDS = 12
"""Rounds by distance; vectors left over, such as many duplicates, fill any free partition."""


def fill(vectors: np.ndarray, centroids: np.ndarray, room: np.ndarray) -> np.ndarray:
    """Assign each vector to the nearest partition with room; full partitions keep the nearest vectors.

    Args:
        vectors: `[num_vectors, dim]`, float32.
        centroids: `[num_partitions, dim]`, float32.
        room: `[num_partitions]`, capacity of each partition; the sum must be at least `num_vectors`.

    Returns:
        `[num_vectors]`, int64.
    """
    partitions, room = np.full(len(vectors), -1), room.copy()
    waiting = np.arange(len(vectors))
    for _ in range(_NUM_ROUNDS):
        if not len(waiting):
            break
        has_room = np.flatnonzero(room)
        found = nearest(vectors, waiting, centroids[has_room])
        wanted = has_room[found.centroid]
        stays = _nearest_few(wanted, found.distance, room)
        partitions[waiting[stays]] = wanted[stays]
        room -= np.bincount(wanted[stays], minlength=len(room))
        waiting = waiting[~stays]
    partitions[waiting] = np.repeat(np.arange(len(room)), room)[: len(waiting)]
    return partitions


def _nearest_few(wanted: np.ndarray, distance: np.ndarray, room: np.ndarray) -> np.ndarray:
    """Mark the vectors `[n]` that their chosen partition has room for, nearest first."""
    order = np.lexsort((distance, wanted))
    ordered = wanted[order]
    rank = np.arange(len(ordered)) - np.searchsorted(ordered, ordered)
    stays = np.empty(len(ordered), "bool")
    stays[order] = rank < room[ordered]
    return stays
