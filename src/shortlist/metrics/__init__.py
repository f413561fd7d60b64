"""Metrics over the whole catalogue."""

from shortlist.metrics.factorized_top_k import FactorizedTopK

__all__ = ["FactorizedTopK"]
