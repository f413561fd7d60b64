"""Interactions, checked once and then trusted, and what is made of them before training."""

from shortlist.data.datasets import Dataset, load_movielens
from shortlist.data.interactions import Interactions
from shortlist.data.splits import leave_last_out, random_split, time_split

__all__ = ["Dataset", "Interactions", "leave_last_out", "load_movielens", "random_split", "time_split"]
