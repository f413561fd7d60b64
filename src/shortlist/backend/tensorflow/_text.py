"""Texts as words in a TensorFlow graph."""

import tensorflow as tf

from shortlist.typing import Tensor

__all__ = ["split_words"]


def split_words(texts: Tensor, separators: str) -> tf.RaggedTensor:
    """The words of each text, with the ASCII letters in lower case.

    Args:
        texts: `[batch]`, text in UTF-8; what is no UTF-8 is not refused, as a graph cannot.
        separators: The regular expression of what stands between words, in RE2's syntax.

    Returns:
        `[batch, (words)]`, text.

    Example:
        >>> split_words(tf.constant(["The Rock!", ""]), "[^a-z]+").to_list()
        [[b'the', b'rock'], []]
    """
    lower = tf.strings.lower(texts)  # ASCII alone, as no encoding is named
    return tf.strings.split(tf.strings.regex_replace(lower, separators, " "))
