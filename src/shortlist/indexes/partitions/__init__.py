"""Inverted file search: cluster vectors into partitions and search the nearest ones."""

from shortlist.indexes.partitions._engine import PartitionedEngine
from shortlist.indexes.partitions._layout import Partitions

__all__ = ["PartitionedEngine", "Partitions"]
