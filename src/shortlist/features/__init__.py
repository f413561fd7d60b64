"""From raw features to numbers: vocabularies, columns, the spec of the two towers, their layers."""

from shortlist.features._encoder import FeatureEncoder
from shortlist.features._lookup import Lookup
from shortlist.features._spec import FeatureSpec
from shortlist.features._vocabulary import Vocabulary
from shortlist.features._vocabulary_size import VocabularySize
from shortlist.features.columns import Buckets, Categories, Category, Column, Number, Text

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
