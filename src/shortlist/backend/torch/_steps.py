"""One step of training and of evaluation on PyTorch."""

from typing import Any

import torch

from shortlist.backend._row_wise import deduplicated_gradients, find_row_wise
from shortlist.backend.torch._rows import differentiating_by_rows

__all__ = ["test_step", "train_step"]


def train_step(model: Any, batch: Any) -> dict[str, Any]:
    """Descend once along the gradient of the model's total loss.

    Args:
        model: A `shortlist.Model`.
        batch: What one element of the training data holds.

    Returns:
        The model's metrics by name.
    """
    model.zero_grad()
    with differentiating_by_rows(find_row_wise(model.optimizer) is not None):
        total_loss = model.total_loss(batch, training=True)
    model.optimizer.scale_loss(total_loss).backward()
    variables = model.trainable_weights
    gradients = [variable.value.grad for variable in variables]
    with torch.no_grad(), deduplicated_gradients(model.optimizer, gradients, variables) as tensors:
        model.optimizer.apply(tensors, variables)
    return model.get_metrics_result()


def test_step(model: Any, batch: Any) -> dict[str, Any]:
    """Compute the model's losses and metrics on one batch; nothing is learned.

    Args:
        model: A `shortlist.Model`.
        batch: What one element of the data holds.

    Returns:
        The model's metrics by name.
    """
    with torch.no_grad():
        model.total_loss(batch, training=False)
    return model.get_metrics_result()
