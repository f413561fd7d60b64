"""Upserts and removals agree with a dict of candidates."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.indexes.world import EXACT, INEXACT, World

import shortlist as sl
from shortlist.errors import ArgumentError, FeatureError, NotIndexedError
from shortlist.indexes import BruteForce, Partitioned
from shortlist.indexes import _stored as stored
from shortlist.search import CandidateStore, Engine, EngineSpec, ExactSpec, PartitionedSpec
from shortlist.search._requests import Request

pytestmark = pytest.mark.contract
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
@pytest.mark.parametrize("kind", ["brute force", pytest.param("one partition", marks=pytest.mark.slow)])
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
    for where in (None, {}, {"odd": 1}):
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
    # All candidates score the same in each state, so a result that mixes states has two scores.
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


@pytest.mark.parametrize("table", [pa.table, pd.DataFrame, pl.DataFrame])
def test_attributes_of_a_table(table: Any) -> None:
    world = World(3)
    index = BruteForce().index(world.vectors, world.ids, table(world.attributes))
    expected = BruteForce().index(world.vectors, world.ids, world.attributes)
    index.upsert(["new"], world.vectors[:1], pa.table({"size": [1]}))
    expected.upsert(["new"], world.vectors[:1], {"size": [1]})
    for where in ({"size": 1}, {"color": "red"}):
        assert index(world.queries, 60, where=where)[1].tolist() == (
            expected(world.queries, 60, where=where)[1].tolist()
        )


@pytest.mark.parametrize("attributes", [["drama"], "drama", [{"genre": "drama"}]])
def test_attributes_without_names_are_refused(attributes: Any) -> None:
    with pytest.raises(ArgumentError, match="attributes must be a dict such as .*, got (list|str)"):
        BruteForce().index(np.eye(1, dtype="float32"), ["a"], attributes)


def test_what_does_not_fit_is_refused_and_nothing_changes() -> None:
    world = World(6)
    index = BruteForce(capacity=61).index(world.vectors, world.ids, world.attributes)
    one = world.vectors[:1]
    for ids, vectors, message in (
        (["a"], np.ones((1, 3)), "the 4 dimensions of the index, got 3"),
        (["a"], np.full((1, 4), np.nan), "NaN"),
        (["a", "a"], world.vectors[:2], "1 of them distinct"),
        (["a", "b"], one, "2 ids"),
        (["a", "b"], world.vectors[:2], "fit the capacity 61"),
    ):
        with pytest.raises(ArgumentError, match=message):
            index.upsert(ids, vectors)
    with pytest.raises(FeatureError, match="int64"):
        index.upsert([7], one)
    assert index.num_candidates == 60
    for name in ("a", "a", "item 1"):  # replaced candidates take no more room, nor do removed ones
        assert index.upsert([name], one).num_candidates == 61
    assert index.remove(["item 2"]) == 1
    assert index.upsert(["b"], one).num_candidates == 61
    with pytest.raises(ArgumentError, match="fit the capacity 59"):
        BruteForce(capacity=59).index(world.vectors)
    with pytest.raises(ArgumentError, match="where must name .*, got 'price'"):
        index(world.queries, where={"price": 3})
    with pytest.raises(ArgumentError, match="each of the 5 queries.* got 2 entries"):
        index(world.queries, where=[{}, {}])
    with pytest.raises(
        ArgumentError, match="color.* must have one entry for each of the 60 candidates, got 1"
    ):
        BruteForce().index(world.vectors, world.ids, {"color": ["red"]})
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


def test_what_changes_while_an_index_is_tuned_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(9)
    index = Partitioned(probes=1).index(world.vectors, world.ids)
    tune = stored.tune

    def tune_and_change(*args: Any, **given: Any) -> Any:
        index.upsert(["new"], 9 * np.ones((1, 4), "float32"))
        return tune(*args, **given)

    monkeypatch.setattr(stored, "tune", tune_and_change)
    index.tune(world.queries)
    assert index(np.ones((1, 4), "float32"), 1)[1].tolist() == [["new"]]
    assert index.is_exact()


def test_an_index_is_changed_while_another_one_is() -> None:
    one, other = BruteForce().index(np.eye(3)), BruteForce().index(np.eye(3))
    with one.store._changing:
        writer = threading.Thread(target=lambda: other.remove([0]))
        writer.start()
        writer.join(timeout=30)
        assert not writer.is_alive()
    assert other.num_candidates == 2


@pytest.mark.parametrize("kind", ["brute force", "one partition"])
def test_what_came_late_and_was_removed_never_comes_back(kind: str) -> None:
    world = World(4)
    index = (EXACT | INEXACT)[kind]().index(world.vectors, world.ids)
    index.upsert(["late", "later"], 9 * np.stack([world.queries[0], world.queries[1]]))
    assert index.remove(["late"]) == 1
    assert "late" not in index(world.queries, 61)[1]
    assert index(world.queries[1:2], 1)[1].tolist() == [["later"]]


def test_late_candidates_are_of_length_one_where_similarity_is_cosine() -> None:
    vectors = np.float32([[3, 0], [0, 5], [-1, 1], [0, 0], [4, 4]])
    index = BruteForce(similarity="cosine").index(vectors[:3]).upsert([7, 8], vectors[3:])
    query = np.float32([[2, 1]])
    lengths = np.linalg.norm(vectors, axis=1)
    cosine = (vectors @ query[0]) / np.linalg.norm(query) / np.where(lengths == 0, 1, lengths)
    scores, ids = index(query, 5)
    order = np.argsort(-cosine)
    np.testing.assert_allclose(scores[0], cosine[order], atol=1e-6)
    assert ids[0].tolist() == np.array([0, 1, 2, 7, 8])[order].tolist()


@pytest.mark.parametrize(
    "change",
    [
        lambda index, _: index.upsert([5], np.ones((1, 3))),
        lambda index, _: index.remove([0]),
        lambda index, _: index.compact(),
        lambda index, _: index.index(np.eye(2)),
        lambda index, folder: index.store.load(folder),
        lambda index, _: index.store.set_engine(*replaced(index), instead_of=index.snapshot().engine),
    ],
    ids=["upsert", "remove", "compact", "index", "load", "set_engine"],
)
def test_a_change_waits_for_the_one_before_it(change: Any, tmp_path: Path) -> None:
    index = BruteForce().index(np.eye(3)).upsert([7], np.ones((1, 3)))
    index.store.save(tmp_path / "candidates")
    before = index.snapshot()
    writer = threading.Thread(target=lambda: change(index, tmp_path / "candidates"))
    with index.store._changing:
        writer.start()
        writer.join(timeout=0.5)
        assert writer.is_alive()
        assert index.snapshot() is before
    writer.join(timeout=30)
    assert index.snapshot() is not before


def replaced(index: BruteForce) -> tuple[Engine, EngineSpec]:
    """Return an engine over the same vectors, and its spec."""
    return index.spec.build(np.eye(3, dtype="float32")), index.spec


@pytest.mark.parametrize("change", ["remove", "upsert", "compact"])
def test_a_change_in_the_middle_of_a_query_does_not_affect_it(
    change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = BruteForce(k=3).index(np.eye(3), ["a", "b", "c"]).upsert(["b"], np.float32([[0, 4, 0]]))
    of = Request.of

    def of_and_change(*args: Any, **asked: Any) -> Request:
        request = of(*args, **asked)
        changes = {"remove": [["c"]], "upsert": [["a", "d"], 9 * np.ones((2, 3))], "compact": []}
        getattr(index, change)(*changes[change])
        return request

    monkeypatch.setattr(Request, "of", of_and_change)
    assert index(np.float32([[1, 2, 3]]), exclude=["a"])[1].tolist() == [["b", "c", ""]]


@pytest.mark.parametrize("removed", [[], [2]])
@pytest.mark.parametrize("late", [[], [7]])
def test_a_compact_index_has_none_delta_and_none_missing(removed: list[int], late: list[int]) -> None:
    index = BruteForce().index(np.eye(3))
    if late:
        index.upsert(late, np.ones((1, 3)))
    index.remove(removed)
    now, num = index.compact().snapshot(), 3 + len(late) - len(removed)
    assert (len(now.delta), now.has_deletions, now.engine.num_rows) == (0, False, num)
    assert index.compact().snapshot() is now


def test_attributes_in_a_dataset_and_next_to_it_are_refused() -> None:
    batches = [(["a"], np.ones((1, 2)), {"size": [1]})]
    with pytest.raises(
        ArgumentError, match=r"attributes must be given either .*, got \['size'\].*\['color'\]"
    ):
        BruteForce().index_from_dataset(batches, attributes={"color": ["red"]})


def test_repr_says_what_an_index_holds() -> None:
    vectors = np.random.default_rng(0).normal(size=(30, 4)).astype("float32")
    exact, partitioned = BruteForce(similarity="cosine"), Partitioned(probes=2, num_partitions=5)
    assert (repr(exact), repr(partitioned)) == (
        "BruteForce(no candidates yet)",
        "Partitioned(no candidates yet)",
    )
    exact.index(vectors).remove([3])
    assert repr(exact) == "BruteForce(29 candidates, dim=4, similarity='cosine', exact search)"
    partitioned.index(vectors)
    assert repr(partitioned) == "Partitioned(30 candidates, dim=4, similarity='dot', probes=2 of 5)"
    partitioned.tune(vectors)
    assert repr(partitioned) == "Partitioned(30 candidates, dim=4, similarity='dot', exact search)"


def test_an_index_that_holds_nothing_yet_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(NotIndexedError, match="Partitioned must hold candidates, got none. Call index"):
        Partitioned().save(tmp_path / "index.keras")
    assert list(tmp_path.iterdir()) == []
    emptied = BruteForce().index(np.eye(2))
    emptied.remove([0, 1])  # empty, but indexed
    emptied.save(tmp_path / "index.keras")
    assert sl.load_model(tmp_path / "index.keras").num_candidates == 0


def test_a_spec_without_a_search_budget_is_refused_by_the_store(tmp_path: Path) -> None:
    store = CandidateStore(PartitionedSpec(probes=None))
    with pytest.raises(ArgumentError, match="PartitionedSpec must have a search budget, got probes=None"):
        store.replace(np.eye(3, dtype="float32"))
    CandidateStore(ExactSpec()).replace(np.eye(3, dtype="float32"))
    Partitioned(probes=2).index(np.eye(3)).store.save(tmp_path / "candidates")
    with pytest.raises(ArgumentError, match="Pass search.ExactSpec"):
        store.load(tmp_path / "candidates")
