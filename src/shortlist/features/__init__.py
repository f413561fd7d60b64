"""From raw features to numbers: vocabularies, columns, the spec of the two towers, and the layers that take them."""

from shortlist.features.columns import Category, Column
from shortlist.features.encoder import FeatureEncoder
from shortlist.features.spec import FeatureSpec
from shortlist.features.vocabulary import Vocabulary

__all__ = ["Category", "Column", "FeatureEncoder", "FeatureSpec", "Vocabulary"]
