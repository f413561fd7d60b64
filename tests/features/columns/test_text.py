"""`Text`: the words of a text."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortlist.errors import ArgumentError, FeatureError
from shortlist.features import Text

TEXTS = st.lists(st.text(alphabet="abAB1é .,'\0", max_size=12), min_size=1, max_size=8)


def words(text):
    """Character by character."""
    found = [""]
    for character in text:
        if character in "abAB1é":
            found[-1] += {"A": "a", "B": "b"}.get(character, character)
        else:
            found.append("")
    return [word for word in found if word]


@given(learned=TEXTS, asked=TEXTS, max_tokens=st.integers(1, 5), max_length=st.integers(1, 4))
def test_equals_the_slow_way(learned, asked, max_tokens, max_length):
    all_words = [word for text in learned for word in words(text)]
    counts = Counter(all_words)
    known = sorted(counts, key=lambda word: (-counts[word], all_words.index(word)))[:max_tokens]
    column = Text("title", max_tokens, max_length)
    if not known:
        with pytest.raises(FeatureError, match="column 'title': values must hold at least one word"):
            column.fit(learned)
        return
    encoded = column.fit(learned).encode(asked)
    assert encoded.dtype == np.int32
    expected = [[known.index(word) + 1 if word in known else 0 for word in words(text)] for text in asked]
    assert encoded.tolist() == [(row + [-1] * max_length)[:max_length] for row in expected]


def test_bytes_are_utf8():
    column = Text("title", max_length=2).fit(["Léon", "Heat"])
    assert column.encode([b"HEAT", "Léon".encode()]).tolist() == [[2, -1], [1, -1]]
    with pytest.raises(FeatureError, match=r"column 'title': bytes must be valid UTF-8, got b'\\xff'"):
        column.encode([b"\xff"])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1, 2], "values must be text, got"),
        ([1.5], "float"),
        (["a", None], "got none in row 1"),
        ([["a", "b"]], r"got \(1, 2\)"),
    ],
)
def test_refuses(values, message):
    with pytest.raises(FeatureError, match=f"column 'title': .*{message}"):
        Text("title").fit(values)
    with pytest.raises(FeatureError, match=f"column 'title': .*{message}"):
        Text("title").fit(["a"]).encode(values)


def test_an_unfitted_column_refuses_to_encode():
    with pytest.raises(FeatureError, match="column 'title' must be fitted before it is used"):
        Text("title").encode(["a"])


@pytest.mark.parametrize("sizes", [{"max_tokens": 0}, {"max_length": 0}])
def test_sizes_below_one_are_refused(sizes):
    with pytest.raises(ArgumentError, match="of column 'title' must be >= 1"):
        Text("title", **sizes)


def test_config_round_trip():
    fitted = Text("title", max_tokens=5, max_length=3).fit(["a b a"])
    restored = Text.from_config(fitted.get_config())
    assert restored.num_rows == 3
    assert (restored.max_tokens, restored.max_length) == (5, 3)
