"""Data sets that are ready to load or to make."""

from shortlist.data.datasets.dataset import Dataset
from shortlist.data.datasets.movielens import load_movielens

__all__ = ["Dataset", "load_movielens"]
