"""Inverted file search: cluster vectors into partitions and search the nearest ones."""

from shortlist.search.partitions._engine import PartitionedEngine, PartitionedSpec
from shortlist.search.partitions._layout import Partitions

__all__ = ["PartitionedEngine", "PartitionedSpec", "Partitions"]
