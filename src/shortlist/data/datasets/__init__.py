"""Data sets that are ready to load or to make."""

from shortlist.data.datasets._dataset import Dataset
from shortlist.data.datasets._movielens import load_movielens
from shortlist.data.datasets._synthetic import synthetic, synthetic_batches
from shortlist.data.datasets._world import SyntheticWorld

__all__ = ["Dataset", "SyntheticWorld", "load_movielens", "synthetic", "synthetic_batches"]
