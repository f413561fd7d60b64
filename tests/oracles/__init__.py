"""Slow, short, independent answers to compare the library's code with: NumPy and plain Python, float64."""
