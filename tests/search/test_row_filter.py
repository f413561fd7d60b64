"""Filters agree with their definition, row by row, in NumPy and on tensors."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortlist.search import RowFilter, meets
from shortlist.search._tensors import without_columns

pytestmark = pytest.mark.contract


def drawn(seed: int, is_filtered: bool, is_limited: bool, is_for_all: bool) -> RowFilter:
    """Draw a filter of 4 queries and 10 rows with 2 columns, whose numbers are few, so that many match."""
    generator = np.random.default_rng(seed)
    excluded = generator.integers(-2, 12, (4, generator.integers(0, 6))).astype("int32")
    if not is_filtered:
        return RowFilter(excluded)
    num_lines = 1 if is_for_all else 4
    table = generator.integers(-4, 8, (10, 2)).astype("int32")
    required = generator.integers(-4, 8, (num_lines, generator.integers(1, 3), 2)).astype("int32")
    limits = np.sort(generator.integers(-6, 9, (num_lines, 2, 2)), axis=1).astype("int32")
    return RowFilter(excluded, table, required, limits if is_limited else None)


def passes(rows: RowFilter, query: int, row: int) -> bool:
    """Apply the definition to one row."""
    if row in rows.excluded[query].tolist():
        return False
    if rows.attributes is None:
        return True
    line, has = (query if len(rows.required) > 1 else 0), rows.attributes[row].tolist()
    if not all(any(a & b for a, b in zip(has, group, strict=True)) for group in rows.required[line].tolist()):
        return False
    if rows.limits is None:
        return True
    lowest, highest = rows.limits[line].tolist()
    return all(low <= value <= high for value, low, high in zip(has, lowest, highest, strict=True))


@given(st.integers(0, 10**6), st.booleans(), st.booleans(), st.booleans())
def test_accepts_what_the_definition_accepts(
    seed: int, is_filtered: bool, is_limited: bool, is_for_all: bool
) -> None:
    rows = drawn(seed, is_filtered, is_limited, is_for_all)
    generator = np.random.default_rng(seed)
    queries, named = generator.integers(0, 4, 3), generator.integers(-1, 10, (3, 7))
    expected = [
        [row >= 0 and passes(rows, query, row) for row in line]
        for query, line in zip(queries.tolist(), named.tolist(), strict=True)
    ]
    assert rows.accepts(named, queries).tolist() == expected
    heads = np.stack([named, named[:, ::-1]], axis=1)
    assert rows.accepts(heads, queries)[:, 1, ::-1].tolist() == expected
    some = rows.of_queries(queries)
    assert some.accepts(named, np.arange(3)).tolist() == expected


@pytest.mark.parametrize("is_limited", [False, True])
def test_tensors_meet_what_arrays_meet(is_limited: bool) -> None:
    for seed in range(5):
        _, table, required, limits = drawn(seed, True, is_limited, False)
        parts = table[None], required[:, None], None if limits is None else limits[:, None]
        tensors = [None if part is None else keras.ops.convert_to_tensor(part) for part in parts]
        found = keras.ops.convert_to_numpy(meets(*tensors, keras.ops))
        np.testing.assert_array_equal(found, meets(*parts))
        assert found.any()
        assert not found.all()


def test_the_highest_bit_counts() -> None:
    bits = np.array([[2**31]], "uint32").view("int32")
    assert meets(bits, bits[:, None]).tolist() == [True]
    assert keras.ops.convert_to_numpy(meets(bits, bits[:, None], None, keras.ops)).tolist() == [True]


def test_columns_are_removed_and_padding_removes_nothing() -> None:
    scores = np.random.default_rng(0).normal(size=(3, 5)).astype("float32")
    columns = np.int32([[0, 4, -1], [2, 2, 2], [-1, -1, -1]])
    expected = scores.copy()
    expected[0, [0, 4]] = expected[1, 2] = -np.inf
    found = without_columns(keras.ops.convert_to_tensor(scores), keras.ops.convert_to_tensor(columns))
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(found), expected)
    assert without_columns(scores, columns[:, :0]) is scores
