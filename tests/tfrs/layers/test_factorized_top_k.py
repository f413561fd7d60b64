"""TensorFlow Recommenders' index layers: tensors out, datasets in, exclusions."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from tests.oracles import top_k

from shortlist.errors import ArgumentError, ArtifactError, NotIndexedError
from shortlist.models import load_model
from shortlist.tfrs.layers.ann import BruteForce as AnnBruteForce
from shortlist.tfrs.layers.factorized_top_k import BruteForce, Streaming

pytestmark = pytest.mark.contract
GENERATOR = np.random.default_rng(11)
VECTORS = GENERATOR.integers(-2, 3, size=(12, 3)).astype("float32")  # few values, so that ties are certain
QUERIES = GENERATOR.integers(-2, 3, size=(4, 3)).astype("float32")
IDS = np.arange(100, 112)


def numpy_of(tensors: Any) -> list[np.ndarray]:
    return [np.asarray(keras.ops.convert_to_numpy(tensor)) for tensor in tensors]


def batches() -> list[tuple[np.ndarray, np.ndarray]]:
    return [(IDS[:5], VECTORS[:5]), (IDS[5:], VECTORS[5:])]


@pytest.mark.parametrize("kind", [BruteForce, Streaming])
def test_tensors_of_the_best_come_out(kind: Callable[..., Any]) -> None:
    index = kind(None, 3).index_from_dataset(batches())
    answer = index(QUERIES)
    assert all(keras.ops.is_tensor(part) for part in answer)
    scores, ids = numpy_of(answer)
    expected_scores, rows = top_k.top_k(QUERIES @ VECTORS.T, 3)
    np.testing.assert_allclose(scores, expected_scores)
    np.testing.assert_array_equal(ids, IDS[rows])
    assert index.is_exact()


@pytest.mark.parametrize("kind", [BruteForce, Streaming])
def test_exclusions_leave_k(kind: Callable[..., Any]) -> None:
    index = kind(k=4).index_from_dataset(batches())
    exclusions = np.array([[100, 101], [105, 105], [111, 7], [102, 103]])
    _, ids = numpy_of(index.query_with_exclusions(QUERIES, exclusions))
    excluded = [[int(id_) - 100 for id_ in row if id_ in IDS] for row in exclusions]
    _, rows = top_k.top_k(QUERIES @ VECTORS.T, 4, excluded)
    np.testing.assert_array_equal(ids, IDS[rows])


def test_candidates_and_ids_may_be_datasets_as_in_the_first_release() -> None:
    vectors, ids = iter([VECTORS[:7], VECTORS[7:]]), iter(IDS.tolist())
    index = AnnBruteForce().index(vectors, ids)
    _, found = numpy_of(index(QUERIES, k=12))
    assert sorted(found[0]) == IDS.tolist()


def test_an_id_that_is_duplicated_with_one_vector_is_kept_once() -> None:
    with pytest.warns(UserWarning, match="1 of 3 candidates repeat an id"):
        index = BruteForce().index(VECTORS[[0, 1, 0]], np.array([7, 8, 7]))
    assert index.wrapped.num_candidates == 2


def test_an_id_that_stands_for_two_vectors_is_refused() -> None:
    with pytest.raises(ArgumentError, match="id 7 must have one vector, got different ones in rows 0 and 2"):
        BruteForce().index(np.eye(3, dtype="float32"), np.array([7, 8, 7]))


def test_streaming_refuses_what_is_in_memory_and_both_refuse_early_queries() -> None:
    with pytest.raises(ArgumentError, match="index_from_dataset"):
        Streaming().index(VECTORS)
    for index in (BruteForce(), Streaming()):
        with pytest.raises(NotIndexedError):
            index(QUERIES)


def test_a_query_layer_without_build_is_saved_and_loaded(tmp_path: Path) -> None:
    layer = Doubled()
    index = BruteForce(layer, k=2).index(np.eye(2, dtype="float32"))
    scores, _ = index(np.float32([[1, 2, 3]]))
    index.save(tmp_path / "index.keras")
    again = load_model(tmp_path / "index.keras")
    assert keras.ops.convert_to_numpy(again(np.float32([[1, 2, 3]]))[0]).tolist() == [
        keras.ops.convert_to_numpy(scores)[0].tolist()
    ]
    layer.factor = 5.0
    index.save(tmp_path / "index.keras")
    with pytest.raises(ArtifactError, match="query_model .* must compute the same vector"):
        load_model(tmp_path / "index.keras")


@keras.saving.register_keras_serializable(package="shortlist tests")
class Doubled(keras.layers.Layer):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dense, self.factor = keras.layers.Dense(2), 2.0

    def call(self, vectors: Any) -> Any:
        return self.factor * self.dense(vectors)


def test_saved_and_loaded(tmp_path: Path) -> None:
    index = BruteForce(k=2).index(VECTORS, IDS)
    index.save(tmp_path / "index.keras")
    again = keras.saving.load_model(tmp_path / "index.keras")
    for before, after in zip(numpy_of(index(QUERIES)), numpy_of(again(QUERIES)), strict=True):
        np.testing.assert_array_equal(before, after)
