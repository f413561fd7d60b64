"""Queries of indexes in memory agree with scoring every candidate."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from tests.indexes.world import EXACT, INEXACT, REQUESTS, World

import shortlist as sl
from shortlist.errors import ArgumentError
from shortlist.indexes import BruteForce, Partitioned, StoredIndex
from shortlist.indexes import _stored as module
from shortlist.search import Engine, EngineSpec, ExactSpec

pytestmark = pytest.mark.contract


@pytest.mark.parametrize("kind", ["brute force", "no partitions"])
@pytest.mark.parametrize("request_", REQUESTS)
def test_every_request_by_an_exact_index(kind: str, request_: dict[str, Any]) -> None:
    world = World(0)
    index = EXACT[kind]().index(world.vectors, world.ids, world.attributes)
    for k in (1, 4, 70):
        scores, ids = index(world.queries, k, **request_)
        for query, found, names in zip(world.queries, scores, ids, strict=True):
            assert (found.tolist(), names.tolist()) == world.best(query, k, **request_)


@pytest.mark.parametrize("kind", ["one partition", "codes", "all partitions"])
@pytest.mark.parametrize("request_", REQUESTS)
def test_every_request_by_partitions(kind: str, request_: dict[str, Any]) -> None:
    # Results are as many as allowed, pass the filters, have correct scores and are sorted.
    world = World(1)
    index = (EXACT | INEXACT)[kind]().index(world.vectors, world.ids, world.attributes)
    for k in (1, 4, 70):
        scores, ids = index(world.queries, k, **request_)
        for query, found, names in zip(world.queries, scores, ids, strict=True):
            wanted, _ = world.best(query, k, **request_)
            everything = dict(zip(*reversed(world.best(query, 60, **request_)), strict=True))
            real = [name for name in names if name]
            assert len(real) == len(set(real)) == np.isfinite(wanted).sum()
            np.testing.assert_allclose(found[: len(real)], [everything[name] for name in real], atol=1e-4)
            assert (np.diff(found[: len(real)]) <= 1e-4).all()
            if kind == "all partitions":
                np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_lists_for_each_query_and_what_is_unknown() -> None:
    world = World(2)
    index = BruteForce().index(world.vectors, world.ids, world.attributes)
    exclude = [["item 1"], [], ["a", "item 2", "b"], [], []]
    allow = [["item 1", "item 5"], ["c"], ["item 2", "item 3"], world.ids, []]
    where = [{}, {"size": 1}, {}, {"color": "red"}, {}]
    scores, ids, unknown = index(
        world.queries, 3, exclude=exclude, allow=allow, where=where, with_unknown=True
    )
    for row, query in enumerate(world.queries):
        wanted = world.best(query, 3, exclude[row], allow[row], where[row])
        assert (scores[row].tolist(), ids[row].tolist()) == wanted
    assert unknown == [[], ["c"], ["a", "b"], [], []]


def test_queries_of_several_vectors() -> None:
    world = World(3)
    queries = np.stack([world.queries, world.queries[::-1]], axis=1)
    for make in (BruteForce, EXACT["all partitions"]):
        scores, _ = make().index(world.vectors, world.ids)(queries, 6, exclude=["item 0"])
        wanted = [world.best(query, 6, ["item 0"])[0] for query in queries]
        np.testing.assert_allclose(scores, wanted, atol=1e-5)


def test_scores_of_named_candidates() -> None:
    world = World(4)
    index = BruteForce().index(world.vectors, world.ids)
    scores = index.score(world.queries, ["item 3", "nowhere", "item 3"])
    np.testing.assert_array_equal(scores[:, 0], world.queries @ world.vectors[3])
    np.testing.assert_array_equal(scores[:, 2], scores[:, 0])
    assert np.isneginf(scores[:, 1]).all()
    with pytest.raises(ArgumentError, match="ids must have the same length for all queries"):
        index.score(world.queries[:2], [["item 1"], []])


@pytest.mark.parametrize("make", [BruteForce, EXACT["all partitions"]])
def test_similar_candidates_without_themselves(make: Callable[..., StoredIndex]) -> None:
    world = World(5)
    index = make().index(world.vectors, world.ids, world.attributes)
    scores, ids = index.similar(["item 9", "item 2"], 60, where={"size": [0, 1]})
    for row, (name, own) in enumerate((("item 9", 9), ("item 2", 2))):
        wanted = world.best(world.vectors[own], 60, [name], where={"size": [0, 1]})
        np.testing.assert_allclose(scores[row], wanted[0], atol=1e-5)
        assert name not in ids[row]
    listed = {"exclude": [["item 1"], ["item 4"]], "allow": ["item 1", "item 2", "item 4", "item 9"]}
    _, ids = index.similar(["item 9", "item 2"], 4, **listed)
    assert [set(line) - {""} for line in ids.tolist()] == [{"item 2", "item 4"}, {"item 1", "item 9"}]
    with pytest.raises(ArgumentError, match="nowhere"):
        index.similar(["nowhere"])
    assert make(k=3).index(world.vectors, world.ids).similar(["item 9"])[1].shape == (1, 3)


def test_cosine_is_the_product_of_vectors_of_length_one() -> None:
    generator = np.random.default_rng(0)
    vectors, queries = generator.normal(size=(30, 5)), generator.normal(size=(3, 5))
    cosine = (queries / np.linalg.norm(queries, axis=1)[:, None]) @ (
        vectors / np.linalg.norm(vectors, axis=1)[:, None]
    ).T
    for make in (BruteForce, Partitioned):
        index = make(similarity="cosine").index(vectors.astype("float32"))
        scores, rows = index(queries.astype("float32"), 30)
        np.testing.assert_allclose(scores, -np.sort(-cosine, axis=1), atol=1e-5)
        np.testing.assert_array_equal(rows, np.argsort(-cosine, axis=1))
        if keras.backend.backend() == "tensorflow":
            import tensorflow as tf

            graph_fn, _ = tf.function(index)(tf.constant(queries, "float32"), 3)
            np.testing.assert_allclose(graph_fn, scores[:, :3], atol=1e-5)
    with pytest.raises(ArgumentError, match="similarity must be one of .*, got 'l2'"):
        BruteForce(similarity="l2")


@pytest.mark.parametrize("size", [1e-30, 1e30])
def test_cosine_of_vectors_whose_squares_leave_float32(size: float) -> None:
    generator = np.random.default_rng(0)
    vectors, queries = generator.normal(size=(30, 5)), generator.normal(size=(3, 5))
    lengths = np.linalg.norm(queries, axis=1)[:, None] * np.linalg.norm(vectors, axis=1)
    cosine = (queries @ vectors.T) / lengths
    small_or_large = (size * queries).astype("float32")
    index = BruteForce(similarity="cosine").index((size * vectors[:20]).astype("float32"))
    index.upsert(range(20, 30), (size * vectors[20:]).astype("float32"))
    scores, rows = index(small_or_large, 30)
    np.testing.assert_allclose(scores, -np.sort(-cosine, axis=1), atol=1e-5)
    np.testing.assert_array_equal(rows, np.argsort(-cosine, axis=1))
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        graph_fn, _ = tf.function(index.compact())(tf.constant(small_or_large), 3)
        np.testing.assert_allclose(graph_fn, scores[:, :3], atol=1e-5)


def test_a_graph_that_asks_first_leaves_nothing_of_itself_behind() -> None:
    # Attribute masks read while tracing must not be cached as symbolic tensors.
    world = World(8)
    index = BruteForce(k=3).index(world.vectors, world.ids, world.attributes)
    where, wanted = (
        {"color": "red"},
        [world.best(query, 3, where={"color": "red"}) for query in world.queries],
    )
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        ids = tf.function(lambda queries: index(queries, where=where)[1])(tf.constant(world.queries))
        assert [[one.decode() for one in line] for line in ids.numpy()] == [names for _, names in wanted]
    assert index(world.queries, where=where)[1].tolist() == [names for _, names in wanted]


VECTORS = np.random.default_rng(0).normal(size=(100, 4)).astype("float32")


def test_no_search_budget_is_exact_search_also_when_loaded(tmp_path: Path) -> None:
    index = Partitioned(probes=1).index(VECTORS)
    assert not index.is_exact()
    index.tune(VECTORS[:5])
    assert index.is_exact()
    index.save(tmp_path / "index.keras")
    loaded = sl.load_model(tmp_path / "index.keras")
    assert loaded.is_exact()
    np.testing.assert_array_equal(loaded(VECTORS, 7)[1], np.argsort(-(VECTORS @ VECTORS.T), axis=1)[:, :7])
    for either in (index, loaded):
        assert either.upsert([500], VECTORS[:1]).compact().is_exact()


def test_a_spec_that_is_not_registered_is_given_by_name() -> None:
    @dataclasses.dataclass(frozen=True)
    class OfAFunction(EngineSpec):
        number: int = 1

        def build(self, vectors: np.ndarray) -> Engine:
            return ExactSpec().build(vectors)

        def load(self, folder: Path) -> Engine:
            return ExactSpec().load(folder)

    config = StoredIndex(OfAFunction(7), k=4).get_config()
    index = StoredIndex.from_config(config, {"OfAFunction": OfAFunction})
    assert (index.spec, index.k) == (OfAFunction(7), 4)
    assert index.index(VECTORS)(VECTORS[:1])[1].shape == (1, 4)


def test_an_index_that_is_built_again_while_it_is_tuned_is_not_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    index, tune = Partitioned(probes=1).index(VECTORS), module.tune

    def tune_and_index(*args: Any, **given: Any) -> Any:
        index.index(VECTORS[:30])
        return tune(*args, **given)

    monkeypatch.setattr(module, "tune", tune_and_index)
    with pytest.raises(ArgumentError, match="must not be rebuilt while it is tuned"):
        index.tune(VECTORS[:5])
    assert (index.num_candidates, index.probes) == (30, 1)
