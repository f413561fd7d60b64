"""Models: the base to write one's own from, and ready-made ones."""

from shortlist.models._batches import InteractionBatches
from shortlist.models._catalog import CatalogModel
from shortlist.models._encoded_files import encode_files
from shortlist.models._model import Model
from shortlist.models._saving import load_model
from shortlist.models._tabular import TabularModel
from shortlist.models._tower import Tower
from shortlist.models._two_tower import TwoTower

__all__ = [
    "CatalogModel",
    "InteractionBatches",
    "Model",
    "TabularModel",
    "Tower",
    "TwoTower",
    "encode_files",
    "load_model",
]
