"""The oracle of spread on cases worked out by hand."""

import pytest
from tests.oracles.spread import spread


def test_one_item_gets_everything():
    assert spread(["a"] * 6 + ["unknown"], ["a", "a", "b", "c"]) == pytest.approx(
        {"coverage": 1 / 3, "gini": 2 / 3, "novelty": 1}
    )


def test_all_items_alike():
    assert spread(["a", "b"] * 3, ["a", "b", "b", "b"]) == pytest.approx(
        {"coverage": 1, "gini": 0, "novelty": (2 + 0.4150375) / 2}
    )


def test_nothing():
    assert spread([], ["a", "b"]) == {"coverage": 0, "gini": 0, "novelty": 0}
