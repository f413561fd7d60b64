"""Keras layers to build towers and tasks from."""

from shortlist.layers.embedding import Embedding
from shortlist.layers.mlp import MLP
from shortlist.layers.streaming_frequency import StreamingFrequency

__all__ = ["MLP", "Embedding", "StreamingFrequency"]
