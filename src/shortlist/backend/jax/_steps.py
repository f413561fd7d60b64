"""Stateless training and evaluation steps on JAX, and the dataset that feeds them."""

from typing import Any

import jax
import keras

from shortlist.backend._prefetch import PrefetchDataset
from shortlist.backend._row_wise import deduplicated_gradients, find_row_wise
from shortlist.backend.jax._row_gradients import gradients_by_rows

__all__ = ["as_dataset", "test_step", "train_step"]


def as_dataset(batches: Any) -> Any:
    return PrefetchDataset(batches)


def train_step(model: Any, *args: Any) -> Any:
    (trainable, non_trainable, optimizer_state, metric_state), batch = args

    def scaled_loss(trainable: Any) -> tuple[Any, Any]:
        total_loss, logs, moved = _run(model, (trainable, non_trainable, metric_state), batch, training=True)
        with keras.StatelessScope(zip(model.optimizer.variables, optimizer_state, strict=True)):
            return model.optimizer.scale_loss(total_loss), (logs, moved)

    if find_row_wise(model.optimizer) is None:
        gradients, (logs, moved) = jax.grad(scaled_loss, has_aux=True)(trainable)
    else:
        gradients, (logs, moved) = gradients_by_rows(scaled_loss, trainable, model.trainable_variables)
    with deduplicated_gradients(model.optimizer, gradients, model.trainable_variables) as tensors:
        trainable, optimizer_state = model.optimizer.stateless_apply(optimizer_state, tensors, trainable)
    return logs, (trainable, moved[0], optimizer_state, moved[1])


def test_step(model: Any, *args: Any) -> Any:
    state, batch = args
    _, logs, (non_trainable, metric_state) = _run(model, state, batch, training=False)
    return logs, (state[0], non_trainable, metric_state)


def _run(model: Any, state: tuple[Any, ...], batch: Any, *, training: bool) -> tuple[Any, Any, Any]:
    """Return the total loss, the metrics and the new non-trainable and metric variables."""
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
