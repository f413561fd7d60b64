"""Defaults of the engine base class."""

import numpy as np
import pytest

from shortlist.indexes._brute_force import ExactEngine
from shortlist.indexes._engine import Engine
from shortlist.indexes._row_filter import Filter

pytestmark = pytest.mark.contract


def test_an_engine_is_abstract() -> None:
    assert {"search", "vectors_of", "num_bytes", "save"} == Engine.__abstractmethods__


def test_an_exact_engine_has_no_settings() -> None:
    engine = ExactEngine(np.eye(3, dtype="float32"))
    assert engine.with_search_budget(3) is engine
    assert engine.variants() == [engine]
    assert engine.label() == "exact search"
    queries = np.float32([[[0, 2, 1]]])
    assert np.asarray(engine.listed(queries, 2, Filter(np.zeros((1, 0), "int32")))).tolist() == [[1, 2]]
