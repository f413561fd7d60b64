"""Top-k search over candidates: exact in memory or over a stream, approximate in partitions or a library."""

from shortlist.indexes.adapters import Annoy, Faiss, ScaNN, USearch
from shortlist.indexes.approximate import ApproximateIndex
from shortlist.indexes.base import Index
from shortlist.indexes.brute_force import BruteForce
from shortlist.indexes.partitioned import Partitioned
from shortlist.indexes.stored import StoredIndex
from shortlist.indexes.streaming import Streaming

__all__ = [
    "Annoy",
    "ApproximateIndex",
    "BruteForce",
    "Faiss",
    "Index",
    "Partitioned",
    "ScaNN",
    "StoredIndex",
    "Streaming",
    "USearch",
]
