"""Candidates and queries like real ones: in clusters, or where a trained model puts them."""

from pathlib import Path

import numpy as np

_NUM_CLUSTERS, _SPREAD = 1000, 0.7
_NUM_QUERIES = 1000
_NOISE = 0.3
"""Noise of the copies of a trained vector, as a fraction of the spread of all."""


def clustered(num_candidates: int, dim: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw candidates and queries around the same 1000 centers."""
    generator = np.random.default_rng(0)
    centers = generator.standard_normal((_NUM_CLUSTERS, dim), dtype="float32")

    def around(number: int) -> np.ndarray:
        noise = generator.standard_normal((number, dim), dtype="float32")
        return centers[generator.integers(0, _NUM_CLUSTERS, number)] + np.float32(_SPREAD) * noise

    return around(num_candidates), around(_NUM_QUERIES)


def movielens(num_candidates: int, dim: int) -> tuple[np.ndarray, np.ndarray]:
    """Return item vectors trained on MovieLens 1M, repeated with noise, and user vectors as queries."""
    import keras

    import shortlist as sl

    keras.utils.set_random_seed(0)
    ratings = sl.data.load_movielens("1m").interactions
    model = sl.models.TwoTower.from_interactions(ratings, embedding_dim=dim)
    model.compile()
    model.fit(ratings, epochs=3, verbose=0)
    _, items = model.candidate_embeddings()
    generator = np.random.default_rng(0)
    noise = generator.standard_normal((num_candidates, dim), dtype="float32")
    users = generator.choice(model.spec.query_vocabulary.known_ids, _NUM_QUERIES, replace=False)
    queries = keras.ops.convert_to_numpy(model.build_index().encode_queries(users))
    return items[np.arange(num_candidates) % len(items)] + _NOISE * items.std(axis=0) * noise, queries


def in_turns(queries: np.ndarray, num_queries: int, turns: int) -> list[np.ndarray]:
    """Return the queries of each request, all different."""
    return [queries[turn * num_queries : (turn + 1) * num_queries] for turn in range(turns)]


def load(folder: str) -> tuple[np.ndarray, np.ndarray]:
    """Load the candidates and queries of `index_build`, without those used for tuning."""
    return np.load(Path(folder, "candidates.npy")), np.load(Path(folder, "queries.npy"))
