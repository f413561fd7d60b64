"""The index and its library, asked alone, give the same candidates; every adapter takes part."""

from pathlib import Path

import numpy as np
import pytest
from benchmarks.adapters import rows
from benchmarks.sides import adapter_build, adapter_index, adapter_library
from tests.search.libraries.contract import skip_without

from benchmarks import adapters
from shortlist.indexes._libraries import __all__ as names


@pytest.mark.parametrize("name", [pytest.param(name, marks=skip_without(name.lower())) for name in names])
def test_both_sides_answer_as_the_index_that_was_built(name: str, tmp_path: Path) -> None:
    assert name in adapters._NUM_CANDIDATES
    folder = str(tmp_path)
    built = adapter_build.prepare(name, num_candidates=3000, dim=8, k=10, folder=folder)()
    assert 0.5 < built["recall"] <= 1
    settings = {"folder": folder, "num_queries": 100, "turns": 2, "k": 10}
    ours, alone = adapter_index.prepare(**settings)(), adapter_library.prepare(name, **settings)()
    assert np.shape(ours) == np.shape(alone) == (200, 10)
    shared = [len(set(one) & set(other)) for one, other in zip(ours, alone, strict=True)]
    assert sum(shared) >= 0.99 * 10 * 200


def test_a_quick_run_builds_nothing() -> None:
    assert list(rows(quick=True)) == []
