"""The best of lists on the host, beside a sort."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortlist.indexes.answering import best, scores_of

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
