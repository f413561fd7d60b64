import pyarrow as pa
import pytest

from shortlist.data._storage import is_bytes, is_text, to_plain

TEXT = ["b", "a", None, "b", ""]


@pytest.mark.parametrize("storage", [pa.string(), pa.large_string(), pa.string_view()])
@pytest.mark.parametrize("encoded", [False, True])
def test_text_is_plain_afterwards(storage, encoded):
    column = pa.chunked_array([pa.array(TEXT[:2], storage), pa.array(TEXT[2:], storage)])
    if encoded:
        column = to_plain(column).dictionary_encode()
    plain = to_plain(column)
    assert plain.to_pylist() == TEXT
    assert is_text(plain.type)
    assert not is_bytes(plain.type)


def test_a_dictionary_of_views_is_unpacked():
    views = pa.DictionaryArray.from_arrays(pa.array([1, 0, None]), pa.array(["a", "b"], pa.string_view()))
    assert to_plain(pa.chunked_array([views])).to_pylist() == ["b", "a", None]


@pytest.mark.parametrize("storage", [pa.binary(), pa.large_binary(), pa.binary_view(), pa.binary(2)])
def test_bytes_are_plain_afterwards(storage):
    plain = to_plain(pa.chunked_array([pa.array([b"ab", None], storage)]))
    assert plain.to_pylist() == [b"ab", None]
    assert is_bytes(plain.type)


@pytest.mark.parametrize("values", [[1, 2], [0.5], [["a"]], [True]])
def test_other_columns_stay(values):
    column = pa.chunked_array([values])
    assert to_plain(column).equals(column)
