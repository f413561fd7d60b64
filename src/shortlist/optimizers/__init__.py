"""Keras optimizers that update only the table rows that a batch used."""

from shortlist.optimizers._adagrad import Adagrad
from shortlist.optimizers._adam import Adam
from shortlist.optimizers._base import RowWise
from shortlist.optimizers._row_wise_adagrad import RowWiseAdagrad
from shortlist.optimizers._sgd import SGD

__all__ = ["SGD", "Adagrad", "Adam", "RowWise", "RowWiseAdagrad"]
