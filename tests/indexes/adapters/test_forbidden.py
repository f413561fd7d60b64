"""`Forbidden` against the definition of a filter, on random data."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from shortlist.indexes._row_filter import Filter
from shortlist.indexes.adapters._forbidden import Forbidden


def is_allowed(rows: Filter, query: int, row: int) -> bool:
    """Apply the definition to one row."""
    if row in np.asarray(rows.excluded)[query].tolist():
        return False
    if rows.bits is None:
        return True
    groups = rows.wanted[query if len(rows.wanted) > 1 else 0].tolist()
    has = rows.bits[row].tolist()
    return all(any(a & b for a, b in zip(has, group, strict=True)) for group in groups)


@given(st.integers(0, 10**6), st.booleans(), st.booleans())
def test_equals_the_definition(seed: int, is_filtered: bool, is_for_all: bool) -> None:
    generator = np.random.default_rng(seed)
    excluded = generator.integers(-2, 12, (4, generator.integers(0, 6))).astype("int32")
    bits = generator.integers(-4, 8, (10, 2)).astype("int32") if is_filtered else None
    shape = (1 if is_for_all else 4, generator.integers(1, 3), 2)
    rows = Filter(excluded, bits, generator.integers(-4, 8, shape).astype("int32") if is_filtered else None)
    queries, named = generator.integers(0, 4, 3), generator.integers(0, 10, (3, 7))
    forbidden = Forbidden.of(rows, 10)
    if forbidden is None:
        assert not is_filtered
        assert not rows.num_excluded
        return
    expected = [
        [not is_allowed(rows, query, row) for row in line]
        for query, line in zip(queries.tolist(), named.tolist(), strict=True)
    ]
    assert forbidden.among(named[:, None], queries)[:, 0].tolist() == expected
    heads = np.stack([named, named[:, ::-1]], axis=1)
    assert forbidden.among(heads, queries)[:, 1, ::-1].tolist() == expected


def test_excluded_rows_out_of_range_are_ignored() -> None:
    forbidden = Forbidden.of(Filter(np.int32([[10, 11, -1, -2]])), 10)
    assert forbidden is not None
    assert not forbidden.among(np.array([[[-1, 0, 9, 8]]]), np.array([0])).any()
