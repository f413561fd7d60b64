"""Base class of indexes: `k`, query encoding, and query models saved and restored."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pyarrow as pa
import pytest

from shortlist.errors import ArgumentError, ArtifactError
from shortlist.features import Lookup, Vocabulary
from shortlist.indexes import BruteForce, Index
from shortlist.models import load_model
from shortlist.search._requests import check_k

BACKEND = keras.config.backend()


@pytest.mark.contract
def test_k_is_a_whole_number_of_at_least_one() -> None:
    assert check_k(np.int64(3)) == 3
    assert type(check_k(np.int64(3))) is int
    for k in (0, -1, 1.0, True, None, "3"):
        with pytest.raises(ArgumentError, match="k must be an integer >= 1, got"):
            check_k(k)


class Named(keras.layers.Layer):
    """Query model with a `prepare` method."""

    def prepare(self, raw: dict[str, Any]) -> Any:
        return np.float32([[float(one)] for one in raw["number"]])

    def call(self, vectors: Any) -> Any:
        return vectors * 2.0


@pytest.mark.contract
def test_a_query_model_that_prepares_is_given_raw_features() -> None:
    index = BruteForce(Named(), k=1).index(np.float32([[3]]))
    scores, _ = index({"number": ["1", "2"]})
    assert scores.tolist() == [[6], [12]]


@pytest.mark.contract
def test_a_query_model_gets_lists_and_dicts_as_tensors() -> None:
    table = keras.layers.Embedding(3, 2, embeddings_initializer="ones")
    index = BruteForce(lambda features: table(features["user"]), k=1).index(np.float32([[1, 2]]))
    assert index({"user": [0, 2]})[0].tolist() == [[3], [3]]


def takers_of_rows() -> dict[str, tuple[keras.Layer, Callable[[list[Any]], Any]]]:
    """Return layers of every kind that look up one of three rows, with the form of their input."""
    bare, table = keras.layers.Embedding(3, 2), keras.layers.Embedding(3, 2)
    rows, named = keras.Input((), dtype="int32"), keras.Input((), dtype="int32", name="user")
    return {
        "embedding": (bare, list),
        "sequential": (keras.Sequential([table]), np.array),
        "functional": (keras.Model(rows, table(rows)), np.array),
        "by name": (keras.Model({"user": named}, table(named)), lambda rows: {"user": rows}),
    }


@pytest.mark.contract
@pytest.mark.skipif(BACKEND == "tensorflow", reason="text stays text there, which Keras' layers refuse")
@pytest.mark.parametrize("taker", takers_of_rows())
@pytest.mark.parametrize("text", [["2"], [b"2"], ["ann"], []])
def test_text_is_no_row_though_it_be_of_digits(taker: str, text: list[Any]) -> None:
    # JAX would parse the digits and look up row 2.
    model, given = takers_of_rows()[taker]
    index = BruteForce(model, k=1).index(np.float32([[1, 2]]))
    assert index(given([2]))[0].shape == (1, 1)
    queries = given(text) if text else np.array([], dtype=str)
    with pytest.raises(
        ArgumentError, match="queries must be numbers for the query model .*, got text such as"
    ):
        index(queries)


class LooksUp(keras.layers.Layer):
    """Look up ids before Keras converts them."""

    def __init__(self) -> None:
        super().__init__()
        self.lookup, self.table = Lookup(Vocabulary(["3", "7"])), keras.layers.Embedding(3, 2)

    def __call__(self, ids: Any) -> Any:
        return super().__call__(self.lookup(ids))

    def call(self, rows: Any) -> Any:
        return self.table(rows)


@pytest.mark.contract
@pytest.mark.parametrize("make", [list, np.array, lambda ids: np.array(ids, dtype=object)])
def test_text_stays_text_for_a_query_model_that_takes_it(make: Callable[[list[str]], Any]) -> None:
    layer = LooksUp()
    expected = keras.ops.convert_to_numpy(layer.table(np.array([2, 1, 0])))
    for model in (layer, lambda ids: layer.table(layer.lookup(ids))):
        np.testing.assert_array_equal(BruteForce(model).encode_queries(make(["7", "3", "8"])), expected)


MADE: dict[str, Callable[[np.ndarray], Any]] = {
    "list": np.ndarray.tolist,
    "float64": lambda queries: queries.astype("float64"),
    "whole numbers": lambda queries: queries.astype("int64"),
    "by columns": np.asfortranarray,
    "every second": lambda queries: np.repeat(queries, 2, axis=1)[:, ::2],
    "tensor": keras.ops.convert_to_tensor,
    "half precision": lambda queries: keras.ops.cast(queries, "bfloat16"),
}


@pytest.mark.contract
@pytest.mark.parametrize("made", MADE)
@pytest.mark.parametrize("model", [None, lambda queries: queries])
def test_queries_of_every_make_become_an_array_of_float32(made: str, model: Any) -> None:
    queries = np.float32([[1, 2, 3], [4, 5, 6]])
    found = BruteForce(model).encode_queries(MADE[made](queries))
    assert isinstance(found, np.ndarray)
    assert found.dtype == "float32"
    assert found.flags.c_contiguous
    assert found.tolist() == queries.tolist()


@pytest.mark.contract
@pytest.mark.parametrize("number", [np.nan, np.inf, 1e300])
def test_queries_that_are_not_finite_are_refused(number: float) -> None:
    # Includes numbers that overflow float32.
    index = BruteForce(k=1).index(np.float32([[1, 2]]))
    for make in (np.array, lambda queries: keras.ops.convert_to_tensor(np.float32(queries))):
        with np.errstate(over="ignore"):
            queries = make([[1.0, number]])
        with pytest.raises(ArgumentError, match="queries must have finite vectors, got NaN or infinity"):
            index(queries)
    diverged = BruteForce(lambda queries: queries * number * number, k=1).index(np.float32([[1, 2]]))
    with pytest.raises(ArgumentError, match="queries must have finite vectors, got NaN or infinity"):
        diverged(np.float32([[1, 2]]))


FEATURES = [["u1"], np.array([["u1", "u2"]]), {"user_id": ["u1"]}, pa.table({"user_id": ["u1"]})]


@pytest.mark.parametrize("features", FEATURES, ids=lambda features: type(features).__name__)
def test_features_without_a_query_model_are_refused(features: Any) -> None:
    with pytest.raises(ArgumentError, match="queries must be vectors .* without a query model, got features"):
        BruteForce().index(np.eye(2, dtype="float32"))(features)


@pytest.mark.contract
def test_a_query_model_without_weights_is_not_saved(tmp_path: Path) -> None:
    index = BruteForce(keras.Sequential([keras.layers.Dense(2)]), k=1).index(np.float32([[1, 2]]))
    with pytest.raises(ArgumentError, match="must have weights to save, got a model that was never called"):
        index.save(tmp_path / "index.keras")
    assert list(tmp_path.iterdir()) == []
    scores, _ = index(np.float32([[3]]))
    index.save(tmp_path / "index.keras")
    again = keras.saving.load_model(tmp_path / "index.keras")
    np.testing.assert_array_equal(again(np.float32([[3]]))[0], scores)


@keras.saving.register_keras_serializable(package="shortlist tests")
class WithoutBuild(keras.layers.Layer):
    """Layer without `build()`, whose sublayers are built on the first call."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dense, self.table = keras.layers.Dense(4), keras.layers.Embedding(10, 4)

    def call(self, features: Any) -> Any:
        if not isinstance(features, dict):
            features = {"age": features, "user": keras.ops.cast(features[:, 0], "int32")}
        return self.dense(features["age"]) + self.table(features["user"])


