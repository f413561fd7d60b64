"""Top-k search over candidates: exact in memory, exact over a stream, approximate in partitions."""

from shortlist.indexes.approximate import ApproximateIndex
from shortlist.indexes.base import Index
from shortlist.indexes.brute_force import BruteForce
from shortlist.indexes.partitioned import Partitioned
from shortlist.indexes.stored import StoredIndex
from shortlist.indexes.streaming import Streaming

__all__ = ["ApproximateIndex", "BruteForce", "Index", "Partitioned", "StoredIndex", "Streaming"]
