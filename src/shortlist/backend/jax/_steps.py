"""One step of training and of evaluation on JAX, where state goes in and comes out."""

from typing import Any

import jax
import keras

from shortlist.backend._row_wise import deduplicated_gradients, find_row_wise
from shortlist.backend.jax._row_gradients import gradients_by_rows

__all__ = ["test_step", "train_step"]


def train_step(model: Any, state: tuple[Any, ...], batch: Any) -> tuple[dict[str, Any], tuple[Any, ...]]:
    """Descend once along the gradient of the model's total loss.

    Args:
        model: A `shortlist.Model`.
        state: Values of the trainable, non-trainable, optimizer and metric variables.
        batch: What one element of the training data holds.

    Returns:
        The model's metrics by name, and the new state.
    """
    trainable, non_trainable, optimizer_state, metric_state = state

    def scaled_loss(trainable: Any) -> tuple[Any, Any]:
        total_loss, logs, moved = _run(model, (trainable, non_trainable, metric_state), batch, training=True)
        with keras.StatelessScope(zip(model.optimizer.variables, optimizer_state, strict=True)):
            return model.optimizer.scale_loss(total_loss), (logs, moved)

    gradients, (logs, (non_trainable, metric_state)) = _gradients(model, scaled_loss, trainable)
    with deduplicated_gradients(model.optimizer, gradients, model.trainable_variables) as tensors:
        trainable, optimizer_state = model.optimizer.stateless_apply(optimizer_state, tensors, trainable)
    return logs, (trainable, non_trainable, optimizer_state, metric_state)


def _gradients(model: Any, loss: Any, trainable: Any) -> tuple[Any, Any]:
    if find_row_wise(model.optimizer) is None:
        return jax.grad(loss, has_aux=True)(trainable)
    return gradients_by_rows(loss, trainable, model.trainable_variables)


def test_step(model: Any, state: tuple[Any, ...], batch: Any) -> tuple[dict[str, Any], tuple[Any, ...]]:
    """Compute the model's losses and metrics on one batch; nothing is learned.

    Args:
        model: A `shortlist.Model`.
        state: Values of the trainable, non-trainable and metric variables.
        batch: What one element of the data holds.

    Returns:
        The model's metrics by name, and the new state.
    """
    _, logs, (non_trainable, metric_state) = _run(model, state, batch, training=False)
    return logs, (state[0], non_trainable, metric_state)


def _run(model: Any, state: tuple[Any, ...], batch: Any, *, training: bool) -> tuple[Any, Any, Any]:
    groups = (model.trainable_variables, model.non_trainable_variables, model.metrics_variables)
    mapping = [
        pair
        for variables, values in zip(groups, state, strict=True)
        for pair in zip(variables, values, strict=True)
    ]
    with keras.StatelessScope(mapping, collect_losses=True) as scope:
        total_loss = model.total_loss(batch, training=training)
        logs = model.get_metrics_result()
    moved = tuple([_current(scope, variable) for variable in variables] for variables in groups[1:])
    return total_loss, logs, moved


def _current(scope: keras.StatelessScope, variable: Any) -> Any:
    value = scope.get_current_value(variable)
    return variable.value if value is None else value
