"""k-means clustering into clusters of similar size."""

from typing import NamedTuple

import numpy as np

__all__ = ["Nearest", "cluster", "means", "nearest"]

_NUM_ITERATIONS, _NUM_BALANCING = 10, 8
_SAMPLE_A_CENTROID = 64
_FEW, _MANY = 0.5, 1.5
"""Clusters smaller and larger than these multiples of the mean size are merged and split."""

_CHUNK_SCORES = 2**21
"""Scores computed per chunk: 8 MiB, which fits the CPU cache."""


class Nearest(NamedTuple):
    """Index of the nearest centroid (int64) and squared distance to it (float32), `[n]` each."""

    centroid: np.ndarray
    distance: np.ndarray


def nearest(vectors: np.ndarray, rows: np.ndarray, centroids: np.ndarray) -> Nearest:
    """Find the nearest centroid of each selected vector; ties go to the lowest index.

    Args:
        vectors: `[num_vectors, dim]`, float32.
        rows: `[n]`, the selected vectors.
        centroids: `[num_centroids, dim]`, float32.

    Returns:
        `[n]` each.
    """
    halves = np.square(centroids).sum(axis=1) / 2
    found = Nearest(np.empty(len(rows), "int64"), np.empty(len(rows), "float32"))
    size = max(1, _CHUNK_SCORES // len(centroids))
    for first in range(0, len(rows), size):
        part = slice(first, first + size)
        chunk = vectors[rows[part]]
        scores = chunk @ centroids.T
        scores -= halves
        best = scores.argmax(axis=1)
        highest = np.take_along_axis(scores, best[:, None], axis=1)[:, 0]
        found.centroid[part] = best
        found.distance[part] = np.square(chunk).sum(axis=1) - 2 * highest
    return found


def cluster(vectors: np.ndarray, num_centroids: int, seed: int) -> np.ndarray:
    """Compute centroids with Lloyd's algorithm on a sample of the vectors.

    Between iterations, centroids of small clusters move next to those of large ones to even out sizes.

    Args:
        vectors: `[num_vectors, dim]`, float32, with `num_vectors >= num_centroids`.
        num_centroids: Number of centroids.
        seed: Seed of the sample and of the initial centroids.

    Returns:
        `[num_centroids, dim]`, float32.

    Source: Lloyd, Least squares quantization in PCM, 1982.
    """
    rng = np.random.default_rng(seed)
    num_sampled = min(len(vectors), _SAMPLE_A_CENTROID * num_centroids)
    sample = vectors[np.sort(rng.choice(len(vectors), num_sampled, replace=False))]
    centroids = sample[rng.choice(num_sampled, num_centroids, replace=False)]
    every = np.arange(num_sampled)
    for iteration in range(_NUM_ITERATIONS):
        members = nearest(sample, every, centroids).centroid
        sizes = np.bincount(members, minlength=num_centroids)
        centroids = means(sample, members, centroids)
        if iteration < _NUM_BALANCING:
            centroids = _balanced(centroids, sizes, rng)
    return centroids


def means(vectors: np.ndarray, members: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    """Compute the mean of each cluster; an empty cluster keeps its centroid.

    Args:
        vectors: `[num_vectors, dim]`, float32.
        members: `[num_vectors]`, the cluster of each vector.
        centroids: `[num_centroids, dim]`.

    Returns:
        `[num_centroids, dim]`, float32.
    """
    order = np.argsort(members, kind="stable")
    found, starts = np.unique(members[order], return_index=True)
    new = centroids.copy()
    for cluster_, part in zip(found, np.split(order, starts[1:]), strict=True):  # no copy of all vectors
        new[cluster_] = vectors[part].mean(axis=0)
    return new


def _balanced(centroids: np.ndarray, sizes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Move the centroids of the smallest clusters next to those of the largest."""
    order = np.argsort(sizes, kind="stable")
    num_moved = min((sizes < _FEW * sizes.mean()).sum(), (sizes > _MANY * sizes.mean()).sum())
    small, large = order[:num_moved], order[::-1][:num_moved]
    apart = 0.01 * centroids.std(axis=0) * rng.standard_normal((num_moved, centroids.shape[1]))
    moved = centroids.copy()
    moved[small] = centroids[large] + apart.astype("float32")
    moved[large] = centroids[large] - apart.astype("float32")
    return moved
