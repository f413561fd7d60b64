"""Search candidates in memory: engines, filters, and a store of candidates that change.

Engines of this package search vectors by row number. `CandidateStore` adds ids, attributes and changes. It is
what `shortlist.indexes` wraps as Keras models, and what a server can use without Keras: only `ExactSpec` and
`PartitionedSpec`, loaded on first use, import Keras.
"""

import importlib
from typing import TYPE_CHECKING, Any

from shortlist.search._attributes import Attributes, Where
from shortlist.search._engine import Engine, EngineSpec
from shortlist.search._row_filter import RowFilter, meets
from shortlist.search._store import Answer, CandidateStore

if TYPE_CHECKING:
    from shortlist.search._exact import ExactSpec
    from shortlist.search.partitions import PartitionedSpec

__all__ = [
    "Answer",
    "Attributes",
    "CandidateStore",
    "Engine",
    "EngineSpec",
    "ExactSpec",
    "PartitionedSpec",
    "RowFilter",
    "Where",
    "meets",
]

_WITH_KERAS = {"ExactSpec": "shortlist.search._exact", "PartitionedSpec": "shortlist.search.partitions"}


def __getattr__(name: str) -> Any:
    if name in _WITH_KERAS:
        return getattr(importlib.import_module(_WITH_KERAS[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
