"""BruteForce: contract of exact indexes, re-indexing, saving and tracing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from tests.indexes import contract
from tests.oracles.worlds import ID_POOLS

from shortlist.errors import ArgumentError
from shortlist.indexes import BruteForce

BACKEND = keras.config.backend()


def make(vectors: Any, ids: Any = None, **options: Any) -> BruteForce:
    return BruteForce(**options).index(vectors, ids)


@pytest.mark.contract
@pytest.mark.parametrize("kind", sorted(ID_POOLS))
def test_equals_the_oracle(kind: str) -> None:
    contract.check_equals_the_oracle(make, kind)


@pytest.mark.contract
@pytest.mark.parametrize(
    "check",
    [
        contract.check_real_valued_scores,
        contract.check_queries_of_several_vectors,
        contract.check_padding_and_unknown_ids_exclude_nothing,
        contract.check_default_k,
        contract.check_queries_in_plain_lists,
        contract.check_no_queries,
        contract.check_large_and_small_half_precision,
        contract.check_wrong_dimensions,
        contract.check_bad_vectors,
        contract.check_one_id_for_each_vector,
        contract.check_exclusions_of_another_kind,
    ],
    ids=lambda check: check.__name__.removeprefix("check_"),
)
def test_contract(check: Callable[[contract.Make], None]) -> None:
    check(make)


@pytest.mark.contract
@pytest.mark.parametrize("k", contract.BAD_K)
def test_bad_k(k: Any) -> None:
    contract.check_bad_k(make, k)


@pytest.mark.contract
def test_not_indexed() -> None:
    contract.check_not_indexed(BruteForce())


@pytest.mark.contract
def test_an_index_can_be_filled_again_with_another_size() -> None:
    index = BruteForce(k=2)
    for size in (3, 5, 2):
        index.index(np.eye(size, dtype="float32"), [f"{size}-{row}" for row in range(size)])
        assert index.num_candidates == size
        assert index(np.eye(size, dtype="float32")[:1], 1)[1].tolist() == [[f"{size}-0"]]
    index.index(np.eye(4, dtype="float32"))
    assert index(np.float32([[0, 0, 0, 1]]), 1)[1].tolist() == [[3]]


@pytest.mark.contract
def test_ids_come_back_in_the_order_of_the_rows() -> None:
    ids = [2**53 + 1, -5, 2**53]
    assert make(np.eye(3, dtype="float32"), ids).ids.tolist() == ids
    assert make(np.eye(3, dtype="float32")).ids.tolist() == [0, 1, 2]
    assert BruteForce().index(np.eye(1, dtype="float32")).is_exact()


@pytest.mark.contract
def test_candidates_from_batches_with_an_encoder() -> None:
    def encoder(rows: Any) -> Any:
        return np.eye(4, dtype="float32")[np.asarray(rows)]

    index = BruteForce(k=1).index_from_dataset([(["a", "b", "c"], [2, 0, 1]), (["d"], [3])], encoder)
    assert index(np.eye(4, dtype="float32"))[1].tolist() == [["b"], ["c"], ["a"], ["d"]]


def test_duplicate_ids_are_refused() -> None:
    with pytest.raises(ValueError, match="ids must be distinct, got 'a'"):
        make(np.eye(3, dtype="float32"), ["a", "b", "a"])


def test_bad_batches_are_refused() -> None:
    vectors = np.eye(2, dtype="float32")
    for batches, message in (
        ([], "must hold at least one batch, got none"),
        ([(["a"], vectors)], "must have one id for each vector"),
        ([(["a", "b"], vectors), vectors], "ids must be in all batches of candidates or in none"),
    ):
        with pytest.raises(ArgumentError, match=message):
            BruteForce().index_from_dataset(batches)


@pytest.mark.contract
def test_saved_and_loaded_in_a_new_process(tmp_path: Path, run_python: Callable[..., str]) -> None:
    kinds: list[list[Any] | None] = [
        ["a", "", "é"],
        [b"\xff", b"a", b"b"],
        [7, 2**32 + 7, 2**53 + 1],
        None,
    ]
    vectors = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
    indexes = [make(vectors, ids, k=2) for ids in kinds]
    for number, index in enumerate(indexes):
        index.save(tmp_path / f"{number}.keras")
    np.save(tmp_path / "queries.npy", vectors * 2)
    code = f"""
