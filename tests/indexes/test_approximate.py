"""Approximate indexes: exact search without a search budget, and rebuilding while tuning."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import shortlist as sl
from shortlist.errors import ArgumentError
from shortlist.indexes import Partitioned
from shortlist.indexes import _approximate as approximate

pytestmark = pytest.mark.contract
VECTORS = np.random.default_rng(0).normal(size=(100, 4)).astype("float32")


def test_no_search_budget_is_exact_search_also_when_loaded(tmp_path: Path) -> None:
    index = Partitioned(probes=1).index(VECTORS)
    assert not index.is_exact()
    index.tune(VECTORS[:5])
    assert index.is_exact()
    index.save(tmp_path / "index.keras")
    loaded = sl.load_model(tmp_path / "index.keras")
    assert loaded.is_exact()
    np.testing.assert_array_equal(loaded(VECTORS, 7)[1], np.argsort(-(VECTORS @ VECTORS.T), axis=1)[:, :7])
    loaded.upsert([500], VECTORS[:1]).compact()
    assert loaded.is_exact()


def test_an_index_that_is_built_again_while_it_is_tuned_is_not_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    index, tune = Partitioned(probes=1).index(VECTORS), approximate.tune

    def tune_and_index(*args: Any, **given: Any) -> Any:
        index.index(VECTORS[:30])
        return tune(*args, **given)

    monkeypatch.setattr(approximate, "tune", tune_and_index)
    with pytest.raises(ArgumentError, match="must not be rebuilt while it is tuned"):
        index.tune(VECTORS[:5])
    assert (index.num_candidates, index.probes) == (30, 1)
