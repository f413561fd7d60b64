"""From raw features to numbers: vocabularies, columns, the spec of the two towers, their layers."""

from shortlist.features._encoder import FeatureEncoder
from shortlist.features._lookup import Lookup
from shortlist.features._spec import FeatureSpec
from shortlist.features.columns import Buckets, Categories, Category, Column, Number, Text
from shortlist.ids import Vocabulary, VocabularySize

__all__ = [
    "Buckets",
    "Categories",
    "Category",
    "Column",
    "FeatureEncoder",
    "FeatureSpec",
    "Lookup",
    "Number",
    "Text",
    "Vocabulary",
    "VocabularySize",
]
