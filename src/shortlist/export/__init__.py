"""A model and its index as an artifact that runs without Shortlist."""

from shortlist.export._saved_model import saved_model

__all__ = ["saved_model"]
