"""What a word is."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortlist.features.columns._text import tokenize


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        (" \t\n\0", []),
        ("Toy Story (1995)", ["toy", "story", "1995"]),
        ("don't STOP", ["don", "t", "stop"]),
        ("Léon—the “Pro”", ["léon", "the", "pro"]),
        ("ÉTÉ", ["ÉtÉ"]),
        ("七人の侍、1954", ["七人の侍", "1954"]),
        ("Ночной дозор", ["Ночной", "дозор"]),
        ("a_b-c.d", ["a", "b", "c", "d"]),
        ("½ 1×2", ["1", "2"]),
    ],
)
def test_examples(text, words):
    assert tokenize(text) == words


@given(st.text(alphabet=st.characters(max_codepoint=0xFF)))
def test_latin_words_are_runs_of_letters_and_decimal_digits(text):
    parts = [""]
    for character in text:
        is_word = unicodedata.category(character) in ("Ll", "Lu", "Lo", "Nd")
        parts = [*parts[:-1], parts[-1] + character] if is_word else [*parts, ""]
    expected = ["".join(c.lower() if c.isascii() else c for c in part) for part in parts if part]
    assert tokenize(text) == expected


@given(st.text())
def test_words_are_words_of_themselves(text):
    assert [tokenize(word) for word in tokenize(text)] == [[word] for word in tokenize(text)]
