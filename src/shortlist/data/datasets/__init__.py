"""Data sets that are ready to load or to make."""

from shortlist.data.datasets.dataset import Dataset
from shortlist.data.datasets.movielens import load_movielens
from shortlist.data.datasets.synthetic import synthetic, synthetic_batches
from shortlist.data.datasets.world import SyntheticWorld

__all__ = ["Dataset", "SyntheticWorld", "load_movielens", "synthetic", "synthetic_batches"]
