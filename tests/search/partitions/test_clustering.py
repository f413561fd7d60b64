"""Clustering against brute-force distances."""

import numpy as np

from shortlist.search.partitions import _clustering as clustering
from shortlist.search.partitions._clustering import cluster, means, nearest

GENERATOR = np.random.default_rng(0)


def test_the_nearest_centroid_and_its_distance(monkeypatch):
    monkeypatch.setattr(clustering, "_CHUNK_SCORES", 21)
    vectors = GENERATOR.normal(size=(30, 3)).astype("float32")
    centroids = GENERATOR.normal(size=(7, 3)).astype("float32")
    rows = GENERATOR.permutation(30)[:17]
    distances = ((vectors[rows][:, None] - centroids[None]) ** 2).sum(axis=2)
    found = nearest(vectors, rows, centroids)
    np.testing.assert_array_equal(found.centroid, distances.argmin(axis=1))
    np.testing.assert_allclose(found.distance, distances.min(axis=1), atol=1e-5)


def test_means_and_the_centroid_of_an_empty_cluster():
    vectors = GENERATOR.normal(size=(9, 2)).astype("float32")
    members = np.array([0, 2, 2, 0, 0, 2, 2, 2, 0])
    old = GENERATOR.normal(size=(3, 2)).astype("float32")
    found = means(vectors, members, old)
    np.testing.assert_allclose(found[0], vectors[members == 0].mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(found[2], vectors[members == 2].mean(axis=0), atol=1e-6)
    np.testing.assert_array_equal(found[1], old[1])


def test_well_separated_clusters_get_one_centroid_each():
    centers = 100 * np.eye(6, dtype="float32")
    vectors = np.repeat(centers, 50, axis=0) + GENERATOR.normal(size=(300, 6)).astype("float32")
    found = cluster(vectors, 6, seed=1)
    assert sorted(np.linalg.norm(found[:, None] - centers[None], axis=2).argmin(axis=1).tolist()) == [
        *range(6)
    ]
    np.testing.assert_array_equal(found, cluster(vectors, 6, seed=1))


def test_balancing_evens_out_cluster_sizes(monkeypatch):
    sizes = np.array([2000, 200, 100, 50, 50])
    centers = 3 * GENERATOR.normal(size=(5, 4))
    vectors = np.repeat(centers, sizes, axis=0) + GENERATOR.normal(size=(2400, 4))

    def spread(vectors):
        members = nearest(vectors, np.arange(len(vectors)), cluster(vectors, 40, seed=0)).centroid
        return np.bincount(members, minlength=40).std()

    balanced = spread(vectors.astype("float32"))
    monkeypatch.setattr(clustering, "_NUM_BALANCING", 0)
    assert balanced < spread(vectors.astype("float32"))
