"""Metrics over the whole catalog: one file per definition, for Keras and for NumPy arrays."""

from shortlist.metrics._catalog_metric import CatalogMetric
from shortlist.metrics._coverage import coverage
from shortlist.metrics._factorized_top_k import FactorizedTopK
from shortlist.metrics._gini import gini
from shortlist.metrics._novelty import novelty

__all__ = ["CatalogMetric", "FactorizedTopK", "coverage", "gini", "novelty"]
