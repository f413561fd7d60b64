"""Approximate indexes backed by optional libraries, all with the same interface."""

from shortlist.indexes.adapters._annoy import Annoy
from shortlist.indexes.adapters._faiss import Faiss
from shortlist.indexes.adapters._scann import ScaNN
from shortlist.indexes.adapters._usearch import USearch

__all__ = ["Annoy", "Faiss", "ScaNN", "USearch"]
