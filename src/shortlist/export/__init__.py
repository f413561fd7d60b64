"""Export an index as a SavedModel that runs without Shortlist."""

from typing import TYPE_CHECKING, Any

from shortlist.export._saved_model import saved_model

if TYPE_CHECKING:
    from shortlist.export.graph import ColumnGraphEncoder, to_graph

__all__ = ["ColumnGraphEncoder", "saved_model", "to_graph"]


def __getattr__(name: str) -> Any:
    if name not in ("ColumnGraphEncoder", "to_graph"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # Imported here, so that the other backends never load TensorFlow.
    from shortlist.export import graph

    return getattr(graph, name)
