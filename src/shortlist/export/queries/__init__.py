"""Query side of an exported index: raw features by name to query vectors, in a graph."""

__all__: list[str] = []  # modules are imported singly, after checking for TensorFlow
