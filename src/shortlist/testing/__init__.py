"""Contracts of Shortlist's classes and yours, checked without a test framework."""

from shortlist.testing._columns import check_column
from shortlist.testing._indexes import check_index
from shortlist.testing._layers import check_layer
from shortlist.testing._losses import check_loss
from shortlist.testing._models import check_model
from shortlist.testing._optimizers import check_optimizer
from shortlist.testing._saved import check_saved
from shortlist.testing._tasks import check_metric, check_task

__all__ = [
    "check_column",
    "check_index",
    "check_layer",
    "check_loss",
    "check_metric",
    "check_model",
    "check_optimizer",
    "check_saved",
    "check_task",
]
