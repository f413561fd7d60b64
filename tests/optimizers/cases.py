"""Every row-wise optimizer next to its oracle, and models whose gradients are known."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
from tests.oracles import optimizers as oracles

import shortlist as sl

NUM_ROWS, DIM = 12, 3
RATE = 0.25


class Case(NamedTuple):
    """How to make an optimizer, its formula, and what its slots start from and how wide they are."""

    make: Callable[..., Any]
    formula: oracles.Formula
    slots: Sequence[tuple[float, int]] = ()

    def start(self) -> list[np.ndarray]:
        return [np.full((NUM_ROWS, width), value, "float32") for value, width in self.slots]


CASES = {
    "sgd": Case(lambda **options: sl.optimizers.SGD(RATE, **options), oracles.sgd(RATE)),
    "momentum": Case(
        lambda **options: sl.optimizers.SGD(RATE, momentum=0.75, **options),
        oracles.sgd(RATE, 0.75),
        [(0, DIM)],
    ),
    "nesterov": Case(
        lambda **options: sl.optimizers.SGD(RATE, momentum=0.75, nesterov=True, **options),
        oracles.sgd(RATE, 0.75, nesterov=True),
        [(0, DIM)],
    ),
    "adagrad": Case(
        lambda **options: sl.optimizers.Adagrad(RATE, initial_accumulator_value=0.5, epsilon=1e-3, **options),
        oracles.adagrad(RATE, 1e-3),
        [(0.5, DIM)],
    ),
    "row_wise_adagrad": Case(
        lambda **options: sl.optimizers.RowWiseAdagrad(
            RATE, initial_accumulator_value=0.5, epsilon=1e-3, **options
        ),
        oracles.row_wise_adagrad(RATE, 1e-3),
        [(0.5, 1)],
    ),
    "adam": Case(
        lambda **options: sl.optimizers.Adam(RATE, beta_1=0.75, beta_2=0.9, epsilon=1e-3, **options),
        oracles.adam(RATE, 0.75, 0.9, 1e-3),
        [(0, DIM), (0, DIM)],
    ),
}


class Looking(sl.Model):
    """`loss = sum(coefficients * table(rows))`: the gradient of a looked-up row is its coefficients."""

    def __init__(self, table: Any = None, **options: Any) -> None:
        super().__init__(**options)
        self.table = sl.layers.Embedding(NUM_ROWS, DIM) if table is None else table

    def compute_loss(self, inputs: Any, training: bool = False) -> Any:
        embeddings = self.table(inputs["rows"])
        return keras.ops.sum(keras.ops.cast(inputs["coefficients"], embeddings.dtype) * embeddings)


class LookingTwice(Looking):
    """The same by two lookups: the first entry of each list by itself, then the others."""

    def compute_loss(self, inputs: Any, training: bool = False) -> Any:
        rows, coefficients = inputs["rows"], inputs["coefficients"]
        first = keras.ops.sum(coefficients[:, 0] * self.table(rows[:, 0]))
        return first + keras.ops.sum(coefficients[:, 1:] * self.table(rows[:, 1:]))


def world(num_steps: int = 4, seed: int = 0) -> dict[str, np.ndarray]:
    """Lists of rows of which the last third are never used, some are repeated and some are padding.

    Coefficients are multiples of 1/4, so that they and their sums are the same in every precision; those of
    padding, which stands on row 0, are zero.
    """
    generator = np.random.default_rng(seed)
    rows = generator.integers(1, 2 * NUM_ROWS // 3, (5 * num_steps, 3)).astype("int32")
    coefficients = generator.integers(-8, 9, (*rows.shape, DIM)).astype("float32") / 4
    coefficients[coefficients == 0] = 0.25
    is_padding = generator.random(rows.shape) < 0.2
    rows[is_padding], coefficients[is_padding] = 0, 0
    return {"rows": rows, "coefficients": coefficients}


def gradients(data: dict[str, np.ndarray]) -> Iterator[dict[int, np.ndarray]]:
    """The gradient of each row, step by step."""
    for first in range(0, len(data["rows"]), 5):
        rows, coefficients = (data[name][first : first + 5] for name in ("rows", "coefficients"))
        yield oracles.summed(rows.ravel(), coefficients.reshape(-1, DIM))


def fitted(model: Any, optimizer: Any, data: dict[str, np.ndarray], **options: Any) -> tuple[Any, np.ndarray]:
    """The model after one step for each five lists, and its table before."""
    model.compile(optimizer=optimizer, **options)
    model.table.build()
    before = values(model.table.embeddings)
    model.fit(data, batch_size=5, shuffle=False, verbose=0)
    return model, before


def values(variable: Any) -> np.ndarray:
    return np.array(keras.ops.convert_to_numpy(variable.value), "float32")


def slots_of(model: Any) -> list[np.ndarray]:
    """What the optimizer keeps for the only variable, after its own two numbers."""
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    return [values(variable) for variable in optimizer.variables[2:]]


def check(model: Any, before: np.ndarray, case: Case, batches: Any, **tolerance: float) -> None:
    """Used rows equal the oracle's; all others, and their slots, are what they were, bit by bit."""
    start = case.start()
    expected = oracles.trained(before, start, batches, case.formula)
    unused = [row for row in range(NUM_ROWS) if row not in expected.used]
    now = [values(model.table.embeddings), *slots_of(model)]
    assert len(now) == 1 + len(start)
    for value, old, new in zip(now, [before, *start], [expected.table, *expected.slots], strict=True):
        assert value.shape == old.shape
        np.testing.assert_allclose(value, new, **({"rtol": 1e-5, "atol": 1e-6} | tolerance))
        np.testing.assert_array_equal(value[unused], old[unused])
