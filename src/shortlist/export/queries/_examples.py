"""Raw values to try a column with."""

from collections.abc import Iterator
from itertools import count, cycle, islice

import numpy as np

from shortlist.errors import ArgumentError
from shortlist.features import Buckets, Categories, Category, Column, Number, Text, Vocabulary
from shortlist.typing import ItemId

__all__ = ["example_ids", "example_values"]


def example_values(column: Column, num_values: int) -> np.ndarray:
    """Values that a column knows, and unknown ones at the end.

    Args:
        column: Fitted.
        num_values: How many, at least 1.

    Returns:
        `[num_values]`, for lists `[num_values, length]`.

    Raises:
        ArgumentError: The column is of a kind of the user's own.

    Example:
        >>> example_values(Category("gender").fit(["F", "M"]), 4)
        array(['F', 'M', 'F', 'unknown'], dtype=object)
    """
    match column:
        case Category():
            return example_ids(column.known, num_values)
        case Categories():
            ids = example_ids(column.known, num_values)
            return np.stack([ids, np.roll(ids, 1)], axis=1)
        case Text():
            words = example_ids(column.known, num_values)
            return np.array([f"{word} {words[-1]}" for word in words], dtype=object)
        case Number() | Buckets():
            return _example_numbers(column, num_values)
    raise ArgumentError(
        f"column {column.column!r} is a {type(column).__name__}, whose values are unknown here: pass "
        "example_inputs, raw queries to try"
    )


def example_ids(vocabulary: Vocabulary, num_ids: int) -> np.ndarray:
    """Known ids, and an unknown one at the end.

    Args:
        vocabulary: The known ids.
        num_ids: How many, at least 1.

    Returns:
        `[num_ids]`, of the vocabulary's kind.

    Example:
        >>> example_ids(Vocabulary([3, 1]), 4)
        array([3, 1, 3, 0])
    """
    known = vocabulary.known_ids
    ids = [*islice(cycle(known), num_ids - 1), _unknown_id(vocabulary)]
    return np.array(ids, dtype=known.dtype)


def _unknown_id(vocabulary: Vocabulary) -> ItemId:
    if vocabulary.kind == "int64":
        return next(number for number in count() if number not in vocabulary)
    names = ("unknown" + "?" * length for length in count())
    ids: Iterator[ItemId] = names if vocabulary.kind == "str" else (name.encode() for name in names)
    return next(name for name in ids if name not in vocabulary)


def _example_numbers(column: Number | Buckets, num_values: int) -> np.ndarray:
    """Numbers around the middle of what the column learned."""
    if isinstance(column, Number):
        center, width = column.mean or 0.0, column.std or 1.0
    else:
        edges = column.edges or (0.0,)
        center, width = edges[len(edges) // 2], edges[-1] - edges[0]
    values = center + width * np.linspace(0, 1, num_values)
    return values.astype("int64") if column.is_integer else values
