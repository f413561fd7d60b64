"""Search by other libraries, behind the interface of every index; each is an extra."""

from shortlist.indexes.adapters.annoy import Annoy
from shortlist.indexes.adapters.faiss import Faiss
from shortlist.indexes.adapters.scann import ScaNN
from shortlist.indexes.adapters.usearch import USearch

__all__ = ["Annoy", "Faiss", "ScaNN", "USearch"]
