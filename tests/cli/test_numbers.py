import argparse

import pytest

from shortlist.cli._numbers import positive_integer


@pytest.mark.parametrize(("text", "number"), [("1", 1), ("100000", 100_000)])
def test_a_whole_number_is_read(text, number):
    assert positive_integer(text) == number


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "", "ten", "²"])
def test_anything_else_is_refused_by_its_name(text):
    with pytest.raises(argparse.ArgumentTypeError, match="is not a whole number of at least 1"):
        positive_integer(text)
