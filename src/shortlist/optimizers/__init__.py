"""Keras optimizers that touch only the rows of a table that a batch used."""

from shortlist.optimizers.adagrad import Adagrad
from shortlist.optimizers.adam import Adam
from shortlist.optimizers.base import RowWise
from shortlist.optimizers.row_wise_adagrad import RowWiseAdagrad
from shortlist.optimizers.sgd import SGD

__all__ = ["SGD", "Adagrad", "Adam", "RowWise", "RowWiseAdagrad"]
