"""The graph finds what sorting all scores finds."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from tests.oracles import top_k as oracle

from shortlist.errors import ArgumentError
from shortlist.export._top_k import TopKGraph
from shortlist.export.queries._keras_model import KerasQueries
from shortlist.export.queries._vectors import VectorQueries
from shortlist.indexes import BruteForce

NUM_CANDIDATES, DIM = 9, 3
SMALL_NUMBERS = st.integers(-1, 1)  # so that many scores are equal


def matrix(rows, columns):
    return st.lists(st.lists(SMALL_NUMBERS, min_size=columns, max_size=columns), min_size=rows, max_size=rows)


def graph_of(vectors, ids=None) -> TopKGraph:
    index = BruteForce().index(np.float32(vectors), ids)
    return TopKGraph(index, VectorQueries(DIM), max_k=100)


@given(
    vectors=matrix(NUM_CANDIDATES, DIM),
    queries=matrix(2, DIM),
    k=st.integers(1, NUM_CANDIDATES + 2),
    excluded=st.lists(st.integers(-1, NUM_CANDIDATES), min_size=2, max_size=24),
)
def test_best_first_ties_by_row_exclusions_never(vectors, queries, k, excluded):
    exclude = np.array(excluded[: len(excluded) // 2 * 2], "int64").reshape(2, -1)
    found = graph_of(vectors)({"queries": tf.constant(queries, tf.float32)}, k, tf.constant(exclude))
    num_found = min(k, NUM_CANDIDATES)
    scores, rows = oracle.top_k(np.array(queries) @ np.array(vectors).T, num_found, exclude.tolist())
    np.testing.assert_array_equal(found["scores"], scores)
    np.testing.assert_array_equal(found["ids"], rows)


def test_ids_are_those_of_the_rows_and_padding_is_empty():
    found = graph_of([[1, 0, 0], [2, 0, 0], [3, 0, 0]], ["one", "two", "three"])(
        {"queries": tf.constant([[1.0, 0, 0]])}, 3, tf.constant([["three", "?", "three", "one"]])
    )
    assert found["ids"].numpy().tolist() == [[b"two", b"", b""]]
    assert found["scores"].numpy().tolist() == [[2, -np.inf, -np.inf]]


@pytest.mark.parametrize("size", [1e-30, 1e30])
def test_cosine_of_queries_whose_squares_leave_float32(size):
    vectors = np.random.default_rng(0).normal(size=(NUM_CANDIDATES, DIM)).astype("float32")
    index = BruteForce(similarity="cosine").index(vectors)
    query = {"queries": tf.constant(size * vectors[:1])}
    scores = TopKGraph(index, VectorQueries(DIM), max_k=100)(query, 1)["scores"]
    np.testing.assert_allclose(scores, [[1]], atol=1e-5)


def test_a_query_of_several_vectors_scores_by_the_best():
    inputs = keras.Input((2,), name="user")
    heads = keras.layers.Reshape((2, DIM))(keras.layers.Dense(2 * DIM)(inputs))
    model = keras.Model(inputs, heads)
    vectors = np.random.default_rng(0).normal(size=(NUM_CANDIDATES, DIM)).astype("float32")
    graph = TopKGraph(BruteForce(model).index(vectors), KerasQueries(model), max_k=100)
    users = np.random.default_rng(1).normal(size=(5, 2)).astype("float32")
    found = graph({"user": tf.constant(users)}, 4)
    scores, rows = oracle.top_k((keras.ops.convert_to_numpy(model(users)) @ vectors.T).max(axis=1), 4)
    np.testing.assert_allclose(found["scores"], scores, rtol=1e-5)
    np.testing.assert_array_equal(found["ids"], rows)


def test_signatures_name_the_features_and_leave_the_batch_open():
    signatures = graph_of(np.eye(3), ["a", "b", "c"]).signatures(k=2)
    inputs = {name: set(function.structured_input_signature[1]) for name, function in signatures.items()}
    assert inputs == {
        "serving_default": {"queries"},
        "top_k": {"queries", "k"},
        "serving_with_exclusions": {"queries", "exclude"},
        "search": {"queries", "k", "exclude", "allow"},
    }
    outputs = signatures["serving_default"].structured_outputs
    assert {name: spec.shape.as_list() for name, spec in outputs.items()} == {
        "scores": [None, 2],
        "ids": [None, 2],
    }


@pytest.mark.parametrize("name", ["k", "exclude", "where_size"])
def test_a_feature_with_the_name_of_a_request_is_refused(name):
    model = keras.Model(inputs := {name: keras.Input((2,), name=name)}, keras.layers.Identity()(inputs[name]))
    index = BruteForce(model).index(np.eye(2), attributes={"size": [1, 2]})
    with pytest.raises(ArgumentError, match=f"must not have inputs named like .* got .'{name}'."):
        TopKGraph(index, KerasQueries(model), max_k=2).signatures(k=1)


def test_a_k_below_one_is_refused_by_the_graph():
    function = graph_of(np.eye(3)).signatures(k=2)["top_k"]
    with pytest.raises(tf.errors.InvalidArgumentError, match="'k.*': expected at least 1"):
        function(queries=tf.zeros((1, 3)), k=tf.constant(0))


@functools.cache
def search_with_an_attribute():
    index = BruteForce().index(np.eye(3), ["a", "b", "c"], {"size": [1, 2, 3]})
    return TopKGraph(index, VectorQueries(3), max_k=2).signatures(k=2)["search"]


@pytest.mark.parametrize("name", ["exclude", "allow", "where_size"])
@pytest.mark.parametrize("num_rows", [1, 3])
@pytest.mark.parametrize("width", [0, 1])
def test_filters_without_a_row_for_each_query_are_refused_by_the_graph(name, num_rows, width):
    search = search_with_an_attribute()
    asked = {one: tf.zeros((2, 0), tf.string) for one in ("exclude", "allow", "where_size")}
    asked = {"queries": tf.eye(3)[:2], "k": tf.constant(2), **asked}
    assert search(**asked)["ids"].shape == (2, 2)
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"{name}.*: expected a row for each query"):
        search(**{**asked, name: tf.fill((num_rows, width), "a")})


def test_losses_added_by_a_layer_stay_no_tensors_of_the_graph():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(DIM, activity_regularizer="l2")])
    graph = TopKGraph(BruteForce(model).index(np.eye(DIM)), KerasQueries(model), max_k=100)
    graph.signatures(k=1)
    assert all(isinstance(float(loss), float) for loss in model.losses)


@pytest.mark.parametrize("k", [3, tf.constant(3), tf.constant(20)], ids=["known", "few", "many"])
@pytest.mark.parametrize("heads", [1, 2])
@pytest.mark.parametrize("is_one_list", [False, True])
def test_the_best_of_lists_with_attributes_and_exclusions(k, heads, is_one_list):
    num, generator = 30, np.random.default_rng(0)
    inputs = keras.Input((heads * DIM,), name="user")
    model = keras.Model(inputs, keras.layers.Reshape((heads, DIM))(inputs))
    vectors = generator.normal(size=(num, DIM)).astype("float32")
    users = generator.normal(size=(2, heads * DIM)).astype("float32")
    index = BruteForce(model).index(vectors, attributes={"third": np.arange(num) % 3})
    graph = TopKGraph(index, KerasQueries(model), max_k=100)
    allow = [[29, 0, 5, 6, 6, 7, 8, 99], [*range(1, 8), -1]]
    allow = [allow[0]] * 2 if is_one_list else allow
    thirds = [["2", "", "0"], ["1", "", ""]]
    true = np.einsum("qhd,nd->qhn", users.reshape(2, heads, DIM), vectors).max(axis=1)
    for exclude in (np.zeros((2, 0), "int64"), np.array([[6, -1], [1, 4]])):
        found = graph(
            {"user": tf.constant(users)},
            k,
            tf.constant(exclude),
            tf.constant(allow, tf.int64),
            {"where_third": tf.constant(thirds)},
        )
        forbidden = [
            [
                row
                for row in range(num)
                if row not in allow[query] or row in exclude[query] or str(row % 3) not in thirds[query]
            ]
            for query in range(2)
        ]
        scores, rows = oracle.top_k(true, int(k), forbidden)
        np.testing.assert_allclose(found["scores"], scores, rtol=1e-5)
        np.testing.assert_array_equal(found["ids"], rows)


VECTORS = np.random.default_rng(0).integers(-1, 2, (NUM_CANDIDATES, DIM))
SEARCH = functools.cache(lambda: graph_of(VECTORS).signatures(k=1)["search"])


@given(
    queries=matrix(2, DIM),
    k=st.integers(1, NUM_CANDIDATES + 2),
    allowed=st.lists(st.integers(-1, NUM_CANDIDATES), min_size=2, max_size=24),
    excluded=st.lists(st.integers(-1, NUM_CANDIDATES), max_size=4),
    is_one_list=st.booleans(),
)
def test_the_best_of_lists_ties_by_row_whatever_is_duplicated(queries, k, allowed, excluded, is_one_list):
    allow = np.array(allowed[: len(allowed) // 2 * 2], "int64").reshape(2, -1)
    allow = allow[[0, 0]] if is_one_list else allow
    exclude = np.array([excluded, [-1] * len(excluded)], "int64")
    asked = {"queries": tf.constant(queries, tf.float32), "k": tf.constant(k)}
    found = SEARCH()(**asked, exclude=tf.constant(exclude), allow=tf.constant(allow))
    forbidden = [
        [row for row in range(NUM_CANDIDATES) if row in exclude[query] or row not in allow[query]]
        for query in range(2)
    ]
    scores, rows = oracle.top_k(np.array(queries) @ VECTORS.T, min(k, NUM_CANDIDATES), forbidden)
    np.testing.assert_array_equal(found["scores"], scores)
    np.testing.assert_array_equal(found["ids"], rows)


@pytest.mark.parametrize("other", [[1, 0, 2], [2, 1, 1]], ids=["one list", "two lists"])
def test_of_those_that_tie_with_the_last_one_of_a_list_the_lower_rows_come(other):
    graph = graph_of([[1, 0, 0], [1, 0, 0], [2, 0, 0]])
    allow = tf.constant([[1, 0, 2], other], tf.int64)
    found = graph({"queries": tf.constant([[1.0, 0, 0]] * 2)}, 2, tf.zeros((2, 0), tf.int64), allow)
    assert found["ids"].numpy().tolist() == [[2, 0], [2, min(other[:2])]]


def test_one_list_for_all_queries_is_looked_up_and_read_once():
    graph, seen = graph_of(np.eye(3)), []
    rows_of = graph.ids.rows

    def watched(ids):
        rows = tf.numpy_function(lambda ids: seen.append(ids.shape) or rows_of(ids), [ids], tf.int32)
        return tf.ensure_shape(rows, ids.shape)

    graph.ids.rows = watched
    nothing = tf.zeros((3, 0), tf.int64)
    for last in ([0, 2], [2, 2]):
        allow = tf.constant([[0, 2], [0, 2], last], tf.int64)
        found = graph({"queries": tf.eye(3)}, 1, nothing, allow)
        assert found["ids"].numpy().tolist() == [[0], [0], [2]]
    assert [shape for shape in seen if shape[1]] == [(1, 2), (3, 2)]


def test_lists_of_no_queries_are_answered_by_nothing():
    search = graph_of(np.eye(3)).signatures(k=2)["search"]
    nothing = tf.zeros((0, 4), tf.int64)
    answer = search(queries=tf.zeros((0, 3)), k=tf.constant(2), exclude=nothing, allow=nothing)
    assert answer["ids"].shape == (0, 2)


@pytest.mark.parametrize(
    "change", [lambda index: index.upsert([7], np.ones((1, DIM))), lambda index: index.remove([1])]
)
def test_candidates_that_came_late_or_left_are_refused(change):
    index = BruteForce().index(np.eye(DIM))
    change(index)
    with pytest.raises(ArgumentError, match="compact"):
        TopKGraph(index, VectorQueries(DIM), max_k=100)


def test_more_than_there_are_candidates_is_all_of_them():
    function = graph_of(np.eye(3)).signatures(k=2)["top_k"]
    answer = function(queries=tf.constant([[1.0, 3, 2]]), k=tf.constant(50))
    assert answer["ids"].numpy().tolist() == [[1, 2, 0]]
