"""Interface of encoded rows, and rows in memory."""

import abc
from collections.abc import Callable, Mapping
from typing import TypeAlias, final

import numpy as np

__all__ = ["ArrayRows", "EncodedRows", "Take"]

Take: TypeAlias = Callable[[int, int], dict[str, np.ndarray]]
"""Function of a start and a stop position that returns these rows as arrays by name."""


class EncodedRows(abc.ABC):
    """Numeric arrays by name, all with the same number of rows. Abstract."""

    @abc.abstractmethod
    def __len__(self) -> int: ...

    @abc.abstractmethod
    def in_order(self, seed: tuple[int, ...] | None) -> Take:
        """Put the rows in order.

        Args:
            seed: Seed of the order, which depends on nothing else but the rows; None keeps the stored order.

        Returns:
            A function of a start and a stop position that returns the rows between them.
        """


@final
class ArrayRows(EncodedRows):
    """Rows in memory.

    Args:
        arrays: By name, `[num_rows, ...]` each.

    Example:
        >>> rows = ArrayRows({"user": np.array([7, 8, 9])})
        >>> rows.in_order(None)(1, 3)
        {'user': array([8, 9])}
    """

    def __init__(self, arrays: Mapping[str, np.ndarray]) -> None:
        self._arrays = arrays

    def __len__(self) -> int:
        return len(next(iter(self._arrays.values())))

    def in_order(self, seed: tuple[int, ...] | None) -> Take:
        """See `EncodedRows.in_order`."""
        order = np.arange(len(self)) if seed is None else np.random.default_rng(seed).permutation(len(self))

        def take(start: int, stop: int) -> dict[str, np.ndarray]:
            return {name: array[order[start:stop]] for name, array in self._arrays.items()}

        return take
