"""Contract of optimizers."""

import os
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from shortlist.layers import Embedding
from shortlist.models import Model
from shortlist.testing._clauses import (
    check_close,
    check_config,
    check_refusals,
    clause,
    half_precision,
    require,
    to_numpy,
)
from shortlist.testing._saved import check_reload, fit_once, uncompiled
from shortlist.typing import Tensor

__all__ = ["check_optimizer"]

_ROWS, _DIM = 6, 3
_TARGETS = np.linspace(0.5, 2, _ROWS * _DIM, dtype="float32").reshape(_ROWS, _DIM)
_WEIGHTS = np.array([1, 1, 2, 1], "float32")
_BATCH = {"rows": np.array([0, 1, 2, 1], "int32"), "weights": _WEIGHTS}  # uses row 1 twice
_WITHOUT_ROW_2 = {"rows": np.array([0, 1, 3, 1], "int32"), "weights": _WEIGHTS}
_NUM_STEPS = 10


def check_optimizer(
    make: Callable[[], keras.optimizers.Optimizer],
    *,
    row_wise: bool = False,
    refusals: Sequence[Callable[[], Any]] = (),
    folder: str | os.PathLike[str] | None = None,
) -> None:
    """Check an optimizer on a least-squares problem with a table of embeddings and a dense weight.

    Clauses; the message of a failure starts with the name of one:

    - `sparse`: compiled training steps, with gradients of only the rows that `layers.Embedding` looked up,
      change weights like `apply` with the dense gradients.
    - `descends`: 10 steps lower the loss to a finite value.
    - `unused`: a row that a batch does not use stays bit-identical, and so does its state, although an
      earlier batch used it. Checked if `row_wise`.
    - `learning_rate`: a compiled step at a learning rate of 0 changes no weight.
    - `config`: the optimizer made again from its JSON config takes the same steps.
    - `saved`: a model loaded from a `.keras` file trains on as if it had not been saved; see `check_saved`
      for a new process.
    - `precision`: under mixed float16 and bfloat16 the loss falls, and variables are float32.
    - `refusals`: each of `refusals` raises a ValueError or TypeError whose message is a sentence.

    Args:
        make: Returns a new optimizer, such as `lambda: Adagrad(0.1)`.
        row_wise: Whether rows that a batch does not use must stay as they are.
        refusals: Calls that must be refused, such as `lambda: Adagrad(use_ema=True)`.
        folder: Folder to save the optimizer in, for `check_saved`; None reloads it in this process only.

    Raises:
        AssertionError: If a clause is broken.

    Example:
        >>> from shortlist.optimizers import SGD
        >>> check_optimizer(lambda: SGD(0.1), row_wise=True, refusals=[lambda: SGD(0.1, use_ema=True)])
    """
    optimizer = make()
    model = OptimizerModel()
    model.compile(optimizer=optimizer)
    expected = _applied(make(), num_steps=3)
    with clause("sparse"):
        losses = _fit(model, num_steps=3)
        check_close("weights after 3 compiled steps", model.get_weights(), expected)
    with clause("descends"):
        losses += _fit(model, num_steps=_NUM_STEPS - 3)
        is_lower = np.isfinite(losses).all() and losses[-1] < losses[0]
        require(is_lower, f"{_NUM_STEPS} steps took the loss from {losses[0]} to {losses[-1]}.")
    if row_wise:
        with clause("unused"):
            before = _rows_of(model, [2, 4, 5])
            fit_once(model, _WITHOUT_ROW_2)
            for name, rows in _rows_of(model, [2, 4, 5]).items():
                check_close(f"{name} in rows that the batch does not use", rows, before[name], 0.0)
    with clause("config"):
        again = check_config(optimizer)
        check_close("weights after 3 steps, after from_config", _applied(again, num_steps=3), expected)
    with clause("saved"):
        check_reload(model, _BATCH, "fit", folder)
    with clause("learning_rate"):
        before = model.get_weights()
        model.optimizer.learning_rate = 0.0
        fit_once(model, _BATCH)
        check_close("weights after a step at a learning rate of 0", model.get_weights(), before, 0.0)
    with clause("precision"):
        for policy in ("mixed_float16", "mixed_bfloat16"):
            with half_precision(policy):
                half = OptimizerModel()
                half.compile(optimizer=_scaled(make()) if policy == "mixed_float16" else make())
            with uncompiled(half):
                losses = _fit(half, num_steps=4)
            is_lower = np.isfinite(losses).all() and losses[-1] < losses[0]
            require(is_lower, f"under {policy}, 4 steps took the loss from {losses[0]} to {losses[-1]}.")
            changed = [v.path for v in [*half.variables, *half.optimizer.variables] if "16" in v.dtype]
            require(not changed, f"under {policy}, {changed} are not float32.")
    with clause("refusals"):
        check_refusals(refusals)


@keras.saving.register_keras_serializable(package="shortlist.testing")
class OptimizerModel(Model):
    """Least squares: the rows of a table, plus a shift that all rows share, approach fixed targets."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.table = Embedding(_ROWS, _DIM, embeddings_initializer="zeros", name="table")
        self.table.build((None,))
        self.shift = self.add_weight(shape=(_DIM,), initializer="zeros", dtype="float32", name="shift")

    def compute_loss(self, inputs: Any, training: bool = False) -> Tensor:
        vectors = self.table(inputs["rows"])
        shift = ops.cast(ops.convert_to_tensor(self.shift), vectors.dtype)
        targets = ops.take(ops.convert_to_tensor(_TARGETS), inputs["rows"], axis=0)
        errors = ops.sum(ops.square(ops.cast(vectors + shift, "float32") - targets), axis=1)
        return ops.sum(inputs["weights"] * errors) / 2

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "dtype": keras.saving.serialize_keras_object(self.dtype_policy)}


def _applied(optimizer: Any, num_steps: int) -> list[np.ndarray]:
    """Return the weights of `OptimizerModel`, in its order, after steps along their dense gradients."""
    model = OptimizerModel()
    variables = model.trainable_variables
    is_shift = [variable is model.shift for variable in variables]
    for _ in range(num_steps):
        shift, table = to_numpy(model.shift.value), to_numpy(model.table.embeddings.value)
        gradients = np.zeros((_ROWS, _DIM), "float32")
        for row, weight in zip(_BATCH["rows"], _BATCH["weights"], strict=True):
            gradients[row] += weight * (table[row] + shift - _TARGETS[row])
        both = [gradients.sum(axis=0) if one else gradients for one in is_shift]
        optimizer.apply([ops.convert_to_tensor(gradient) for gradient in both], variables)
    return [to_numpy(weight) for weight in model.get_weights()]


def _fit(model: Model, num_steps: int) -> list[float]:
    """Train on the same batch; return the loss before each step."""
    history = model.fit(_BATCH, batch_size=1024, epochs=num_steps, shuffle=False, verbose=0).history
    return [float(value) for value in history["loss"]]


def _rows_of(model: Any, rows: Sequence[int]) -> dict[str, np.ndarray]:
    """Return some rows of the table and of the optimizer's variables that have as many rows."""
    variables = [model.table.embeddings, *model.optimizer.variables]
    tables = [variable for variable in variables if tuple(variable.shape)[:1] == (_ROWS,)]
    return {variable.path: to_numpy(variable.value)[rows] for variable in tables}


def _scaled(optimizer: Any) -> Any:
    # A small scale, since the default one skips the first steps, whose gradients overflow.
    return keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=16.0)
