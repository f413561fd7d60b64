"""Each kind of query model has its query side."""

import keras
import numpy as np
import pytest

from shortlist.errors import ArgumentError
from shortlist.export.queries._choice import query_graph_encoder
from shortlist.export.queries._keras_model import KerasQueries
from shortlist.export.queries._tower import TowerQueries
from shortlist.export.queries._vectors import VectorQueries
from shortlist.features import Category
from shortlist.indexes import BruteForce
from shortlist.models import Tower


@pytest.mark.parametrize(
    ("make_model", "expected"),
    [
        (lambda: None, VectorQueries),
        (lambda: Tower([Category("user").fit(["a"])], embedding_dim=2), TowerQueries),
        (lambda: keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]), KerasQueries),
    ],
)
def test_the_query_side_follows_the_model(make_model, expected):
    assert type(query_graph_encoder(BruteForce(make_model()).index(np.eye(2)))) is expected


def test_a_function_is_refused():
    with pytest.raises(ArgumentError, match="be a Keras layer or model, got function"):
        query_graph_encoder(BruteForce(lambda queries: queries).index(np.eye(2)))
