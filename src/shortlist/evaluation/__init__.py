"""Judging lists of recommended ids, whoever made them, beside popularity and chance."""

from shortlist.evaluation.baselines import Popularity, Random
from shortlist.evaluation.protocol import Recommend, evaluate, recommender
from shortlist.evaluation.report import Report, compare

__all__ = ["Popularity", "Random", "Recommend", "Report", "compare", "evaluate", "recommender"]
