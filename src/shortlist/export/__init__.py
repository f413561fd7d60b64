"""Export an index as a SavedModel that runs without Shortlist."""

from shortlist.export._saved_model import saved_model

__all__ = ["saved_model"]
