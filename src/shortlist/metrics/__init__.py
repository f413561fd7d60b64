"""Metrics over the whole catalog: one file per definition, for Keras and for NumPy arrays."""

from shortlist.metrics._catalog_metric import CatalogMetric
from shortlist.metrics._coverage import coverage
from shortlist.metrics._factorized_top_k import FactorizedTopK
from shortlist.metrics._gini import gini
from shortlist.metrics._novelty import novelty
from shortlist.metrics._ranking import RankingMetric
from shortlist.metrics._true_ranks import TrueRanks

__all__ = ["CatalogMetric", "FactorizedTopK", "RankingMetric", "TrueRanks", "coverage", "gini", "novelty"]
