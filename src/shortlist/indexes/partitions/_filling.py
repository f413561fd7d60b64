"""Every vector's partition, none of which holds more than it has room for."""

import numpy as np

from shortlist.indexes.partitions._clustering import nearest

__all__ = ["fill"]

_NUM_ROUNDS = 12
"""Rounds by distance; vectors that found no room by then, such as many duplicates, go where there is some."""


def fill(vectors: np.ndarray, centroids: np.ndarray, room: np.ndarray) -> np.ndarray:
    """The partition of each vector: the nearest one that has room; where too many come, the nearest stay.

    Args:
        vectors: `[num_vectors, dim]`, float32.
        centroids: `[num_partitions, dim]`, float32.
        room: `[num_partitions]`, how many vectors each takes; no fewer than there are in all.

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
    """`[n]`, bool, who is among the nearest that the partition they want has room for."""
    order = np.lexsort((distance, wanted))
    ordered = wanted[order]
    place = np.arange(len(ordered)) - np.searchsorted(ordered, ordered)
    stays = np.empty(len(ordered), "bool")
    stays[order] = place < room[ordered]
    return stays
