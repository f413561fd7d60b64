"""Defaults of the engine base class."""

import numpy as np
import pytest

from shortlist.search._engine import Engine
from shortlist.search._exact import ExactEngine
from shortlist.search._row_filter import RowFilter

pytestmark = pytest.mark.contract


def test_an_engine_is_abstract() -> None:
    assert {"search", "vectors_of", "num_bytes", "save"} == Engine.__abstractmethods__


def test_an_exact_engine_has_no_settings() -> None:
    engine = ExactEngine(np.eye(3, dtype="float32"))
    assert engine.with_search_budget(3) is engine
    assert engine.variants() == [engine]
    assert engine.label() == "exact search"
    queries = np.float32([[[0, 2, 1]]])
    assert np.asarray(engine.search(queries, 2, RowFilter(np.zeros((1, 0), "int32")))[1]).tolist() == [[1, 2]]
