"""The kinds of features that a `FeatureSpec` is declared from."""

from shortlist.features.columns.base import Column
from shortlist.features.columns.buckets import Buckets
from shortlist.features.columns.categories import Categories
from shortlist.features.columns.category import Category
from shortlist.features.columns.number import Number
from shortlist.features.columns.text import Text

__all__ = ["Buckets", "Categories", "Category", "Column", "Number", "Text"]
