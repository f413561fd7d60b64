"""Vectors in partitions of near ones, few of which a query looks at."""

from shortlist.indexes.partitions._engine import PartitionedEngine
from shortlist.indexes.partitions._layout import Partitions

__all__ = ["PartitionedEngine", "Partitions"]
