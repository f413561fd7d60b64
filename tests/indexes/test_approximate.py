"""What approximate indexes share: exact search when there is no effort."""

from pathlib import Path

import numpy as np
import pytest

import shortlist as sl
from shortlist.indexes import Partitioned

pytestmark = pytest.mark.contract
VECTORS = np.random.default_rng(0).normal(size=(100, 4)).astype("float32")


def test_no_effort_is_exact_search_also_when_loaded(tmp_path: Path) -> None:
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
