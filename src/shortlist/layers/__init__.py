"""Keras layers to build towers and tasks from."""

from shortlist.layers._embedding import Embedding
from shortlist.layers._mean_embedding import MeanEmbedding
from shortlist.layers._mlp import MLP
from shortlist.layers._streaming_frequency import StreamingFrequency

__all__ = ["MLP", "Embedding", "MeanEmbedding", "StreamingFrequency"]
