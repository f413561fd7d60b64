from shortlist.data._rows import row_name


def test_the_row_behind_the_header_is_the_first():
    lines = ["user,film", "ann,Up", "bob,Heat"]
    assert row_name(lines[1:].index("bob,Heat")).startswith("row 2 ")
