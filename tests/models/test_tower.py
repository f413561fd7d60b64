"""A tower next to the same computation by NumPy."""

from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from shortlist.data import Interactions
from shortlist.errors import FeatureError
from shortlist.features import Category, Column, Number
from shortlist.models import Tower, TwoTower

MOVIES = ["Heat", "Up", "Alien"]
PRICES = [1.0, 2.0, 6.0]


def columns() -> list[Column]:
    return [Category("movie").fit(MOVIES), Number("price").fit(PRICES)]


def to_numpy(tensor: Any) -> NDArray[Any]:
    return np.asarray(keras.ops.convert_to_numpy(keras.ops.convert_to_tensor(tensor)))


@pytest.mark.contract
def test_of_one_id_the_vector_is_its_embedding() -> None:
    tower = Tower([Category("movie").fit(MOVIES)], embedding_dim=4)
    vectors = to_numpy(tower(tower.prepare(["Up", "never met", "Up"])))
    (table,) = tower.get_weights()
    assert table.shape == (4, 4)
    np.testing.assert_array_equal(vectors, table[[2, 0, 2]])


@pytest.mark.contract
def test_dense_layers_over_all_columns() -> None:
    tower = Tower(columns(), embedding_dim=4, hidden_units=(5,))
    vectors = to_numpy(tower(tower.prepare({"movie": ["Up", "Alien"], "price": [2.0, 6.0]})))
    table, *dense = tower.get_weights()
    standardized = (np.array([2.0, 6.0]) - np.mean(PRICES)) / np.std(PRICES)
    inputs = np.concatenate([table[[2, 3]], standardized[:, None]], axis=1)
    hidden = np.maximum(inputs @ dense[0] + dense[1], 0)
    np.testing.assert_allclose(vectors, hidden @ dense[2] + dense[3], rtol=1e-4, atol=1e-6)


@pytest.mark.contract
def test_normalized_vectors_have_length_one() -> None:
    tower = Tower(columns(), embedding_dim=4, normalize=True)
    vectors = to_numpy(tower(tower.prepare({"movie": MOVIES, "price": PRICES})))
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), np.ones(3), rtol=1e-5)


@pytest.mark.contract
def test_vectors_of_any_size_are_normalized_except_zero() -> None:
    tower = Tower([Category("movie").fit(MOVIES)], embedding_dim=2, normalize=True)
    tower(tower.prepare(MOVIES))
    tower.set_weights([np.float32([[3, -4], [3e-20, -4e-20], [3e30, -4e30], [0, 0]])])
    vectors = to_numpy(tower(tower.prepare(["never met", *MOVIES])))
    np.testing.assert_allclose(vectors, [[0.6, -0.8], [0.6, -0.8], [0.6, -0.8], [0, 0]], rtol=1e-5)


@pytest.mark.contract
def test_a_zero_vector_has_a_finite_gradient() -> None:
    train = Interactions.from_table(
        {"user": ["ann", "bob"], "movie": ["Up", "Heat"]}, user="user", item="movie"
    )
    model = TwoTower.from_interactions(train, embedding_dim=4, temperature=0.1)
    model.compile(keras.optimizers.SGD(0.1))
    model.predict(train, verbose=0)
    (table,) = model.query_model.get_weights()
    model.query_model.set_weights([np.zeros_like(table)])
    model.fit(train, verbose=0)
    assert all(np.isfinite(weights).all() for weights in model.get_weights())


@pytest.mark.contract
def test_the_added_loss_is_the_mean_squared_length_of_the_batch() -> None:
    tower = Tower([Category("movie").fit(MOVIES)], embedding_dim=4, l2=0.1)
    vectors = to_numpy(tower(tower.prepare(["Up", "Up", "Heat"])))
    (added,) = tower.losses
    assert float(to_numpy(added)) == pytest.approx(0.1 * float((vectors**2).sum(axis=1).mean()), rel=1e-5)
    without = Tower([Category("movie").fit(MOVIES)], embedding_dim=4)
    without(without.prepare(["Up"]))
    assert without.losses == []


@pytest.mark.contract
def test_a_config_makes_a_tower_of_the_same_shapes() -> None:
    tower = Tower(columns(), embedding_dim=4, hidden_units=(5,), normalize=True, l2=0.1)
    tower(tower.prepare({"movie": MOVIES, "price": PRICES}))
    again = Tower.from_config(tower.get_config())
    again.build({"movie": (None,), "price": (None,)})
    assert [weight.shape for weight in again.get_weights()] == [
        weight.shape for weight in tower.get_weights()
    ]
    assert (again.normalize, again.l2) == (True, 0.1)


def test_a_missing_column_is_named() -> None:
    with pytest.raises(FeatureError, match="price"):
        Tower(columns(), embedding_dim=4).prepare({"movie": MOVIES})


def test_the_added_loss_is_of_the_vectors_that_come_out() -> None:
    tower = Tower([Category("movie").fit(["Up", "Heat"])], embedding_dim=4, normalize=True, l2=0.1)
    tower(tower.prepare(["Up", "Heat", "Up"]))
    (added,) = tower.losses
    assert float(keras.ops.convert_to_numpy(added)) == pytest.approx(0.1, rel=1e-5)  # of length 1 each
