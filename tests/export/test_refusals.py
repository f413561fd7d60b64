"""What cannot be exported, or not as it should be, is refused, and nothing of it stays on the disk."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from shortlist.errors import ArgumentError, ArtifactError, MissingExtraError, NotIndexedError
from shortlist.export import saved_model
from shortlist.features import Category
from shortlist.indexes import BruteForce, Streaming
from shortlist.models import Tower

VECTORS = np.random.default_rng(0).normal(size=(8, 4)).astype("float32")


class RandomQueries(keras.layers.Layer):
    """Gives other vectors each time, as nothing that is exported may."""

    def __init__(self):
        super().__init__()
        self.seeds = keras.random.SeedGenerator(0)

    def call(self, queries):
        return queries + keras.random.normal(keras.ops.shape(queries), seed=self.seeds)


class BorrowedVariable(keras.layers.Layer):
    """Uses a variable that it does not hold."""

    def call(self, queries):
        return queries * BORROWED


BORROWED = tf.Variable(2.0)


class PythonQueries(keras.layers.Layer):
    """Calls back into Python, which a server does not have."""

    def call(self, queries):
        return tf.ensure_shape(tf.py_function(lambda x: x, [queries], tf.float32), (None, 4))


def vectors_index(model=None) -> BruteForce:
    return BruteForce(model, k=2).index(VECTORS)


def test_nothing_stays_of_an_export_that_breaks_in_the_middle(tmp_path, monkeypatch):
    save = tf.saved_model.save

    def save_and_break(*args, **kwargs):
        save(*args, **kwargs)
        raise OSError("disk full")

    monkeypatch.setattr(tf.saved_model, "save", save_and_break)
    with pytest.raises(OSError, match="disk full"):
        saved_model(vectors_index(), tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (RandomQueries, "signature .* must return"),
        (PythonQueries, "EagerPyFunc"),
        (BorrowedVariable, "attributes of layers"),
    ],
)
def test_what_answers_otherwise_or_not_at_all_on_a_server_is_not_published(tmp_path, layer, message):
    index = vectors_index(layer())
    with pytest.raises(ArtifactError, match=message):
        saved_model(index, tmp_path / "model", example_inputs=VECTORS[:3])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("index", "error", "message"),
    [
        (BruteForce(), NotIndexedError, "must hold candidates, got none"),
        (Streaming(), ArgumentError, "BruteForce or Partitioned, got Streaming"),
        (tf.Module(), ArgumentError, "Export model.build_index"),
        (vectors_index(RandomQueries()), ArgumentError, "pass example_inputs"),
    ],
)
def test_what_cannot_be_exported_is_refused(tmp_path, index, error, message):
    with pytest.raises(error, match=message):
        saved_model(index, tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("k", [0, -1, 1.5, True])
def test_a_k_that_is_none_is_refused(tmp_path, k):
    with pytest.raises(ArgumentError, match="k must be an integer >= 1, got"):
        saved_model(vectors_index(), tmp_path / "model", k=k)


def test_a_feature_whose_name_no_signature_can_have_is_named(tmp_path):
    index = vectors_index(Tower([Category("user id").fit(["a"])], embedding_dim=4))
    with pytest.raises(ArgumentError, match="'user id' must be named"):
        saved_model(index, tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_without_tensorflow_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'shortlist\[tensorflow\]'"):
        saved_model(vectors_index(), tmp_path / "model")
