"""Metrics over the whole catalog."""

from shortlist.metrics._factorized_top_k import FactorizedTopK

__all__ = ["FactorizedTopK"]
