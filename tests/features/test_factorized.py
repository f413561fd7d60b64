import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortlist.features._factorized import factorized
from shortlist.features.columns import Category


@given(values=st.lists(st.text(max_size=2), min_size=1), cut=st.integers(0, 5))
@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.binary()])
def test_values_are_the_distinct_ones_at_their_places(values, cut, kind):
    values = [value.encode() for value in values] if kind == pa.binary() else values
    column = pa.chunked_array([values[:cut], values[cut:]], kind)
    distinct, places = factorized(column)
    assert distinct.to_pylist() == list(dict.fromkeys(values))
    assert [distinct[place].as_py() for place in places.tolist()] == values


@pytest.mark.parametrize(
    "values",
    [["a"], np.array([1]), pa.array([1.5]), pa.array([1, None]), pa.array([[1]]), pa.array([], pa.int64())],
)
def test_anything_else_comes_back_as_it_is(values):
    assert factorized(values)[0] is values
    assert factorized(values)[1] is None


@given(known=st.lists(st.integers(), min_size=1, unique=True), asked=st.lists(st.integers(0, 5)))
def test_a_category_encodes_arrow_as_it_encodes_lists(known, asked):
    known = [value % 2**40 for value in known]
    column = Category("id").fit(known)
    np.testing.assert_array_equal(column.encode(pa.array(asked, pa.int64())), column.encode(asked))
