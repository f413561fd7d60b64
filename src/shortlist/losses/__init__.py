"""Losses of queries and candidates: objects with options that `tasks.Retrieval` composes with metrics."""

from shortlist.losses._in_batch_softmax import InBatchSoftmax
from shortlist.losses._on_logits import OnLogits
from shortlist.losses._retrieval_loss import Negatives, RetrievalLoss, Vectors

__all__ = ["InBatchSoftmax", "Negatives", "OnLogits", "RetrievalLoss", "Vectors"]
