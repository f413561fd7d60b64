"""The kinds of features that a `FeatureSpec` is declared from."""

from shortlist.features.columns._base import Column
from shortlist.features.columns._buckets import Buckets
from shortlist.features.columns._categories import Categories
from shortlist.features.columns._category import Category
from shortlist.features.columns._number import Number
from shortlist.features.columns._text import Text

__all__ = ["Buckets", "Categories", "Category", "Column", "Number", "Text"]
