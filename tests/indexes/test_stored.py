"""Requests, changes and files of indexes in memory, beside a search of everything."""

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.indexes.world import REQUESTS, World

import shortlist as sl
from shortlist.errors import ArgumentError, FeatureError, NotIndexedError
from shortlist.indexes import BruteForce, Partitioned, StoredIndex

pytestmark = pytest.mark.contract
EXACT: dict[str, Callable[..., StoredIndex]] = {
    "brute force": BruteForce,
    "all partitions": lambda **options: Partitioned(probes=1000, **options),
    "no partitions": lambda **options: Partitioned(probes=None, **options),
}
INEXACT: dict[str, Callable[..., StoredIndex]] = {
    "one partition": lambda **options: Partitioned(probes=1, num_partitions=12, **options),
    "codes": lambda **options: Partitioned(probes=1, num_partitions=12, codes="int8", **options),
}


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
    """Always as many as are allowed, none that is not, each with its own score, best first."""
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
    where = [{}, {"size": 1}, {}, {"colour": "red"}, {}]
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
    with pytest.raises(ArgumentError, match="one length"):
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
    with pytest.raises(ArgumentError, match="nowhere"):
        index.similar(["nowhere"])


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
    with pytest.raises(ArgumentError, match="similarity came as 'l2'"):
        BruteForce(similarity="l2")


OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("upsert"), st.lists(st.integers(0, 14), min_size=1, max_size=4, unique=True)),
        st.tuples(st.just("remove"), st.lists(st.integers(0, 16), max_size=5)),
        st.tuples(st.just("compact"), st.just([])),
    ),
    max_size=8,
)


@given(operations=OPERATIONS, seed=st.integers(0, 3))
@settings(max_examples=25, deadline=None)
@pytest.mark.parametrize("kind", ["brute force", "one partition"])
def test_after_any_changes_an_index_answers_as_one_built_from_scratch(
    kind: str, operations: list[tuple[str, list[int]]], seed: int
) -> None:
    generator = np.random.default_rng(seed)
    held = {f"id {number}": (generator.normal(size=3).astype("float32"), number % 2) for number in range(8)}
    index = (EXACT | INEXACT)[kind]()
    index.index(
        np.array([one[0] for one in held.values()]), list(held), {"odd": [one[1] for one in held.values()]}
    )
    for operation, numbers in operations:
        names = [f"id {number}" for number in numbers]
        if operation == "upsert":
            new = {name: (generator.normal(size=3).astype("float32"), len(name) % 3) for name in names}
            index.upsert(
                names, np.array([one[0] for one in new.values()]), {"odd": [one[1] for one in new.values()]}
            )
            held |= new
        elif operation == "remove":
            assert index.remove(names) == len(set(names) & set(held))
            held = {name: one for name, one in held.items() if name not in names}
        else:
            index.compact()
    queries = generator.normal(size=(2, 3)).astype("float32")
    assert index.num_candidates == len(held)
    assert set(index.ids.tolist()) == set(held)
    for where in ({}, {"odd": 1}):
        scores, ids = index(queries, 20, exclude=["id 3"], where=where)
        assert scores.shape == (2, min(20, len(held)))
        for query, found, line in zip(queries, scores, ids, strict=True):
            allowed = {
                name: float(query @ vector)
                for name, (vector, odd) in held.items()
                if name != "id 3" and (not where or odd == 1)
            }
            wanted = sorted(allowed, key=lambda name: -allowed[name])
            assert [name for name in line if name] == wanted
            np.testing.assert_allclose(found[: len(wanted)], [allowed[name] for name in wanted], atol=1e-5)


def test_a_query_sees_one_state_whatever_changes_meanwhile() -> None:
    """Two states, in each of which all candidates score alike: an answer that mixes them shows."""
    index = BruteForce(k=8).index(np.ones((8, 2), "float32"))
    query, is_over, mixed = np.ones((1, 2), "float32"), threading.Event(), []

    def change() -> None:
        for number in range(200):
            index.upsert(np.arange(8), np.full((8, 2), float(number), "float32"))
        is_over.set()

    writer = threading.Thread(target=change)
    writer.start()
    while not is_over.is_set():
        scores, ids = index(query)
        if len(set(scores[0].tolist())) != 1 or sorted(ids[0].tolist()) != list(range(8)):
            mixed.append(scores)
    writer.join()
    assert not mixed


