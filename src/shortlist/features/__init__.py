"""From raw features to numbers: vocabularies, columns, the spec of the two towers, their layers."""

from shortlist.features.columns import Buckets, Categories, Category, Column, Number, Text
from shortlist.features.encoder import FeatureEncoder
from shortlist.features.lookup import Lookup
from shortlist.features.spec import FeatureSpec
from shortlist.features.vocabulary import Vocabulary
from shortlist.features.vocabulary_size import VocabularySize

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
