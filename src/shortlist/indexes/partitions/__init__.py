"""Vectors in partitions of near ones, few of which a query looks at."""

from shortlist.indexes.partitions.engine import PartitionedEngine
from shortlist.indexes.partitions.layout import Partitions

__all__ = ["PartitionedEngine", "Partitions"]
