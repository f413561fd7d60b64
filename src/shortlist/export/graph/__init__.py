"""Graph encoders: columns and engines in core TensorFlow operations, for export."""

from shortlist.export.graph._columns import ColumnGraphEncoder, FeatureGraphEncoder, to_graph
from shortlist.export.graph._engines import EngineGraphEncoder, engine_to_graph

__all__ = ["ColumnGraphEncoder", "EngineGraphEncoder", "FeatureGraphEncoder", "engine_to_graph", "to_graph"]
