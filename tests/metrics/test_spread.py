"""Coverage, Gini and novelty: one formula for NumPy and Keras, equal to the oracle."""

from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.oracles.spread import spread

from shortlist.metrics import coverage, gini, novelty


@pytest.mark.contract
@pytest.mark.parametrize("xp", [np, keras.ops], ids=["numpy", "keras"])
@settings(max_examples=30)
@given(items=st.lists(st.tuples(st.integers(0, 9), st.integers(1, 5)), min_size=1, max_size=8))
def test_they_equal_the_oracle(xp: Any, items: list[tuple[int, int]]) -> None:
    """For each item how often it is recommended and trained on."""
    recommended = [item for item, (shown, _) in enumerate(items) for _ in range(shown)]
    trained = [item for item, (_, rows) in enumerate(items) for _ in range(rows)]
    counts = np.int32([shown for shown, _ in items])
    popularity = np.float32([rows / len(trained) for _, rows in items])
    if xp is not np:
        counts, popularity = map(keras.ops.convert_to_tensor, (counts, popularity))
    found = {
        "coverage": coverage(counts, xp),
        "gini": gini(counts, xp),
        "novelty": novelty(counts, popularity, xp),
    }
    expected = spread(recommended, trained)
    assert {name: float(value) for name, value in found.items()} == pytest.approx(expected, abs=1e-5)
