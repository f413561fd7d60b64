"""Train and test parts of interactions: disjoint, together everything, rows in their old order."""

import numpy as np

from shortlist.data._arguments import check_is_interactions
from shortlist.data._interactions import Interactions
from shortlist.errors import ArgumentError, DataError
from shortlist.ids import encode_ids

__all__ = ["leave_last_out", "random_split", "time_split"]


def random_split(
    interactions: Interactions, *, test_fraction: float = 0.2, seed: int = 42
) -> tuple[Interactions, Interactions]:
    """Hold out rows drawn at random.

    Args:
        interactions: N rows.
        test_fraction: Share of the rows to hold out, between 0 and 1; N times it is rounded.
        seed: The same seed gives the same parts.

    Returns:
        train: The rows kept.
        test: The rows held out.

    Raises:
        ArgumentError: The fraction is not between 0 and 1, or what came are no interactions.
        DataError: A part would be empty.

    Example:
        >>> data = Interactions.from_table({"u": range(10), "i": range(10)}, user="u", item="i")
        >>> [len(part) for part in random_split(data, test_fraction=0.3)]
        [7, 3]
    """
    check_is_interactions(interactions, "interactions")
    num_test = _num_test(len(interactions), test_fraction)
    is_test = np.zeros(len(interactions), dtype=bool)
    is_test[np.random.default_rng(seed).permutation(len(interactions))[:num_test]] = True
    return _parts(interactions, is_test)


def time_split(
    interactions: Interactions, *, test_fraction: float = 0.2
) -> tuple[Interactions, Interactions]:
    """Hold out the latest rows.

    Every test row is later than every train row: rows of the same time stay together, in the test part, so
    that it can be larger than asked for.

    Args:
        interactions: N rows with timestamps.
        test_fraction: Share of the rows to hold out at least, between 0 and 1; N times it is rounded.

    Returns:
        train: The rows before the moment of the split.
        test: The rows from that moment on.

    Raises:
        ArgumentError: The fraction is not between 0 and 1, or what came are no interactions.
        DataError: There are no timestamps, or a part would be empty.

    Example:
        >>> data = {"u": [1, 1, 2, 2], "i": [5, 6, 5, 6], "t": [40, 10, 30, 20]}
        >>> data = Interactions.from_table(data, user="u", item="i", timestamp="t")
        >>> [part.timestamps.tolist() for part in time_split(data, test_fraction=0.5)]
        [[10, 20], [40, 30]]
    """
    check_is_interactions(interactions, "interactions")
    times = interactions.timestamps
    num_train = len(times) - _num_test(len(times), test_fraction)
    return _parts(interactions, times >= np.partition(times, num_train)[num_train])


def leave_last_out(interactions: Interactions, *, num_held_out: int = 1) -> tuple[Interactions, Interactions]:
    """Hold out the last rows of every user.

    A user with no more rows than that stays in train whole, so that every test user is known from train.
    Rows of the same time count as later the further down they stand.

    Args:
        interactions: Rows with timestamps.
        num_held_out: How many rows of each user to hold out.

    Returns:
        train: All but the last rows of each user.
        test: The last rows.

    Raises:
        ArgumentError: `num_held_out` is less than 1, or what came are no interactions.
        DataError: There are no timestamps, or no user has enough rows.

    Example:
        >>> data = {"u": [1, 1, 2, 1], "i": [5, 6, 5, 7], "t": [30, 20, 10, 10]}
        >>> data = Interactions.from_table(data, user="u", item="i", timestamp="t")
        >>> [part.items.tolist() for part in leave_last_out(data)]
        [[6, 5, 7], [5]]
    """
    check_is_interactions(interactions, "interactions")
    if num_held_out < 1:
        raise ArgumentError(f"num_held_out is {num_held_out}, expected at least 1.")
    codes, _ = encode_ids(interactions.table[interactions.user])
    num_later, num_rows = _num_later(codes, interactions.timestamps)
    return _parts(interactions, (num_later < num_held_out) & (num_rows > num_held_out))


def _num_later(codes: np.ndarray, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each row: how many rows of its user are later, and how many the user has."""
    counts = np.bincount(codes)
    order = np.lexsort((times, codes))
    position = np.empty(len(codes), dtype=np.int64)
    position[order] = np.arange(len(codes))
    return np.cumsum(counts)[codes] - 1 - position, counts[codes]


def _num_test(num_rows: int, test_fraction: float) -> int:
    if not 0 < test_fraction < 1:
        raise ArgumentError(f"test_fraction is {test_fraction}, expected a number between 0 and 1.")
    num_test = round(num_rows * test_fraction)
    _check_both_parts(num_test, num_rows)
    return num_test


def _parts(interactions: Interactions, is_test: np.ndarray) -> tuple[Interactions, Interactions]:
    _check_both_parts(int(is_test.sum()), len(is_test))
    return interactions.take(~is_test), interactions.take(is_test)


def _check_both_parts(num_test: int, num_rows: int) -> None:
    if num_test in (0, num_rows):
        raise DataError(
            f"the split leaves a part empty: {num_test} of {num_rows} rows would be test. "
            "Give more interactions, or hold out another share."
        )
