import pyarrow as pa
import pytest

from shortlist.data import CsvFormat
from shortlist.errors import ArgumentError


def test_types_of_the_columns_with_a_role_come_before_those_given():
    given = CsvFormat(column_types={"user": pa.int8(), "age": pa.float32()})
    assert given.types("user", "item", "stars") == {
        "user": pa.string(),
        "item": pa.string(),
        "stars": pa.float64(),
        "age": pa.float32(),
    }
    assert CsvFormat(id_type="int64").types("user", "item", None) == {"user": pa.int64(), "item": pa.int64()}


@pytest.mark.parametrize("options", [{"delimiter": ""}, {"delimiter": "::"}, {"id_type": "int"}])
def test_what_is_no_format_is_refused(options):
    with pytest.raises(ArgumentError, match=f"{next(iter(options))} is "):
        CsvFormat(**options)
