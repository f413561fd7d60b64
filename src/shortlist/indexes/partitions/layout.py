"""Vectors in partitions of one size."""

from typing import NamedTuple, Self

import numpy as np

from shortlist.indexes.partitions.clustering import cluster, means
from shortlist.indexes.partitions.filling import fill

__all__ = ["Partitions", "default_num_partitions"]

_SLACK = 1.25
"""Places for each vector: partitions of one size are never all full."""

_CHUNK = 2**16


class Partitions(NamedTuple):
    """Where every vector lies; a partition is filled up with places that hold none."""

    centroids: np.ndarray
    """`[num_partitions, dim]`, float32."""
    vectors: np.ndarray
    """`[num_partitions, size, dim]`, float32; zeros in empty places."""
    rows: np.ndarray
    """`[num_partitions, size]`, int32, the row of each place; -1 in empty ones, which come last."""
    places: np.ndarray
    """`[num_rows]`, int32, the place of each row, counted through all partitions."""
    scales: np.ndarray | None = None
    """`[num_partitions, size]`, float32, what the codes are multiplied by; None of vectors themselves."""
    exact: np.ndarray | None = None
    """`[num_rows, dim]`, float32, the vectors by row, where the partitions hold codes."""

    @classmethod
    def of(cls, vectors: np.ndarray, num_partitions: int, seed: int, *, as_codes: bool = False) -> Self:
        """Cluster vectors, and lay each cluster out.

        Args:
            vectors: `[num_rows, dim]`, float32.
            num_partitions: How many; no more than there are rows.
            seed: Of the clustering.
            as_codes: Whether partitions hold numbers of one byte, from -127 to 127, in the place of vectors.
        """
        centroids = cluster(vectors, num_partitions, seed)
        size = -(-int(_SLACK * len(vectors)) // num_partitions)
        partition = fill(vectors, centroids, np.full(num_partitions, size))
        places = _places(partition, size, num_partitions)
        rows = np.full(num_partitions * size, -1, "int32")
        rows[places] = np.arange(len(vectors), dtype="int32")
        shape = (num_partitions, size)
        centroids, rows = means(vectors, partition, centroids), rows.reshape(shape)
        if not as_codes:
            return cls(centroids, _laid(vectors, places, shape), rows, places)
        scales = _largest(vectors) / np.float32(127)
        of_places = np.zeros(num_partitions * size, "float32")
        of_places[places] = scales
        laid = _laid(vectors, places, shape, scales)
        return cls(centroids, laid, rows, places, of_places.reshape(shape), vectors)

    @property
    def size(self) -> int:
        """Places of a partition."""
        return int(self.rows.shape[1])


def default_num_partitions(num_rows: int) -> int:
    """How many partitions make looking for the right ones cost about as much as looking into some.

    Args:
        num_rows: How many vectors there are.

    Returns:
        `4 sqrt(num_rows)`, at most `num_rows`.
    """
    return min(num_rows, round(4 * num_rows**0.5))


def _places(partition: np.ndarray, size: int, num_partitions: int) -> np.ndarray:
    """`[num_rows]`, int32; within a partition in the order of rows."""
    order = np.argsort(partition, kind="stable")
    starts = np.searchsorted(partition[order], np.arange(num_partitions))
    places = np.empty(len(partition), "int32")
    places[order] = partition[order] * size + np.arange(len(partition)) - starts[partition[order]]
    return places


def _largest(vectors: np.ndarray) -> np.ndarray:
    """`[num_rows]`, the largest number of each vector, without its sign; never 0."""
    return np.maximum(np.maximum(vectors.max(axis=1), -vectors.min(axis=1)), np.float32(1e-30))


def _laid(
    vectors: np.ndarray, places: np.ndarray, shape: tuple[int, int], scales: np.ndarray | None = None
) -> np.ndarray:
    """`[*shape, dim]`, vectors, or codes where there are scales, in their places; zeros in empty ones."""
    laid = np.zeros((shape[0] * shape[1], vectors.shape[1]), "float32" if scales is None else "int8")
    for first in range(0, len(vectors), _CHUNK):  # no copy of all vectors besides
        part = slice(first, first + _CHUNK)
        codes = vectors[part] if scales is None else np.rint(vectors[part] / scales[part, None])
        laid[places[part]] = codes
    return laid.reshape(*shape, -1)
