"""Top-k search over candidates: exact in memory, exact over a stream."""

from shortlist.indexes.base import Index
from shortlist.indexes.brute_force import BruteForce
from shortlist.indexes.streaming import Streaming

__all__ = ["BruteForce", "Index", "Streaming"]
