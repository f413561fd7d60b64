"""Contracts of Shortlist's classes and yours, checked without a test framework."""

from shortlist.testing._indexes import check_index
from shortlist.testing._losses import check_loss
from shortlist.testing._saved import check_saved

__all__ = ["check_index", "check_loss", "check_saved"]
