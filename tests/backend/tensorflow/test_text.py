"""Words in a graph equal those on the host, whatever the text."""

import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from shortlist.backend.tensorflow._text import split_words
from shortlist.features._tokens import SEPARATORS, tokens


def words(texts):
    return [[word.decode() for word in row] for row in split_words(tf.constant(texts), SEPARATORS).to_list()]


@settings(max_examples=100, deadline=None)
@given(texts=st.lists(st.text(), min_size=1, max_size=20))
def test_any_text(texts):
    assert words(texts) == [tokens(text) for text in texts]


def test_every_character_of_the_basic_plane_between_letters():
    characters = [chr(code) for code in range(0x10000) if not 0xD800 <= code <= 0xDFFF]
    texts = [f"A{character}B" for character in characters]
    assert words(texts) == [tokens(text) for text in texts]
