"""Row-wise optimizers, one row after another, in double precision."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Formula = Callable[[int, Vector, Vector, list[Vector]], tuple[Vector, list[Vector]]]
"""Of the number of the step, counted from 1, a row's values, gradient and slots: its new values and slots."""


class Trained(NamedTuple):
    """A table `[num_rows, dim]`, its slots of as many rows, and which rows were ever used."""

    table: Vector
    slots: list[Vector]
    used: set[int]


def trained(
    table: Vector, slots: Sequence[Vector], batches: Iterable[dict[int, Vector]], formula: Formula
) -> Trained:
    """What is left of a table after some batches.

    Args:
        table: `[num_rows, dim]` at the start.
        slots: Each `[num_rows, ...]` at the start.
        batches: For each step the gradient of each row in it; a row whose gradient is zero is not used.
        formula: What one step makes of one row.
    """
    table, slots, used = np.array(table, "float64"), [np.array(slot, "float64") for slot in slots], set()
    for step, batch in enumerate(batches, start=1):
        for row, gradient in batch.items():
            if any(gradient):
                used.add(row)
                table[row], new = formula(step, table[row], gradient, [slot[row] for slot in slots])
                for slot, values in zip(slots, new, strict=True):
                    slot[row] = values
    return Trained(table, slots, used)


def summed(rows: Iterable[int], gradients: Iterable[Vector]) -> dict[int, Vector]:
    """The gradient of each row: the sum over where it stands."""
    sums: dict[int, Vector] = {}
    for row, gradient in zip(rows, gradients, strict=True):
        sums[int(row)] = sums.get(int(row), 0.0) + np.asarray(gradient, "float64")
    return sums


def clipped_by_norm(batch: dict[int, Vector], norm: float) -> dict[int, Vector]:
    """Gradients shortened so that all of them together are no longer than `norm`."""
    length = math.sqrt(sum(float(value) ** 2 for gradient in batch.values() for value in gradient))
    return {row: gradient * min(1.0, norm / length) for row, gradient in batch.items()}


def sgd(rate: float, momentum: float = 0.0, nesterov: bool = False) -> Formula:
    def formula(step: int, row: Vector, gradient: Vector, slots: list[Vector]) -> tuple[Vector, list[Vector]]:
        if not slots:
            return row - rate * gradient, []
        velocity = momentum * slots[0] - rate * gradient
        ahead = momentum * velocity - rate * gradient if nesterov else velocity
        return row + ahead, [velocity]

    return formula


def adagrad(rate: float, epsilon: float) -> Formula:
    def formula(step: int, row: Vector, gradient: Vector, slots: list[Vector]) -> tuple[Vector, list[Vector]]:
        squares = slots[0] + gradient**2
        return row - rate * gradient / np.sqrt(squares + epsilon), [squares]

    return formula


def row_wise_adagrad(rate: float, epsilon: float) -> Formula:
    def formula(step: int, row: Vector, gradient: Vector, slots: list[Vector]) -> tuple[Vector, list[Vector]]:
        mean_square = sum(float(value) ** 2 for value in gradient) / len(gradient)
        total = float(slots[0][0]) + mean_square
        return row - rate * gradient / math.sqrt(total + epsilon), [np.array([total])]

    return formula


def adam(rate: float, beta_1: float, beta_2: float, epsilon: float) -> Formula:
    def formula(step: int, row: Vector, gradient: Vector, slots: list[Vector]) -> tuple[Vector, list[Vector]]:
        first = beta_1 * slots[0] + (1 - beta_1) * gradient
        second = beta_2 * slots[1] + (1 - beta_2) * gradient**2
        size = rate * math.sqrt(1 - beta_2**step) / (1 - beta_1**step)
        return row - size * first / (np.sqrt(second) + epsilon), [first, second]

    return formula