import keras, numpy as np, shortlist.indexes
for number in range({len(kinds)}):
    index = keras.models.load_model(f"{{number}}.keras")
    scores, ids = index(np.load("queries.npy"))
    np.save(f"scores_{{number}}.npy", scores)
    print(ids.tolist(), index.ids.tolist(), index.k)
"""
    printed = run_python(code, backend=BACKEND).splitlines()[-len(kinds) :]
    for number, (index, line) in enumerate(zip(indexes, printed, strict=True)):
        scores, found = index(vectors * 2)
        assert line == f"{found.tolist()} {index.ids.tolist()} 2"
        np.testing.assert_allclose(np.load(tmp_path / f"scores_{number}.npy"), scores, rtol=1e-6)


@pytest.mark.contract
def test_saved_with_its_query_model(tmp_path: Path, run_python: Callable[..., str]) -> None:
    query_model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    vectors = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    index = make(vectors, list("abcde"), query_model=query_model, k=5)
    queries = np.float32([[1, 2], [3, -1]])
    scores, ids = index(queries)
    expected = queries @ keras.ops.convert_to_numpy(query_model.layers[0].kernel) @ vectors.T
    np.testing.assert_allclose(scores, -np.sort(-expected, axis=1), atol=1e-5)
    index.save(tmp_path / "index.keras")
    code = """
import keras, numpy as np, shortlist.indexes
index = keras.models.load_model("index.keras")
scores, ids = index(np.float32([[1, 2], [3, -1]]))
np.save("scores.npy", scores)
print(ids.tolist())
"""
    assert run_python(code, backend=BACKEND).splitlines()[-1] == str(ids.tolist())
    np.testing.assert_allclose(np.load(tmp_path / "scores.npy"), scores, rtol=1e-6)


@pytest.mark.skipif(BACKEND != "tensorflow", reason="graphs are TensorFlow's")
@pytest.mark.parametrize("kind", sorted(ID_POOLS))
def test_in_a_graph_the_answer_is_the_same(kind: str) -> None:
    import tensorflow as tf

    vectors, ids = contract.catalog(kind)
    index = make(vectors, ids, k=3)
    queries = np.float32([[1, 2, 2, 0, 5], [0, 0, 0, 0, 0]])
    scores, found = tf.function(lambda tensor: index(tensor))(tf.constant(queries))
    eager_scores, eager_ids = index(queries)
    np.testing.assert_array_equal(scores.numpy(), eager_scores)
    constant, _ = tf.function(lambda: index(queries))()  # the array becomes a constant
    np.testing.assert_array_equal(constant.numpy(), eager_scores)
    as_graph_has_it = [
        [one.encode() if isinstance(one, str) else one for one in row] for row in eager_ids.tolist()
    ]
    assert found.numpy().tolist() == as_graph_has_it


@pytest.mark.skipif(BACKEND != "tensorflow", reason="only TensorFlow traces text ids")
@pytest.mark.parametrize(
    ("ids", "answer"), [(["a", "b", "c"], [b"a", b"", b""]), ([7, 2**40, -5], [7, -1, -1])]
)
def test_in_a_graph_excluded_ids_never_come_back(ids: list[Any], answer: list[Any]) -> None:
    import tensorflow as tf

    index = BruteForce(k=3).index(np.eye(3, dtype="float32"), ids)
    scores, found = tf.function(lambda query: index(query, exclude=[ids[1:]]))(tf.constant([[1.0, 2, 3]]))
    assert scores.numpy().tolist() == [[1, -np.inf, -np.inf]]
    assert found.numpy().tolist() == [answer]
