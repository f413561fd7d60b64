"""Metrics over the whole catalog: one file per definition, for Keras and for NumPy arrays."""

from shortlist.metrics._factorized_top_k import FactorizedTopK

__all__ = ["FactorizedTopK"]
