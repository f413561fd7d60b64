"""Engines backed by optional libraries. Needs no Keras."""

from shortlist.search.libraries._annoy import AnnoySpec
from shortlist.search.libraries._faiss import FaissSpec
from shortlist.search.libraries._library_engine import LibraryEngine, load_vectors
from shortlist.search.libraries._scann import ScaNNSpec
from shortlist.search.libraries._usearch import USearchSpec

__all__ = ["AnnoySpec", "FaissSpec", "LibraryEngine", "ScaNNSpec", "USearchSpec", "load_vectors"]
