"""Export an index as a SavedModel that runs without Shortlist."""

from typing import TYPE_CHECKING, Any

from shortlist.export._saved_model import saved_model

if TYPE_CHECKING:
    from shortlist.export.graph import ColumnGraphEncoder, EngineGraphEncoder, engine_to_graph, to_graph

__all__ = ["ColumnGraphEncoder", "EngineGraphEncoder", "engine_to_graph", "saved_model", "to_graph"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # Imported here, so that the other backends never load TensorFlow.
    from shortlist.export import graph

    return getattr(graph, name)
