"""A user's own column, one class in one file, is trained, saved, loaded and exported like ours."""

import importlib.util
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import shortlist as sl
from shortlist.errors import ArgumentError
from shortlist.features import Category, Column, FeatureSpec

pytestmark = pytest.mark.contract

OWN_COLUMN = """
import dataclasses

import keras
import numpy as np

from shortlist.features import Column


@keras.saving.register_keras_serializable("own_column")
@dataclasses.dataclass(frozen=True)
class Cyclic(Column):
    column: str
    period: float | None = None

    is_fitted = property(lambda self: self.period is not None)
    row_shape = (2,)

    def fit(self, values):
        return dataclasses.replace(self, period=float(np.max(values)))

    def encode(self, values):
        angles = 2 * np.pi * np.asarray(values, "float64") / self.period
        return np.stack([np.sin(angles), np.cos(angles)], axis=1).astype("float32")

    def to_layer(self, embedding_dim, **kwargs):
        return keras.layers.Dense(embedding_dim, **kwargs)

    def examples(self, num_values):
        return np.linspace(0, self.period, num_values)

    def get_config(self):
        return dataclasses.asdict(self)
"""

DATA = {
    "user": ["ann", "ann", "bob", "bob", "cat", "cat"],
    "hour": [1.0, 24.0, 6.0, 12.0, 18.0, 3.0],
    "film": ["Up", "Heat", "Up", "Alien", "Heat", "Alien"],
}
QUERIES = {"user": ["ann", "bob"], "hour": [2.0, 23.0]}


@pytest.fixture
def cyclic(tmp_path: Path) -> type[Column]:
    path = tmp_path / "own_column.py"
    path.write_text(OWN_COLUMN)
    spec = importlib.util.spec_from_file_location("own_column", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["own_column"] = module
    spec.loader.exec_module(module)
    return module.Cyclic


@pytest.fixture
def model(cyclic: type[Column]) -> sl.models.TwoTower:
    query = [Category("user"), cyclic("hour")]
    spec = FeatureSpec(query, [Category("film")], query_id="user", candidate_id="film").fit(DATA)
    keras.utils.set_random_seed(0)
    model = sl.models.TwoTower(spec, embedding_dim=4)
    model.compile()
    train = sl.data.Interactions.from_table(DATA, user="user", item="film")
    model.fit(train, epochs=1, verbose=0)
    return model


def test_it_is_saved_with_a_spec(model, tmp_path) -> None:
    model.spec.save(tmp_path / "spec")
    loaded = FeatureSpec.load(tmp_path / "spec")
    assert loaded.query == model.spec.query
    np.testing.assert_array_equal(
        loaded.encode_queries(QUERIES)["hour"], model.spec.encode_queries(QUERIES)["hour"]
    )


def test_a_new_process_loads_model_and_index(model, tmp_path, run_python) -> None:
    index = model.build_index()
    scores, films = index(QUERIES, k=3)
    model.save(tmp_path / "model.keras")
    index.save(tmp_path / "index.keras")
    run_python(
        f"""
import keras, numpy as np, own_column, shortlist as sl
for index in (sl.load_model("index.keras"), sl.load_model("model.keras").build_index()):
    scores, films = index({QUERIES!r}, k=3)
    assert films.tolist() == {films.tolist()!r}
    np.testing.assert_allclose(keras.ops.convert_to_numpy(scores), {scores.tolist()!r}, rtol=1e-5)
"""
    )


@pytest.mark.skipif(keras.config.backend() != "tensorflow", reason="artifacts are exported on TensorFlow")
def test_it_is_exported_once_its_graph_encoder_is_registered(model, cyclic, tmp_path) -> None:
    import tensorflow as tf

    with pytest.raises(ArgumentError, match="column class Cyclic must have a graph encoder"):
        sl.export.saved_model(model.build_index(), tmp_path / "before")

    @sl.export.to_graph.register(cyclic)
    class CyclicGraphEncoder(sl.export.ColumnGraphEncoder):
        raw_shape, raw_dtype = (None,), tf.float64

        def __init__(self, column):
            super().__init__()
            self.period = column.period

        def __call__(self, values):
            angles = 2 * np.pi * values / self.period
            return tf.cast(tf.stack([tf.sin(angles), tf.cos(angles)], axis=1), tf.float32)

    index = model.build_index()
    sl.export.saved_model(index, tmp_path / "exported")