AGES = np.float32([[1, 2, 3], [4, 5, 6]])
OF_WITHOUT_BUILD = {"array": AGES, "dict": {"age": AGES, "user": np.array([3, 7])}}


@pytest.mark.contract
@pytest.mark.parametrize("load", [load_model, keras.saving.load_model])
@pytest.mark.parametrize("is_asked", [True, False])
@pytest.mark.parametrize("queries", OF_WITHOUT_BUILD.values(), ids=OF_WITHOUT_BUILD)
def test_a_query_layer_without_build_is_restored(
    queries: Any, is_asked: bool, load: Callable[[Path], Any], tmp_path: Path
) -> None:
    layer = WithoutBuild()
    vectors = keras.ops.convert_to_numpy(layer(queries))
    index = BruteForce(layer, k=4).index(np.eye(4, dtype="float32"), list("abcd"))
    if is_asked:
        index(queries)
    index.save(tmp_path / "index.keras")
    loaded = load(tmp_path / "index.keras")
    np.testing.assert_allclose(loaded.encode_queries(queries), vectors, rtol=1e-6)
    loaded.save(tmp_path / "again.keras")
    np.testing.assert_allclose(load(tmp_path / "again.keras").encode_queries(queries), vectors, rtol=1e-6)


@keras.saving.register_keras_serializable(package="shortlist tests")
class TakesText(keras.layers.Layer):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.lookup = keras.layers.StringLookup(vocabulary=["ann", "bob"])
        self.table = keras.layers.Embedding(3, 2)

    def call(self, names: Any) -> Any:
        return self.table(self.lookup(names))


