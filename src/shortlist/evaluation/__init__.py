"""Offline evaluation of ranked lists, from any source, with popularity and chance as baselines."""

from shortlist.evaluation._baselines import Popularity, Random
from shortlist.evaluation._protocol import Recommend, evaluate, recommender
from shortlist.evaluation._report import Report, compare

__all__ = ["Popularity", "Random", "Recommend", "Report", "compare", "evaluate", "recommender"]
