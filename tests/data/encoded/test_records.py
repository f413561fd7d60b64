import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from shortlist.data.encoded._records import RecordType
from shortlist.errors import ArgumentError

VALUES = st.sampled_from(["int32", "int64", "float32", "uint8"])


@given(data=st.data(), num_rows=st.integers(0, 5), names=st.lists(st.text(), min_size=1, unique=True))
def test_packing_is_undone_by_unpacking(data, num_rows, names):
    shapes = st.sampled_from([(num_rows,), (num_rows, 3), (num_rows, 2, 1)])
    arrays = {name: data.draw(npst.arrays(data.draw(VALUES), data.draw(shapes))) for name in names}
    kind = RecordType.from_config(RecordType.of(arrays).get_config())
    assert kind.num_bytes * num_rows == sum(array.nbytes for array in arrays.values())
    found = kind.unpack(kind.pack(arrays))
    assert list(found) == names
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


@pytest.mark.parametrize(
    "other",
    [{"b": np.zeros(2, "int32")}, {"a": np.zeros(2, "int64")}, {"a": np.zeros((2, 1), "int32")}],
)
def test_arrays_of_another_kind_are_refused(other):
    kind = RecordType.of({"a": np.zeros(2, "int32")})
    with pytest.raises(ArgumentError, match="as in the parts before"):
        kind.pack(other)


def test_unpacked_arrays_hold_no_other_columns_in_memory():
    arrays = {"a": np.arange(3), "b": np.arange(3)}
    kind = RecordType.of(arrays)
    assert all(array.base is None for array in kind.unpack(kind.pack(arrays)).values())
