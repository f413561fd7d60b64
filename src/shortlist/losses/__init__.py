"""Losses of queries and candidates: objects with options that `tasks.Retrieval` composes with metrics."""

from shortlist.losses._bpr import BPR
from shortlist.losses._cosine_contrastive import CosineContrastive
from shortlist.losses._gbce import GBCE
from shortlist.losses._in_batch_softmax import InBatchSoftmax
from shortlist.losses._negative_sources import (
    ColumnNegatives,
    DrawContext,
    FrequencyNegatives,
    InBatchNegatives,
    IndexNegatives,
    NegativeSource,
    UniformNegatives,
)
from shortlist.losses._on_logits import OnLogits
from shortlist.losses._retrieval_loss import Negatives, RetrievalLoss, Vectors
from shortlist.losses._sampled_softmax import SampledSoftmax

__all__ = [
    "BPR",
    "GBCE",
    "ColumnNegatives",
    "CosineContrastive",
    "DrawContext",
    "FrequencyNegatives",
    "InBatchNegatives",
    "InBatchSoftmax",
    "IndexNegatives",
    "NegativeSource",
    "Negatives",
    "OnLogits",
    "RetrievalLoss",
    "SampledSoftmax",
    "UniformNegatives",
    "Vectors",
]
