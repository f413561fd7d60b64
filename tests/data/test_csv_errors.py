import pytest

from shortlist.data._csv_errors import csv_message


@pytest.mark.parametrize(
    ("arrow", "ours"),
    [
        (
            "In CSV column #1: Row #3: bad 'x'",
            "column 'b': row 2 (counted from 1, after the header): bad 'x'",
        ),
        ("In CSV column #0: bad 'In CSV column #1'", "column 'a': bad 'In CSV column #1'"),
        (
            "CSV parse error: Row #2: Expected 2",
            "CSV parse error: row 1 (counted from 1, after the header): ",
        ),
        (
            "In CSV column #1: CSV conversion error to double: invalid value 'it's'",
            "column 'b': got 'it's', expected floating point numbers",
        ),
        ("Empty CSV file", "Empty CSV file"),
    ],
)
def test_columns_have_names_and_rows_are_counted_after_the_header(tmp_path, arrow, ours):
    path = tmp_path / "r.csv"
    path.write_text("a,b\n1,2\n3,x\n")
    assert csv_message(ValueError(arrow), path, ",").startswith(ours)
