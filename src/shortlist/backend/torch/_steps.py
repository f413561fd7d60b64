"""Training and evaluation steps on PyTorch, and the dataset that feeds them."""

from typing import Any

import torch

from shortlist.backend._prefetch import PrefetchDataset
from shortlist.backend._row_wise import deduplicated_gradients, find_row_wise
from shortlist.backend.torch._rows import sparse_gradients
from shortlist.errors import BackendError, must

__all__ = ["as_dataset", "check_replicas", "test_step", "train_step"]


def check_replicas(model: Any) -> None:
    # Refuse a process group: gradients are not synchronized and negatives stay local to each process.
    group = torch.distributed
    processes = group.get_world_size() if group.is_available() and group.is_initialized() else 1
    if processes > 1:
        fix = "Use one process, or the JAX backend with keras.distribution.DataParallel"
        raise BackendError(must(type(model).__name__, "run in 1 process", got=processes, fix=fix))


def as_dataset(batches: Any) -> Any:
    return PrefetchDataset(batches)


def train_step(model: Any, *args: Any) -> Any:
    (batch,) = args
    model.zero_grad()
    with sparse_gradients(find_row_wise(model.optimizer) is not None):
        total_loss = model.total_loss(batch, training=True)
    model.optimizer.scale_loss(total_loss).backward()
    variables = model.trainable_weights
    gradients = [variable.value.grad for variable in variables]
    with torch.no_grad(), deduplicated_gradients(model.optimizer, gradients, variables) as tensors:
        model.optimizer.apply(tensors, variables)
    return model.get_metrics_result()


def test_step(model: Any, *args: Any) -> Any:
    (batch,) = args
    with torch.no_grad():
        model.total_loss(batch, training=False)
    return model.get_metrics_result()
