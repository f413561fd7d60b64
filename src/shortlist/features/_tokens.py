"""What a word is: the one definition, which the graph encoders take from here."""

import re

__all__ = ["SEPARATORS", "tokens"]

SEPARATORS = "[\\x00-/:-@\\[-`{-\\xa9\\xab-\\xb4\\xb6-\\xb9\\xbb-\\xbf\\xd7\\xf7\u2000-\u206f\u3000-\u303f]+"
"""A regular expression that Python's `re` and RE2 read alike: everything in ASCII and Latin-1 that is neither
letter nor digit, and the blocks of general and of CJK punctuation. Classes like `\\w` differ between them."""

_SEPARATOR = re.compile(SEPARATORS)


def tokens(text: str) -> list[str]:
    """The words of a text: runs of letters and digits of any script, with the ASCII letters in lower case.

    Letters beyond ASCII keep their case: what lower case is there depends on the version of Unicode, and an
    exported model would encode other rows than it was trained on.

    Args:
        text: Any text.

    Example:
        >>> tokens("Léon: The Professional (1994)")
        ['léon', 'the', 'professional', '1994']
    """
    lower = text.encode().lower().decode()  # `bytes.lower` changes ASCII alone
    return [word for word in _SEPARATOR.split(lower) if word]
