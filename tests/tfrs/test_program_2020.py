"""The programs of TensorFlow Recommenders' announcement and of its 0.7.7 README, with another import line.

MovieLens comes from our loader in place of TensorFlow Datasets, and string lookup is Keras' own layer, which
has left `experimental.preprocessing` since. Everything else stands as a user of 2020 would have it.
"""

from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import pytest

import shortlist.tfrs as tfrs
from shortlist.data import load_movielens

tf = pytest.importorskip("tensorflow")
pytestmark = pytest.mark.skipif(
    keras.config.backend() != "tensorflow", reason="strings in a dataset are TensorFlow's"
)


class Movielens(NamedTuple):
    """What TensorFlow Datasets gives: datasets of single examples."""

    ratings: Any
    movies: Any
    train: Any
    test: Any


@pytest.fixture(scope="module")
def movielens(movielens_directory: Path) -> Movielens:
    dataset = load_movielens("100k", movielens_directory)
    interactions = dataset.joined()
    columns = {"movie_title": interactions.column("title").tolist(), "user_id": interactions.users.tolist()}
    ratings = tf.data.Dataset.from_tensor_slices(columns)
    movies = tf.data.Dataset.from_tensor_slices(dataset.items["title"].to_pylist())
    shuffled = ratings.shuffle(100_000, seed=42, reshuffle_each_iteration=False)
    return Movielens(ratings, movies, shuffled.take(80_000), shuffled.skip(80_000).take(20_000))


def vocabulary_of(values: Any) -> Any:
    vocabulary = tf.keras.layers.StringLookup(mask_token=None)
    vocabulary.adapt(values.batch(1000))
    return vocabulary


class TwoTowerModel(tfrs.Model):
    """The first form: the model makes its towers."""

    def __init__(self, ratings: Any, movies: Any) -> None:
        super().__init__()
        users, titles = vocabulary_of(ratings.map(lambda x: x["user_id"])), vocabulary_of(movies)
        self.user_model = tf.keras.Sequential([users, tf.keras.layers.Embedding(users.vocabulary_size(), 32)])
        self.movie_model = tf.keras.Sequential(
            [titles, tf.keras.layers.Embedding(titles.vocabulary_size(), 32)]
        )
        self.task = tfrs.tasks.RetrievalTask(
            metrics=tfrs.metrics.FactorizedTopK(candidates=movies.batch(128).map(self.movie_model))
        )

    def compute_loss(self, features: Any, training: bool = False) -> Any:
        return self.task(self.user_model(features["user_id"]), self.movie_model(features["movie_title"]))


class MovieLensModel(tfrs.Model):
    """The form of 0.7.7: the towers and the task are handed in."""

    def __init__(self, user_model: Any, movie_model: Any, task: Any) -> None:
        super().__init__()
        self.user_model, self.movie_model, self.task = user_model, movie_model, task

    def compute_loss(self, features: Any, training: bool = False) -> Any:
        return self.task(self.user_model(features["user_id"]), self.movie_model(features["movie_title"]))


def test_first_form_with_the_settings_of_the_tutorial(movielens: Movielens) -> None:
    model = TwoTowerModel(movielens.ratings, movielens.movies)
    model.compile(optimizer=tf.keras.optimizers.Adagrad(0.1))
    model.fit(movielens.train.shuffle(100_000, seed=1).batch(8192).cache(), epochs=3, verbose=0)
    metrics = model.evaluate(movielens.test.batch(4096), return_dict=True, verbose=0)
    # 0.233 to 0.237 is what the original gets; a split and a start of our own move it by about as much.
    assert 0.225 < metrics["factorized_top_k/top_100_categorical_accuracy"] < 0.245

    index = tfrs.layers.ann.BruteForce(model.user_model)
    with pytest.warns(UserWarning, match="18 of 1682 candidates repeat an id"):
        index.index(movielens.movies.batch(100).map(model.movie_model), movielens.movies)
    _, titles = index(tf.constant(["42"]))
    scores = (
        keras.ops.convert_to_numpy(index.wrapped.vectors)
        @ np.asarray(model.user_model(tf.constant(["42"])))[0]
    )
    assert titles[0, 0].numpy().decode() == index.wrapped.ids[np.argmax(scores)].decode()


def test_form_of_0_7_7(movielens: Movielens) -> None:
    users, titles = (
        vocabulary_of(movielens.ratings.map(lambda x: x["user_id"])),
        vocabulary_of(movielens.movies),
    )
    user_model = tf.keras.Sequential([users, tf.keras.layers.Embedding(users.vocabulary_size(), 64)])
    movie_model = tf.keras.Sequential([titles, tf.keras.layers.Embedding(titles.vocabulary_size(), 64)])
    task = tfrs.tasks.Retrieval(
        metrics=tfrs.metrics.FactorizedTopK(movielens.movies.batch(128).map(movie_model))
    )
    model = MovieLensModel(user_model, movie_model, task)
    model.compile(optimizer=tf.keras.optimizers.Adagrad(0.5))
    history = model.fit(movielens.ratings.take(20_000).batch(1024), epochs=3, verbose=0).history
    assert history["loss"][0] > history["loss"][-1]
    assert list(history) == ["loss"]

    index = tfrs.layers.factorized_top_k.BruteForce(model.user_model)
    unique = movielens.movies.unique()
    index.index_from_dataset(unique.batch(100).map(lambda title: (title, model.movie_model(title))))
    _, recommended = index(np.array(["42"]))
    assert recommended.shape == (1, 10)
    _, shorter = index(np.array(["42"]), k=3)
    assert recommended[0, :3].numpy().tolist() == shorter[0].numpy().tolist()
