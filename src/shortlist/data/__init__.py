"""Interactions, checked once and then trusted, their splits and histories, and data sets."""

from shortlist.data._csv import CsvFormat
from shortlist.data._exclusions import repeated_rows
from shortlist.data._histories import Histories
from shortlist.data._interaction_files import InteractionFiles
from shortlist.data._interactions import Interactions
from shortlist.data._splits import leave_last_out, random_split, time_split
from shortlist.data.datasets import Dataset, SyntheticWorld, load_movielens, synthetic, synthetic_batches

__all__ = [
    "CsvFormat",
    "Dataset",
    "Histories",
    "InteractionFiles",
    "Interactions",
    "SyntheticWorld",
    "leave_last_out",
    "load_movielens",
    "random_split",
    "repeated_rows",
    "synthetic",
    "synthetic_batches",
    "time_split",
]
