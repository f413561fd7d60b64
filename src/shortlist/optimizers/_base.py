"""What the row-wise optimizers share: where gradients meet rows."""

import contextlib
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, final

import keras
from keras import ops

from shortlist import backend
from shortlist.errors import ArgumentError
from shortlist.typing import Shape, Tensor

__all__ = ["RowWise", "Slot"]

_INSTEAD = {
    "weight_decay": "for L2 on the rows of a batch add a loss on its vectors, such as Tower(l2=...)",
    "use_ema": "average checkpoints, or use an optimizer of keras.optimizers",
    "gradient_accumulation_steps": "take a larger batch, or an optimizer of keras.optimizers",
}


@final
class Slot:
    """What an optimizer keeps for each variable.

    Args:
        name: Its name.
        initial_value: What it starts from.
        is_per_row: Whether a row has one number, `[num_rows, 1, ...]`, instead of the variable's shape.
    """

    def __init__(self, name: str, initial_value: float = 0.0, *, is_per_row: bool = False) -> None:
        self.name, self.initial_value, self.is_per_row = name, initial_value, is_per_row

    def shape(self, variable_shape: Shape) -> Shape:
        """The slot's shape for a variable of `variable_shape`."""
        if not self.is_per_row:
            return variable_shape
        return (*variable_shape[:1], *(1 for _ in variable_shape[1:]))


class RowWise(keras.optimizers.Optimizer):
    """An optimizer that touches only the rows of a table that a batch used. Abstract.

    The gradient of a table that was read by `shortlist.layers.Embedding` comes as rows and one gradient for
    each, in which all that the batch says about the row is summed. These rows, and what the optimizer keeps
    for them, change by the formula of the subclass; all others stay as they are, bit by bit. A row whose
    summed gradient is zero, such as one that was only padding, was not used.

    A gradient that comes dense, such as that of a dense layer or of a table with a regularizer, changes the
    whole variable by the same formula. So does that of `keras.layers.Embedding` on JAX and PyTorch; on
    TensorFlow it comes by rows, but the layer reads the whole table.

    Clipping sees the summed gradients, and gives what it would give for the dense one.

    Args:
        learning_rate: A float, a schedule or a function, as in Keras.
        **options: `name`, `clipnorm`, `clipvalue`, `global_clipnorm` and `loss_scale_factor`, as in Keras.

    Raises:
        ArgumentError: `weight_decay`, `use_ema` or `gradient_accumulation_steps`, which change every row.
    """

    def __init__(self, learning_rate: Any, **options: Any) -> None:
        for name, instead in _INSTEAD.items():
            if options.get(name):
                raise ArgumentError(
                    f"{type(self).__name__}: got {name}={options[name]!r}, which changes every row of a "
                    f"table at each step; {instead}."
                )
        super().__init__(learning_rate=learning_rate, **options)
        self._held = HeldRows()

    @property
    def is_noop_on_zero_gradient(self) -> bool:
        """Whether the formula changes nothing where the gradient is zero, so that such rows need no guard."""
        return False

    @abstractmethod
    def slots(self) -> Sequence[Slot]:
        """What is kept for each variable."""

    @abstractmethod
    def new_values(
        self, gradient: Tensor, learning_rate: Tensor, value: Tensor, *slots: Tensor
    ) -> Sequence[Tensor]:
        """The formula: what a variable and its slots become, elementwise in the rows.

        Args:
            gradient: `[n, ...]`, as all that follow, of the variable's dtype.
            learning_rate: A scalar of that dtype.
            value: Of the variable, or of those of its rows that are used.
            *slots: What `slots` names, of the same rows.

        Returns:
            The new value, and the new slots in their order.
        """

    def build(self, variables: Sequence[keras.Variable]) -> None:
        """Make the slots of each variable (called by Keras).

        Args:
            variables: What will be trained.
        """
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
        """Change variables along their gradients (called by Keras and by the training step).

        Args:
            grads: One for each variable; dense, or sparse as the backend gives them.
            trainable_variables: The variables; all those it was built for when None.
        """
        if trainable_variables is None and not self.built:
            super().apply(grads)  # which says what is missing
        variables = self._trainable_variables if trainable_variables is None else list(trainable_variables)
        with self.holding_rows(grads, variables) as tensors:
            super().apply(tensors, trainable_variables)

    @contextlib.contextmanager
    def holding_rows(self, gradients: Sequence[Any], variables: Sequence[Any]) -> Iterator[list[Any]]:
        """Sum sparse gradients by row, and know the rows until the context is left.

        What Keras does to gradients, scaling and clipping, it does to tensors; so it is given the summed
        gradients `[n, ...]` as if they were those of the variable.

        Args:
            gradients: One for each variable; dense, sparse or None.
            variables: The variables.

        Yields:
            The gradients as tensors.

        Raises:
            ArgumentError: A table has a constraint.
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
        """Change one variable (called by Keras).

        Args:
            gradient: `[n, ...]` where rows are held for the variable, else of its shape.
            variable: The variable.
            learning_rate: A scalar.
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
    """The rows of tables while their gradients are applied, by the key of the variable."""

    def __init__(self) -> None:
        self.rows: dict[Any, Tensor] = {}

    @contextlib.contextmanager
    def also(self, rows: dict[Any, Tensor]) -> Iterator[None]:
        """Know these rows too, until the context is left."""
        before = self.rows
        self.rows = before | rows
        try:
            yield
        finally:
            self.rows = before


def _check_no_constraint(variable: Any) -> None:
    if getattr(variable, "constraint", None) is not None:
        raise ArgumentError(
            f"{variable.path}: got the constraint {type(variable.constraint).__name__}, which changes every "
            "row of the table at each step; leave it out and normalize the looked-up vectors, or use an "
            "optimizer of keras.optimizers."
        )
