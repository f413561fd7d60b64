"""Base class of the row-wise optimizers."""

import contextlib
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, final

import keras
from keras import ops

from shortlist import backend
from shortlist.errors import ArgumentError, must
from shortlist.typing import Shape, Tensor

__all__ = ["RowWise", "Slot"]

_INSTEAD = {
    "weight_decay": "For L2 on the rows of a batch, add a loss on its vectors, such as Tower(l2=...)",
    "use_ema": "Average checkpoints, or use an optimizer of keras.optimizers",
    "gradient_accumulation_steps": "Use a larger batch, or an optimizer of keras.optimizers",
}


@final
class Slot:
    """Per-variable state of an optimizer.

    Args:
        name: Name of the state.
        initial_value: Initial value of all entries.
        is_per_row: Whether a row has one entry, `[num_rows, 1, ...]`, instead of the variable's shape.
    """

    def __init__(self, name: str, initial_value: float = 0.0, *, is_per_row: bool = False) -> None:
        self.name, self.initial_value, self.is_per_row = name, initial_value, is_per_row

    def shape(self, variable_shape: Shape) -> Shape:
        """Return the shape of the state of a variable."""
        if not self.is_per_row:
            return variable_shape
        return (*variable_shape[:1], *(1 for _ in variable_shape[1:]))


