"""The kinds of features that a `FeatureSpec` is declared from."""

from shortlist.features.columns.base import Column
from shortlist.features.columns.category import Category

__all__ = ["Category", "Column"]
