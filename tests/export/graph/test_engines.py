"""Engines in a graph answer as those in memory, whatever may come back."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from tests.oracles.top_k import top_k
from tests.search.libraries.contract import skip_without

from shortlist.errors import ArgumentError
from shortlist.export import saved_model
from shortlist.export._operators import operators
from shortlist.export.graph import EngineGraphEncoder, engine_to_graph
from shortlist.export.graph._engines import noinline
from shortlist.indexes import Annoy, BruteForce, Partitioned
from shortlist.search._engine import Engine
from shortlist.search._row_filter import RowFilter
from shortlist.search._tensors import FilterSizes
from shortlist.search.partitions._search import SearchSizes, search
from shortlist.search.partitions._search import _columns as columns_of

NUM, DIM, K = 400, 6, 5
GENERATOR = np.random.default_rng(0)
VECTORS = GENERATOR.normal(size=(NUM, DIM)).astype("float32")
QUERIES = GENERATOR.normal(size=(4, 2, DIM)).astype("float32")
TRUE = np.einsum("qhd,nd->qhn", QUERIES, VECTORS).max(axis=1)

INDEXES = {
    "exact": lambda **options: BruteForce(**options),
    "every partition": lambda **options: Partitioned(probes=100, **options),
    "one partition": lambda **options: Partitioned(probes=1, **options),
    "codes": lambda **options: Partitioned(probes=100, codes="int8", num_rescored=NUM, **options),
}


@pytest.mark.parametrize("kind", ["exact", "every partition", "codes"])
@pytest.mark.parametrize("num_queries", [1, 4])
def test_the_best_without_and_with_a_filter(kind, num_queries):
    graph = engine_to_graph(INDEXES[kind]().index(VECTORS).snapshot().engine)
    queries = tf.constant(QUERIES[:num_queries])
    scores, rows = graph.search(queries, K)
    wanted_scores, wanted_rows = top_k(TRUE[:num_queries], K)
    np.testing.assert_allclose(scores, wanted_scores, atol=1e-5)
    np.testing.assert_array_equal(rows, wanted_rows)

    bits = GENERATOR.integers(0, 4, (NUM, 1)).astype("int32")
    excluded = np.argsort(-TRUE[:num_queries], axis=1)[:, :7].astype("int32")
    excluded[:, 0] = -1
    forbidden = [np.flatnonzero(bits[:, 0] & 2 == 0).tolist() + line.tolist() for line in excluded]
    _, wanted_rows = top_k(TRUE[:num_queries], K, forbidden)
    asked = RowFilter(tf.constant(excluded), tf.Variable(bits), tf.constant([[[2]]] * num_queries, tf.int32))
    np.testing.assert_array_equal(graph.search(queries, K, asked)[1], wanted_rows)


@pytest.mark.parametrize("kind", INDEXES)
def test_vectors_of_rows(kind):
    graph = engine_to_graph(INDEXES[kind]().index(VECTORS).snapshot().engine)
    rows = np.int32([[3, 0], [NUM - 1, 3]])
    np.testing.assert_array_equal(graph.vectors_of(tf.constant(rows)), VECTORS[rows])


@pytest.mark.parametrize("kind", INDEXES)
def test_an_engine_never_reads_single_rows_of_its_variables(kind):
    """After which TensorFlow would copy all vectors at every search."""
    graph = engine_to_graph(INDEXES[kind]().index(VECTORS).snapshot().engine)
    rows, queries = tf.TensorSpec((None, None), tf.int32), tf.TensorSpec((None, 2, DIM))
    of_rows = tf.function(graph.vectors_of).get_concrete_function(rows)
    search = tf.function(lambda queries, rows: graph.search(queries, K, RowFilter(rows)), autograph=False)
    for traced in (of_rows, search.get_concrete_function(queries, rows)):
        content = traced.graph.as_graph_def()
        nodes = [*content.node, *(node for of in content.library.function for node in of.node_def)]
        used = {node.op for node in nodes}
        assert "ReadVariableOp" in used
        assert not {name for name in used if name.startswith("ResourceGather")}
    assert "GatherV2" in {node.op for node in of_rows.graph.as_graph_def().node}


def test_one_partition_is_widened_until_there_are_enough():
    graph = engine_to_graph(Partitioned(probes=1).index(VECTORS).snapshot().engine)
    allowed = [7, 200, 399]
    excluded = np.delete(np.arange(NUM, dtype="int32"), allowed)[None]
    _, rows = graph.search(tf.constant(QUERIES[:1]), 3, RowFilter(tf.constant(excluded)))
    assert sorted(rows.numpy()[0].tolist()) == allowed
    _, rows = graph.search(tf.constant(QUERIES[:1]), 5, RowFilter(tf.constant(excluded)))
    assert sorted(rows.numpy()[0].tolist()) == [-1, -1, *allowed]


def test_a_query_that_has_enough_is_answered_as_alone_next_to_one_that_has_not():
    graph = engine_to_graph(Partitioned(probes=1).index(VECTORS).snapshot().engine)
    excluded = np.full((4, NUM - 3), -1, "int32")
    excluded[0] = np.arange(3, NUM)
    _, rows = graph.search(tf.constant(QUERIES), 2, RowFilter(tf.constant(excluded)))
    assert set(rows.numpy()[0].tolist()) <= {0, 1, 2}
    _, alone = graph.search(tf.constant(QUERIES[1:]), 2)
    np.testing.assert_array_equal(rows[1:], alone)
    assert (alone.numpy() != np.argsort(-TRUE[1:], axis=1)[:, :2]).any()  # else all partitions do the same


@pytest.mark.parametrize("num_queries", [1, 4])
def test_one_partition_is_widened_for_more_than_it_holds(num_queries):
    graph = engine_to_graph(Partitioned(probes=1).index(VECTORS).snapshot().engine)
    _, rows = graph.search(tf.constant(QUERIES[:num_queries]), 60)
    assert [len(set(line) - {-1}) for line in rows.numpy().tolist()] == [60] * num_queries


def test_a_branch_apart_is_one_node_that_is_not_written_out_in_its_place():
    x = tf.TensorSpec((), tf.float32)
    branch = lambda x: tf.cond(x > 0, noinline(lambda: x * 2 + 1), lambda: x)  # noqa: E731
    traced = tf.function(branch, autograph=False).get_concrete_function(x)
    functions = traced.graph.as_graph_def().library.function
    (then,) = (of for of in functions if any(node.op == "PartitionedCall" for node in of.node_def))
    (kept,) = (of for of in functions if of.attr["_noinline"].b)
    assert {node.op for node in then.node_def}.isdisjoint({"Mul", "AddV2"})
    assert {node.op for node in kept.node_def} >= {"Mul", "AddV2"}
    assert [float(traced(tf.constant(value))) for value in (3.0, -3.0)] == [7, -3]


def test_an_engine_of_another_library_is_refused():
    class Foreign(Engine):
        search = vectors_of = num_bytes = save = None

    with pytest.raises(ArgumentError, match="engine class Foreign must have a graph encoder.*register"):
        engine_to_graph(Foreign(1, 1))


def test_an_engine_of_a_user_has_the_graph_encoder_that_was_registered():
    """It ranks rows by number, whatever the query."""

    class ByNumber(Engine):
        search = vectors_of = num_bytes = save = None

    @engine_to_graph.register(ByNumber)
    class ByNumberGraphEncoder(EngineGraphEncoder):
        def __init__(self, engine):
            super().__init__()
            self.engine = engine

        def search(self, queries, k, rows=None, least=None):
            found = tf.tile(tf.range(k)[None], [tf.shape(queries)[0], 1])
            return -tf.cast(found, tf.float32), found

        def vectors_of(self, rows):
            return tf.zeros((*rows.shape, DIM))

    engine = ByNumber(NUM, DIM)
    graph = engine_to_graph(engine)
    assert isinstance(graph, ByNumberGraphEncoder)
    assert graph.engine is engine
    exact = engine_to_graph(INDEXES["exact"]().index(VECTORS).snapshot().engine)
    assert not isinstance(exact, ByNumberGraphEncoder)


@pytest.mark.parametrize("kind", ["exact", "every partition", pytest.param("codes", marks=pytest.mark.slow)])
def test_a_server_answers_as_the_index_with_any_request(tmp_path, kind):
    colors = [["red", "blue", None][row % 3] for row in range(NUM)]
    index = INDEXES[kind](k=K).index(
        VECTORS, [f"item {row}" for row in range(NUM)], {"color": colors, "is_new": np.arange(NUM) % 2 == 0}
    )
    path = saved_model(index, tmp_path / "1", max_k=20)
    model = tf.saved_model.load(path)
    search, queries = model.signatures["search"], QUERIES[:, 0]
    texts = {
        name: tf.zeros((4, 0), tf.string) for name in ("exclude", "allow", "where_color", "where_is_new")
    }

    def ask(k, **given):
        asked = {**texts, **{name: tf.constant(value) for name, value in given.items()}}
        answer = search(queries=tf.constant(queries), k=tf.constant(k), **asked)
        return [[one.decode() for one in line] for line in answer["ids"].numpy().tolist()]

    for k in (1, K, 17, 20):
        assert ask(k) == index(queries, k)[1].tolist()
    excluded = index(queries, 3)[1]
    assert ask(K, exclude=excluded.astype(str)) == index(queries, K, exclude=excluded)[1].tolist()
    some = [["item 1", "item 1", "nowhere", "item 4", "item 9"]] * 4
    assert ask(K, allow=some, exclude=[["item 9"]] * 4) == (
        index(queries, K, allow=some, exclude=[["item 9"]] * 4)[1].tolist()
    )
    where = [{"color": "red", "is_new": True}, {"color": ["red", "blue"]}, {}, {"color": "green"}]
    told = {
        "where_color": [["red", ""], ["red", "blue"], ["", ""], ["green", ""]],
        "where_is_new": [["true"], [""], [""], [""]],
    }
    assert ask(K, **told) == index(queries, K, where=where)[1].tolist()
    with pytest.raises(tf.errors.InvalidArgumentError, match="at most 20"):
        ask(21)


def test_the_operators_of_a_partitioned_index_are_core_ones(tmp_path):
    index = Partitioned(codes="int8").index(VECTORS, attributes={"color": ["red"] * NUM})
    names = operators(saved_model(index, tmp_path / "1"))
    assert not {name for name in names if not hasattr(tf.raw_ops, name)}
    assert not {name for name in names if "PyFunc" in name or "Xla" in name or ">" in name}


def test_cosine_and_a_query_model(tmp_path):
    model = keras.Sequential([keras.Input((3,), name="user"), keras.layers.Dense(DIM)])
    index = Partitioned(model, k=3, probes=100, similarity="cosine").index(VECTORS)
    path = saved_model(index, tmp_path / "1")
    users = GENERATOR.normal(size=(5, 3)).astype("float32")
    answer = tf.saved_model.load(path).signatures["serving_default"](user=tf.constant(users))
    np.testing.assert_array_equal(answer["ids"], index(users)[1])
    np.testing.assert_allclose(answer["scores"], index(users)[0], atol=1e-5)
    assert float(answer["scores"].numpy().max()) <= 1 + 1e-6


def test_changed_candidates_are_exported_once_compacted(tmp_path):
    changed = BruteForce(k=2).index(VECTORS)
    changed.remove([3])
    with pytest.raises(ArgumentError, match="compact"):
        saved_model(changed, tmp_path / "1")
    assert not (tmp_path / "1").exists()
    saved_model(changed.compact(), tmp_path / "1")


@skip_without("annoy")
def test_an_index_by_a_library_is_refused_as_such_also_once_changed(tmp_path):
    index = Annoy(k=2).index(VECTORS)
    for _ in range(2):
        with pytest.raises(ArgumentError, match="engine class AnnoyEngine must have a graph encoder"):
            saved_model(index, tmp_path / "1")
        index.remove([3])


@pytest.mark.slow
def test_where_few_are_allowed_one_partition_gives_them_all_in_a_server(tmp_path):
    index = Partitioned(k=K, probes=1).index(VECTORS, attributes={"color": ["red", "blue"] * (NUM // 2)})
    search = tf.saved_model.load(saved_model(index, tmp_path / "1")).signatures["search"]
    nothing = {name: tf.zeros((4, 0), tf.int64) for name in ("allow",)}
    excluded = np.repeat(np.arange(0, NUM - 8)[None], 4, axis=0)
    answer = search(
        queries=tf.constant(QUERIES[:, 0]),
        k=tf.constant(6),
        exclude=tf.constant(excluded),
        where_color=tf.constant([["red"]] * 4),
        **nothing,
    )
    assert [sorted(line) for line in answer["ids"].numpy().tolist()] == [
        [-1, -1, *range(NUM - 8, NUM, 2)]
    ] * 4


@pytest.mark.slow
@pytest.mark.parametrize("kind", [BruteForce, lambda: Partitioned(num_partitions=8, probes=2)])
def test_a_graph_does_not_grow_with_the_candidates(tmp_path, kind):
    sizes = {}
    for number in (20_000, 40_000):
        vectors = GENERATOR.normal(size=(number, DIM)).astype("float32")
        index = kind().index(vectors, [f"candidate {row}" for row in range(number)], {"a": [1] * number})
        path = saved_model(index, tmp_path / str(number), example_inputs=vectors[:2])
        sizes[number] = (path / "saved_model.pb").stat().st_size
    assert abs(sizes[40_000] - sizes[20_000]) < 1000


@pytest.mark.parametrize("num_queries", [1, None])
def test_a_search_in_more_than_two_gibibytes_by_shape_alone(num_queries):
    partitions, size, dim = 12_000, 1100, 64  # 3.4 GB of vectors
    sizes = SearchSizes(partitions, size, dim, 1, 40, 10, 0, FilterSizes(None), num_queries == 1)
    tables = {
        "centroids": tf.TensorSpec((partitions, dim)),
        "vectors": tf.TensorSpec((partitions, size, dim)),
        "rows": tf.TensorSpec((partitions, size), tf.int32),
        "slots": tf.TensorSpec((10_500_000,), tf.int32),
    }
    asked = tf.TensorSpec((num_queries, 1, dim)), tf.TensorSpec((num_queries, None), tf.int32)
    traced = tf.function(search, autograph=False).get_concrete_function(tables, *asked, sizes=sizes)
    scores, rows = traced.structured_outputs
    assert scores.shape.as_list() == rows.shape.as_list() == [num_queries, 10]
    assert (scores.dtype, rows.dtype) == (tf.float32, tf.int32)
    assert traced.graph.as_graph_def().ByteSize() < 100_000


def test_slots_of_more_than_two_gibibytes_are_told_apart():
    rows = np.arange(12_000 * 1100, dtype="int32").reshape(12_000, 1100)
    slots = rows.ravel()  # each row in its own place
    excluded = np.int32([[13_199_999, 5], [-1, 12_000_001]])
    chosen = np.int32([[11_999, 0], [0, 10_909]])
    sizes = SearchSizes(12_000, 1100, 1, 1, 2, 1, 0, FilterSizes(2), False)
    columns = columns_of(*map(tf.constant, (excluded, slots, chosen)), sizes)
    assert columns.numpy().tolist() == [[1099, 1105], [-1, 1100 + 12_000_001 % 1100]]
