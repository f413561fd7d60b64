"""Evaluation lists of recommended ids, whoever made them, next to popularity and chance."""

from shortlist.evaluation._baselines import Popularity, Random
from shortlist.evaluation._protocol import Recommend, evaluate, recommender
from shortlist.evaluation._report import Report, compare

__all__ = ["Popularity", "Random", "Recommend", "Report", "compare", "evaluate", "recommender"]
