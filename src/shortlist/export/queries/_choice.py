"""Choose the query side of an index."""

from typing import Any

import keras

from shortlist.errors import ArgumentError, must
from shortlist.export.queries._base import QueryGraphEncoder
from shortlist.export.queries._keras_model import KerasQueries
from shortlist.export.queries._tower import TowerQueries
from shortlist.export.queries._vectors import VectorQueries
from shortlist.indexes import StoredIndex
from shortlist.models import Tower
from shortlist.models._catalog import ModelQueryEncoder
from shortlist.typing import Features

__all__ = ["query_graph_encoder"]


def query_graph_encoder(index: StoredIndex, example_inputs: Features | None = None) -> QueryGraphEncoder:
    """Return the graph encoder for the queries of an index.

    Raises:
        ArgumentError: If the query model is not a Keras layer, or its inputs are unknown.
    """
    model: Any = index.query_model
    if model is None:
        return VectorQueries(index.dim, example_inputs)
    if isinstance(model, Tower | ModelQueryEncoder):
        return TowerQueries(model, example_inputs)
    if isinstance(model, keras.Layer):
        return KerasQueries(model, example_inputs)
    fix = "Call it in a Keras layer, whose variables can be exported"
    raise ArgumentError(must("query_model", "be a Keras layer or model", got=type(model).__name__, fix=fix))
