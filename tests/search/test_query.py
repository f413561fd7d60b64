"""NumPy top-k agrees with sorting."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortlist.search import _query as answering
from shortlist.search._engine import Engine
from shortlist.search._query import answer, best, scores_of
from shortlist.search._requests import Request
from shortlist.search._snapshot import Snapshot

SCORES = st.lists(st.sampled_from([-np.inf, -1.0, 0.0, 1.0, 2.0]), max_size=12)


@given(scores=SCORES, width=st.integers(1, 14))
def test_best_first_of_equal_ones_the_lower_row(scores, width):
    rows = np.random.default_rng(len(scores)).permutation(len(scores))
    pairs = sorted((-score, row) for score, row in zip(scores, rows.tolist(), strict=True) if score > -np.inf)
    found = best(np.float32(scores), rows, width)
    wanted = pairs[:width]
    missing = width - len(wanted)
    assert found[0].tolist() == [-score for score, _ in wanted] + [-np.inf] * missing
    assert found[1].tolist() == [row for _, row in wanted] + [-1] * missing


@pytest.mark.parametrize("heads", [1, 3])
def test_scores_of_a_query_are_its_best_products(heads):
    generator = np.random.default_rng(0)
    query, vectors = generator.normal(size=(heads, 4)), generator.normal(size=(6, 4))
    wanted = [max(float(one @ vector) for one in query) for vector in vectors]
    np.testing.assert_allclose(scores_of(query, vectors), wanted)


class FindsOne(Engine):
    """Approximate engine that finds only row 2."""

    is_exact = False
    num_bytes = save = None

    def __init__(self, vectors):
        super().__init__(*vectors.shape)
        self.vectors = vectors

    def search(self, queries, k, rows):
        scores = np.full((len(queries), k), -np.inf, "float32")
        scores[:, 0] = (np.asarray(queries) @ self.vectors[2]).max(axis=1)
        scores.flags.writeable = False  # like np.asarray of a JAX array
        return scores, np.where(np.arange(k) == 0, 2, np.full((len(queries), k), -1, "int32"))

    def vectors_of(self, rows):
        return self.vectors[rows]


@pytest.mark.parametrize("chunk", [1, 4, 100])
def test_slots_that_an_engine_left_empty_are_filled(monkeypatch, chunk):
    monkeypatch.setattr(answering, "_CHUNK_ROWS", chunk)
    generator = np.random.default_rng(0)
    vectors = generator.integers(-2, 3, (23, 3)).astype("float32")
    queries = generator.integers(-2, 3, (2, 2, 3)).astype("float32")
    snapshot = Snapshot.of_engine(FindsOne(vectors), None, {"third": np.arange(23) % 3})
    exclude, where = [[5, 20], []], [{"third": 2}, {"third": [0, 2]}]
    request = Request.of(snapshot, 2, exclude=exclude, where=where)
    scores, rows = answer(snapshot, queries, 20, request)
    for query, asked in enumerate(({2}, {0, 2})):
        wanted = sorted(
            (-max(float(head @ vectors[row]) for head in queries[query]), row)
            for row in range(23)
            if row % 3 in asked and row not in exclude[query]
        )
        missing = 20 - len(wanted)
        assert rows[query].tolist() == [row for _, row in wanted] + [-1] * missing
        assert scores[query].tolist() == [-score for score, _ in wanted] + [-np.inf] * missing
