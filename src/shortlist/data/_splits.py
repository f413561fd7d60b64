"""Train/test splits of interactions. Parts are disjoint, cover all rows and keep row order."""

import numpy as np

from shortlist.data._interactions import Interactions, check_is_interactions
from shortlist.errors import ArgumentError, DataError, must
from shortlist.ids import encode_ids

__all__ = ["leave_last_out", "random_split", "time_split"]


def random_split(
    interactions: Interactions, *, test_fraction: float = 0.2, seed: int = 42
) -> tuple[Interactions, Interactions]:
    """Hold out random rows.

    Args:
        interactions: N rows.
        test_fraction: Fraction of rows to hold out, in (0, 1).
        seed: Seed of the split.

    Returns:
        train: Rows that are kept.
        test: Rows that are held out.

    Raises:
        ArgumentError: If `test_fraction` is outside (0, 1) or `interactions` is not an `Interactions`.
        DataError: If a part would be empty.

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

    All test rows are later than all train rows. Rows of one time stay together, in the test part, which can
    therefore be larger than requested.

    Args:
        interactions: N rows with timestamps.
        test_fraction: Smallest fraction of rows to hold out, in (0, 1).

    Returns:
        train: Rows before the time of the split.
        test: Rows at and after that time.

    Raises:
        ArgumentError: If `test_fraction` is outside (0, 1) or `interactions` is not an `Interactions`.
        DataError: If there are no timestamps, or a part would be empty.

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

    Users with at most `num_held_out` rows stay in train, so all test users are known from train. Of rows of
    one time, later ones in the table count as later.

    Args:
        interactions: Rows with timestamps.
        num_held_out: Number of rows of each user to hold out, at least 1.

    Returns:
        train: All but the last rows of each user.
        test: The last rows.

    Raises:
        ArgumentError: If `num_held_out` is below 1 or `interactions` is not an `Interactions`.
        DataError: If there are no timestamps, or no user has enough rows.

    Example:
        >>> data = {"u": [1, 1, 2, 1], "i": [5, 6, 5, 7], "t": [30, 20, 10, 10]}
        >>> data = Interactions.from_table(data, user="u", item="i", timestamp="t")
        >>> [part.items.tolist() for part in leave_last_out(data)]
        [[6, 5, 7], [5]]
    """
    check_is_interactions(interactions, "interactions")
    if num_held_out < 1:
        raise ArgumentError(must("num_held_out", "be >= 1", got=num_held_out))
    codes, _ = encode_ids(interactions.table[interactions.user])
    counts = np.bincount(codes)
    order = np.lexsort((interactions.timestamps, codes))
    position = np.empty(len(codes), dtype=np.int64)
    position[order] = np.arange(len(codes))
    num_later = np.cumsum(counts)[codes] - 1 - position  # rows of the same user that are later
    return _parts(interactions, (num_later < num_held_out) & (counts[codes] > num_held_out))


def _num_test(num_rows: int, test_fraction: float) -> int:
    if not 0 < test_fraction < 1:
        raise ArgumentError(must("test_fraction", "be in (0, 1)", got=test_fraction))
    num_test = round(num_rows * test_fraction)
    _check_both_parts(num_test, num_rows)
    return num_test


def _parts(interactions: Interactions, is_test: np.ndarray) -> tuple[Interactions, Interactions]:
    _check_both_parts(int(is_test.sum()), len(is_test))
    return interactions.take(~is_test), interactions.take(is_test)


def _check_both_parts(num_test: int, num_rows: int) -> None:
    if num_test in (0, num_rows):
        fix = "Give more interactions, or hold out another fraction"
        got = f"{num_test} of {num_rows} rows in test"
        raise DataError(must("both parts", "have at least one row", got=got, fix=fix))
