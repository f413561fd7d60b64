"""Models: the base to write one's own from, and ready-made ones."""

from shortlist.models.batches import InteractionBatches
from shortlist.models.encoded_files import encode_files
from shortlist.models.model import Model
from shortlist.models.saving import load_model
from shortlist.models.tower import Tower
from shortlist.models.two_tower import TwoTower

__all__ = ["InteractionBatches", "Model", "Tower", "TwoTower", "encode_files", "load_model"]
