"""One step of training and of evaluation on TensorFlow."""

from typing import Any

import tensorflow as tf

from shortlist.backend._row_wise import deduplicated_gradients

__all__ = ["test_step", "train_step"]


def train_step(model: Any, batch: Any) -> dict[str, Any]:
    """Descend once along the gradient of the model's total loss.

    Args:
        model: A `shortlist.Model`.
        batch: What one element of the training data holds.

    Returns:
        The model's metrics by name.
    """
    with tf.GradientTape() as tape:
        total_loss = model.total_loss(batch, training=True)
        scaled_loss = model.optimizer.scale_loss(total_loss)
    variables = model.trainable_weights
    with deduplicated_gradients(
        model.optimizer, tape.gradient(scaled_loss, variables), variables
    ) as gradients:
        model.optimizer.apply_gradients(zip(gradients, variables, strict=True))
    return model.get_metrics_result()


def test_step(model: Any, batch: Any) -> dict[str, Any]:
    """Compute the model's losses and metrics on one batch; nothing is learned.

    Args:
        model: A `shortlist.Model`.
        batch: What one element of the data holds.

    Returns:
        The model's metrics by name.
    """
    model.total_loss(batch, training=False)
    return model.get_metrics_result()
