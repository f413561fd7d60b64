"""Graph encoders: the encoding of columns in core TensorFlow operations, for export."""

from shortlist.export.graph._columns import ColumnGraphEncoder, FeatureGraphEncoder, to_graph

__all__ = ["ColumnGraphEncoder", "FeatureGraphEncoder", "to_graph"]
