"""What an exported index is asked with: raw features by name, turned into query vectors in a graph."""

__all__: list[str] = []  # modules are imported one by one, by what has made sure that TensorFlow is here