def test_what_does_not_fit_is_refused_and_nothing_changes() -> None:
    world = World(6)
    index = BruteForce(capacity=61).index(world.vectors, world.ids, world.attributes)
    one = world.vectors[:1]
    for ids, vectors, message in (
        (["a"], np.ones((1, 3)), "3 dimensions and the index 4"),
        (["a"], np.full((1, 4), np.nan), "NaN"),
        (["a", "a"], world.vectors[:2], "1 of them distinct"),
        (["a", "b"], one, "2 ids"),
        (["a", "b"], world.vectors[:2], "capacity is 61"),
    ):
        with pytest.raises(ArgumentError, match=message):
            index.upsert(ids, vectors)
    with pytest.raises(FeatureError, match="int64"):
        index.upsert([7], one)
    assert index.num_candidates == 60
    assert index.upsert(["a"], one).num_candidates == 61
    with pytest.raises(ArgumentError, match="attribute 'price'"):
        index(world.queries, where={"price": 3})
    with pytest.raises(ArgumentError, match="2 entries for 5 queries"):
        index(world.queries, where=[{}, {}])
    with pytest.raises(ArgumentError, match="colour.* has 1 values for 60"):
        BruteForce().index(world.vectors, world.ids, {"colour": ["red"]})
    for ask in (
        lambda: BruteForce().ids,
        lambda: BruteForce().upsert([1], one),
        lambda: BruteForce().compact(),
    ):
        with pytest.raises(NotIndexedError):
            ask()


def test_an_index_that_lost_all_its_candidates_answers_nothing() -> None:
    index = BruteForce().index(np.eye(3, dtype="float32"))
    assert index.remove([0, 1, 2, 7]) == 3
    scores, ids = index(np.eye(3, dtype="float32"), 2)
    assert scores.shape == ids.shape == (3, 0)
    assert index.compact().upsert([5], np.ones((1, 3))).num_candidates == 1
    assert index(np.eye(3, dtype="float32"), 2)[1].tolist() == [[5]] * 3


@pytest.mark.parametrize("kind", ["brute force", "one partition", "codes", "no partitions"])
def test_saved_with_its_changes_and_loaded(kind: str, tmp_path: Any) -> None:
    world = World(7)
    index = (EXACT | INEXACT)[kind](k=4).index(world.vectors, world.ids, world.attributes)
    index.upsert(["new", "item 4"], world.vectors[:2] + 0.5, {"colour": ["red", "blue"]})
    index.remove(["item 9"])
    index.save(tmp_path / "index.keras")
    loaded = sl.load_model(tmp_path / "index.keras")
    assert loaded.num_candidates == index.num_candidates == 60
    for request in ({}, {"where": {"colour": "red"}}, {"allow": ["new", "item 4", "item 9"]}):
        for found, wanted in zip(
            loaded(world.queries, **request), index(world.queries, **request), strict=True
        ):
            np.testing.assert_array_equal(found, wanted)


def test_a_changed_byte_in_the_file_is_told_with_its_name(tmp_path: Any) -> None:
    path = tmp_path / "candidates"
    BruteForce().index(np.eye(4, dtype="float32")).save_assets(str(tmp_path))
    (name,) = (file for file in path.iterdir() if file.name == "vectors.npy")
    content = bytearray(name.read_bytes())
    content[-1] ^= 1
    name.write_bytes(content)
    with pytest.raises(sl.errors.ArtifactError, match=r"vectors\.npy"):
        BruteForce().load_assets(str(tmp_path))
    name.write_bytes(content[:-8])
    with pytest.raises(sl.errors.ArtifactError, match=r"vectors\.npy"):
        BruteForce().load_assets(str(tmp_path))
