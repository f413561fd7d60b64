"""Stateless training and evaluation steps on JAX, and the dataset that feeds them."""

from typing import Any

import jax
import keras

from shortlist.backend._prefetch import PrefetchDataset
from shortlist.backend._row_wise import deduplicated_gradients, find_row_wise
from shortlist.backend.jax._row_gradients import gradients_by_rows
from shortlist.errors import BackendError, must

__all__ = ["as_dataset", "check_replicas", "test_step", "train_step"]


def check_replicas(model: Any) -> None:
    # Refuse a model that was created before the distribution: its variables live on one device.
    distribution = keras.distribution.distribution()
    if distribution is None:
        return
    num_devices = distribution.device_mesh.devices.size
    variables = [*model.variables, *(model.optimizer.variables if model.optimizer else [])]
    local = [variable for variable in variables if len(variable.value.sharding.device_set) < num_devices]
    if local:
        raise BackendError(
            must(
                type(model).__name__,
                "be created after keras.distribution.set_distribution()",
                got=f"{len(local)} of {len(variables)} variables on fewer than {num_devices} devices",
                fix="Set the distribution before you create the model and its optimizer",
            )
        )


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
