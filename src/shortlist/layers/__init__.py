"""Keras layers to build towers and tasks from."""

from shortlist.layers._embedding import Embedding
from shortlist.layers._mlp import MLP
from shortlist.layers._streaming_frequency import StreamingFrequency

__all__ = ["MLP", "Embedding", "StreamingFrequency"]
