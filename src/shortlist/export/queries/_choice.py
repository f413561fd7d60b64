"""Which query side an index needs."""

from typing import Any

import keras

from shortlist.errors import ArgumentError
from shortlist.export.queries._base import QueryGraphEncoder
from shortlist.export.queries._keras_model import KerasQueries
from shortlist.export.queries._tower import TowerQueries
from shortlist.export.queries._vectors import VectorQueries
from shortlist.indexes import StoredIndex
from shortlist.models import Tower
from shortlist.typing import Features

__all__ = ["query_graph_encoder"]


def query_graph_encoder(index: StoredIndex, example_inputs: Features | None = None) -> QueryGraphEncoder:
    """The query side of an index.

    Args:
        index: With candidates.
        example_inputs: Raw queries as the index takes them.

    Raises:
        ArgumentError: The query model is no Keras layer, or does not tell its inputs.
    """
    model: Any = index.query_model
    if model is None:
        return VectorQueries(index.dim, example_inputs)
    if isinstance(model, Tower):
        return TowerQueries(model, example_inputs)
    if isinstance(model, keras.Layer):
        return KerasQueries(model, example_inputs)
    raise ArgumentError(
        f"query_model: got a {type(model).__name__}, expected a Keras layer or model, whose variables can be "
        "exported: call it within one"
    )
