"""Losses that are more than a formula: computed in pieces, with gradients of their own."""

from shortlist.losses._in_batch_softmax import in_batch_softmax

__all__ = ["in_batch_softmax"]