class RowWise(keras.optimizers.Optimizer):
    """Abstract optimizer that updates only the table rows that a batch used.

    The gradient of a table that `shortlist.layers.Embedding` looks up is sparse. Its entries are summed per
    row, and the subclass's formula updates these rows and their state; all other rows stay bit-identical. A
    row whose summed gradient is zero, such as a row used only as padding, is not updated.

    Dense gradients, such as those of a dense layer or a table with a regularizer, update the whole variable
    by the same formula. So do those of `keras.layers.Embedding` on JAX and PyTorch; on TensorFlow they are
    sparse, but the layer reads the whole table.

    Clipping applies to the summed gradients, with the same result as for dense ones.

    Args:
        learning_rate: Float, schedule or callable, as in Keras.
        **options: `name`, `clipnorm`, `clipvalue`, `global_clipnorm` and `loss_scale_factor`, as in Keras.

    Raises:
        ArgumentError: If `weight_decay`, `use_ema` or `gradient_accumulation_steps` is set, which would
            update every row.
    """

    def __init__(self, learning_rate: Any, **options: Any) -> None:
        for name, instead in _INSTEAD.items():
            if options.get(name):
                requirement = f"be unset for {type(self).__name__}, as it would update every row in each step"
                raise ArgumentError(must(name, requirement, got=repr(options[name]), fix=instead))
        super().__init__(learning_rate=learning_rate, **options)
        self._held = HeldRows()

    @property
    def is_noop_on_zero_gradient(self) -> bool:
        """Return whether a zero gradient changes nothing, so that unused rows need no mask."""
        return False

    @abstractmethod
    def slots(self) -> Sequence[Slot]:
        """Return the state to keep per variable."""

    @abstractmethod
    def new_values(
        self, gradient: Tensor, learning_rate: Tensor, value: Tensor, *slots: Tensor
    ) -> Sequence[Tensor]:
        """Return the new values of a variable, or of some of its rows, followed by those of its slots.

        Args:
            gradient: `[n, ...]`, in the variable's dtype, like all that follow.
            learning_rate: Scalar.
            value: Current values of the variable or its rows.
            *slots: Current values of what `slots` names, for the same rows.
        """

    def build(self, variables: Sequence[keras.Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        self._slots = [[self._make(slot, variable) for slot in self.slots()] for variable in variables]

    def _make(self, slot: Slot, variable: keras.Variable) -> keras.Variable:
        return self.add_variable(
            shape=slot.shape(tuple(variable.shape)),
            initializer=lambda shape, dtype: ops.full(shape, slot.initial_value, dtype),
            dtype=variable.dtype,
            name=f"{variable.path.replace('/', '_')}_{slot.name}",
        )

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Any] | None = None) -> None:
        """Update variables by dense or sparse gradients; the training step calls it.

        Args:
            grads: One per variable.
            trainable_variables: The variables; those that the optimizer was built for when None.
        """
        if trainable_variables is None and not self.built:
            super().apply(grads)  # raises Keras' error
        variables = self._trainable_variables if trainable_variables is None else list(trainable_variables)
        with self.holding_rows(grads, variables) as tensors:
            super().apply(tensors, trainable_variables)

    @contextlib.contextmanager
    def holding_rows(self, gradients: Sequence[Any], variables: Sequence[Any]) -> Iterator[list[Any]]:
        """Sum sparse gradients per row and remember the rows inside the context.

        Keras scales and clips tensors, so it is given the summed gradients `[n, ...]` as if they were
        gradients of the whole variable.

        Args:
            gradients: One per variable: dense, sparse or None.
            variables: The variables.

        Yields:
            The gradients as tensors.

        Raises:
            ArgumentError: If a table has a constraint.
        """
        summed = [backend.deduplicate_rows(gradient) for gradient in gradients]
        rows: dict[Any, Tensor] = {}
        for variable, pair in zip(variables, summed, strict=True):
            if pair is not None:
                _check_no_constraint(variable)
                rows[self._var_key(variable)] = pair[0]
        with self._held.also(rows):
            yield [
                gradient if pair is None else pair[1]
                for gradient, pair in zip(gradients, summed, strict=True)
            ]

    def update_step(self, gradient: Tensor, variable: Any, learning_rate: Any) -> None:
        """Update one variable; Keras calls it.

        Args:
            gradient: `[n, ...]` if rows are held for the variable, else of its shape.
            variable: The variable.
            learning_rate: Scalar.
        """
        rows = self._held.rows.get(self._var_key(variable))
        index = self._get_variable_index(variable)
        targets = [self._trainable_variables[index], *self._slots[index]]
        dtype = targets[0].dtype
        gradient, learning_rate = ops.cast(gradient, dtype), ops.cast(learning_rate, dtype)
        if rows is None:
            self._update_all(gradient, learning_rate, targets)
        else:
            self._update_rows(gradient, learning_rate, targets, rows)

    def _update_all(self, gradient: Tensor, learning_rate: Tensor, targets: Sequence[Any]) -> None:
        values = [ops.convert_to_tensor(target) for target in targets]
        for target, new in zip(targets, self.new_values(gradient, learning_rate, *values), strict=True):
            self.assign(target, new)

    def _update_rows(
        self, gradient: Tensor, learning_rate: Tensor, targets: Sequence[Any], rows: Tensor
    ) -> None:
        values = [backend.gather_rows(target, rows) for target in targets]
        news = self.new_values(gradient, learning_rate, *values)
        if not self.is_noop_on_zero_gradient:
            axes = tuple(range(1, len(gradient.shape)))
            is_used = ops.any(ops.not_equal(gradient, 0), axis=axes, keepdims=True)
            news = [ops.where(is_used, new, value) for new, value in zip(news, values, strict=True)]
        for target, new in zip(targets, news, strict=True):
            backend.scatter_rows(target, rows, new)


@final
class HeldRows:
    """Rows of sparse gradients while they are applied, by the key of their variable."""

    def __init__(self) -> None:
        self.rows: dict[Any, Tensor] = {}

    @contextlib.contextmanager
    def also(self, rows: dict[Any, Tensor]) -> Iterator[None]:
        """Add rows inside the context."""
        before = self.rows
        self.rows = before | rows
        try:
            yield
        finally:
            self.rows = before


def _check_no_constraint(variable: Any) -> None:
    constraint = getattr(variable, "constraint", None)
    if constraint is not None:
        fix = "Normalize the looked-up vectors instead, or use an optimizer of keras.optimizers"
        requirement = "have no constraint, as it would update every row in each step"
        raise ArgumentError(must(variable.path, requirement, got=type(constraint).__name__, fix=fix))
