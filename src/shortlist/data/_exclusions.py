"""Items left out of a user's evaluation, and the rows that repeat a training pair."""

import dataclasses
from itertools import repeat
from typing import Any

import numpy as np

from shortlist.data._histories import Histories
from shortlist.data._interactions import Interactions, check_is_interactions
from shortlist.errors import ArgumentError, must
from shortlist.ids import arrow_id_kind, encode_ids

__all__ = ["as_histories", "exclusions", "repeated_rows", "repeats_warning"]


def as_histories(value: Any, name: str) -> Histories:
    """Return `value` as `Histories`.

    Args:
        value: `Interactions` or `Histories`.
        name: Argument name, for the error.

    Raises:
        ArgumentError: If `value` is anything else.
    """
    if isinstance(value, Histories):
        return value
    check_is_interactions(value, name)
    return Histories.from_interactions(value)


def exclusions(exclude: Interactions | Histories, evaluated: Interactions) -> Histories:
    """Return the items to leave out for each user in an evaluation.

    These are the user's items in `exclude`, except all of the user's items in the evaluated rows: an item
    that can be an answer for one row of a user stays in the catalog for the user's other rows too.

    Args:
        exclude: Usually the training interactions.
        evaluated: Rows to evaluate.

    Raises:
        ArgumentError: If the ids of `exclude` and `evaluated` are of different kinds.

    Example:
        >>> train = Interactions.from_table({"u": [1, 1, 1], "i": ["a", "b", "c"]}, user="u", item="i")
        >>> test = Interactions.from_table({"u": [1, 2], "i": ["b", "a"]}, user="u", item="i")
        >>> exclusions(train, test).items_of([1])[0].tolist()
        ['a', 'c']
    """
    histories = as_histories(exclude, "exclude")
    _check_kinds(histories, evaluated, "exclude")
    users, keys = _keys(histories)
    is_left_out = ~np.isin(keys, _keys_of_rows(histories, evaluated))
    counts = np.bincount(users[is_left_out], minlength=len(histories))
    return dataclasses.replace(
        histories,
        offsets=np.concatenate([[0], np.cumsum(counts)]),
        item_codes=histories.item_codes[is_left_out],
    )


def repeated_rows(interactions: Interactions, other: Interactions | Histories) -> np.ndarray:
    """Return which rows repeat a (user, item) pair of `other`, bool [N].

    Args:
        interactions: N rows, usually the test part.
        other: Usually the training part.

    Raises:
        ArgumentError: If the ids are of different kinds, or an argument is of another type.

    Example:
        >>> train = Interactions.from_table({"u": [1, 1], "i": ["a", "b"]}, user="u", item="i")
        >>> test = Interactions.from_table({"u": [1, 2], "i": ["b", "a"]}, user="u", item="i")
        >>> test.take(~repeated_rows(test, train)).items.tolist()
        ['a']
    """
    check_is_interactions(interactions, "interactions")
    histories = as_histories(other, "other")
    _check_kinds(histories, interactions, "other")
    return np.isin(_keys_of_rows(histories, interactions), _keys(histories)[1])


def repeats_warning(test: Interactions, other: Interactions | Histories, name: str) -> str | None:
    """Return a warning about rows of `test` that repeat a pair of `other`, or None if there are none."""
    histories = as_histories(other, name)
    _check_kinds(histories, test, name)
    num_repeated = int(repeated_rows(test, histories).sum())
    if not num_repeated:
        return None
    return (
        f"{num_repeated / len(test):.1%} of the test rows ({num_repeated} of {len(test)}) repeat a "
        f"(user, item) pair of {name}. To evaluate new items only, drop them first: "
        f"test.take(~shortlist.data.repeated_rows(test, {name}))."
    )


def _keys(histories: Histories) -> tuple[np.ndarray, np.ndarray]:
    """Return the user number of each item in the histories, and a number for each (user, item) pair."""
    users = np.repeat(np.arange(len(histories)), np.diff(histories.offsets))
    return users, users * len(histories.item_ids) + histories.item_codes


def _keys_of_rows(histories: Histories, interactions: Interactions) -> np.ndarray:
    """Return the same pair numbers for rows of interactions; -1 for a user or item the histories lack."""
    users, items = (
        _renumber(interactions.table[column], known)
        for column, known in (
            (interactions.user, histories.user_ids),
            (interactions.item, histories.item_ids),
        )
    )
    return np.where((users < 0) | (items < 0), -1, users * len(histories.item_ids) + items)


def _renumber(column: Any, known: np.ndarray) -> np.ndarray:
    codes, ids = encode_ids(column)
    numbers = {one: number for number, one in enumerate(known.tolist())}
    return np.fromiter(map(numbers.get, ids.tolist(), repeat(-1)), np.int64, len(ids))[codes]


def _check_kinds(histories: Histories, evaluated: Interactions, name: str) -> None:
    for role, kind, column in (
        ("user", histories.user_kind, evaluated.user),
        ("item", histories.item_kind, evaluated.item),
    ):
        expected = arrow_id_kind(evaluated.table[column].type)
        if kind != expected:
            raise ArgumentError(
                must(
                    name,
                    f"hold {role} ids of kind {expected}, as column {column!r} of the evaluated rows",
                    got=kind,
                    fix="Take both parts from one split, or cast one",
                )
            )
