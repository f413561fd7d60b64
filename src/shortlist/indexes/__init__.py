"""Top-k search over candidates: exact in memory or over a stream, approximate in partitions or a library."""

from shortlist.indexes._approximate import ApproximateIndex
from shortlist.indexes._base import Index
from shortlist.indexes._brute_force import BruteForce
from shortlist.indexes._partitioned import Partitioned
from shortlist.indexes._stored import StoredIndex
from shortlist.indexes._streaming import Streaming
from shortlist.indexes.adapters import Annoy, Faiss, ScaNN, USearch

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