@pytest.mark.skipif(BACKEND != "tensorflow", reason="tensors hold no text elsewhere")
@pytest.mark.parametrize("names", [["bob", "ann"], [b"bob", b"ann"], np.array(["bob", "ann"])])
def test_a_query_layer_of_text_without_build_is_restored(names: Any, tmp_path: Path) -> None:
    index = BruteForce(TakesText(), k=2).index(np.eye(2, dtype="float32"))
    scores, _ = index(names)
    index.save(tmp_path / "index.keras")
    np.testing.assert_array_equal(load_model(tmp_path / "index.keras")(names)[0], scores)


@keras.saving.register_keras_serializable(package="shortlist tests")
class Forgets(keras.layers.Layer):
    """Layer whose factor is not saved."""

    factor = 1.0

    def call(self, vectors: Any) -> Any:
        return self.factor * vectors


@keras.saving.register_keras_serializable(package="shortlist tests")
class WholeNumbersOnly(keras.layers.Layer):
    """Layer that raises for the sample query, so that its table is not built before weights are read."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.table = keras.layers.Embedding(10, 2)

    def call(self, rows: Any) -> Any:
        if not keras.backend.is_int_dtype(keras.backend.standardize_dtype(rows.dtype)):
            raise TypeError("no rows")
        return self.table(rows)


@pytest.mark.contract
@pytest.mark.parametrize("layer", [Forgets, WholeNumbersOnly])
def test_a_query_layer_that_is_not_restored_is_refused(layer: type[keras.Layer], tmp_path: Path) -> None:
    query_model = layer()
    query_model(np.int32([1, 2]) if layer is WholeNumbersOnly else np.float32([[1, 2]]))
    query_model.factor = 3.0
    index = BruteForce(query_model, k=2).index(np.eye(2, dtype="float32"))
    index.save(tmp_path / "index.keras")
    with pytest.raises(ArtifactError, match="query_model .* must"):
        load_model(tmp_path / "index.keras")
    loaded = keras.saving.load_model(tmp_path / "index.keras")
    for _ in range(2):
        with pytest.raises(ArtifactError, match="query_model .* must"):
            loaded(np.float32([[1, 2]]))


@pytest.mark.contract
def test_a_query_layer_of_random_answers_is_saved_without_one(tmp_path: Path) -> None:
    index = BruteForce(keras.Sequential([keras.layers.Dense(2), Noise()]), k=2)
    index.index(np.eye(2, dtype="float32"))(np.float32([[1, 2]]))
    index.save(tmp_path / "index.keras")
    assert load_model(tmp_path / "index.keras")(np.float32([[1, 2]]))[0].shape == (1, 2)


@keras.saving.register_keras_serializable(package="shortlist tests")
class Noise(keras.layers.Layer):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seeds = keras.random.SeedGenerator(1)

    def call(self, vectors: Any) -> Any:
        return vectors + keras.random.normal(vectors.shape, seed=self.seeds)


def test_an_index_is_abstract() -> None:
    assert {"index", "index_from_dataset", "is_exact"} <= set(Index.__dict__)
