"""Empty batches of queries, and indexes whose candidates were all removed."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from tests.indexes.world import EXACT, INEXACT, World

from shortlist.errors import ArgumentError
from shortlist.indexes import Annoy, Faiss, ScaNN, StoredIndex, Streaming, USearch
from shortlist.models import load_model

pytestmark = pytest.mark.contract

LIBRARIES = {"faiss": Faiss, "scann": ScaNN, "annoy": Annoy, "usearch": USearch}
KINDS: dict[str, Callable[..., StoredIndex]] = {
    **EXACT,
    **INEXACT,
    **{name: of for name, of in LIBRARIES.items() if importlib.util.find_spec(name)},
}
NAMES = [f"item {number}" for number in range(60)]
REQUESTS: list[dict[str, Any]] = [
    {},
    {"exclude": NAMES[:5]},
    {"allow": NAMES[:5]},
    {"where": {"size": 1}},
    {"where": {"color": "red"}, "exclude": NAMES[:5], "allow": NAMES[:9]},
]
FOR_EACH: list[dict[str, Any]] = [*REQUESTS, {"exclude": []}, {"allow": []}, {"where": []}]
BACKEND = keras.config.backend()


def made(kind: str, world: World) -> StoredIndex:
    return KINDS[kind]().index(world.vectors, world.ids, world.attributes)


def no_queries(*shape: int) -> np.ndarray:
    return np.empty((0, *shape), "float32")


@pytest.mark.parametrize("kind", KINDS)
def test_no_queries_get_no_answers(kind: str) -> None:
    index = made(kind, World(0))
    for shape in ((4,), (2, 4)):
        for asked in FOR_EACH:
            scores, ids, unknown = index(no_queries(*shape), 7, with_unknown=True, **asked)
            assert scores.shape == ids.shape == (0, 7)
            assert (scores.dtype, ids.dtype, unknown) == (np.dtype("float32"), np.dtype(object), [])
        assert index(no_queries(*shape), 100)[0].shape == (0, 60)
        assert index.score(no_queries(*shape), NAMES[:3]).shape[0] == 0
    scores, ids = index.similar([], 3)
    assert scores.shape == ids.shape == (0, 3)


@pytest.mark.parametrize("kind", KINDS)
def test_no_queries_after_changes(kind: str) -> None:
    index = made(kind, World(0))
    index.upsert(["late"], np.ones((1, 4), "float32"))
    index.remove(NAMES[:55])
    for asked in FOR_EACH:
        assert index(no_queries(4), 7, **asked)[1].shape == (0, 6)


def test_no_queries_of_a_stream_get_no_answers() -> None:
    world = World(0)
    index = Streaming().index_from_dataset([(world.ids, world.vectors, world.attributes)])
    for shape in ((4,), (2, 4)):
        for asked in FOR_EACH:
            scores, ids = index(no_queries(*shape), 7, **asked)
            assert scores.shape == ids.shape == (0, 7)


@pytest.mark.parametrize("kind", KINDS)
def test_no_queries_through_a_query_model(kind: str, tmp_path: Path) -> None:
    world, model = World(0), keras.Sequential([keras.Input((3,)), keras.layers.Dense(4)])
    index = KINDS[kind](query_model=model, k=2).index(world.vectors, world.ids)
    assert index(no_queries(3))[1].shape == (0, 2)
    index.save(tmp_path / "index.keras")
    assert load_model(tmp_path / "index.keras")(no_queries(3))[1].shape == (0, 2)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("late", [False, True])
def test_an_emptied_index_answers_nothing(kind: str, late: bool, tmp_path: Path) -> None:
    world = World(0)
    index = made(kind, world)
    if late:
        index.upsert(["late"], np.ones((1, 4), "float32"))
    assert index.remove(index.ids) == 60 + late
    index.save(tmp_path / "index.keras")
    for emptied in (index, index.compact(), load_model(tmp_path / "index.keras")):
        assert emptied.num_candidates == len(emptied.ids) == 0
        assert emptied.vectors.shape == (0, 4)
        assert "(0 candidates" in repr(emptied)
        assert emptied.remove(world.ids) == 0
        for queries in (world.queries, world.queries[:1], no_queries(4)):
            for asked in REQUESTS:
                scores, ids, unknown = emptied(queries, 3, with_unknown=True, **asked)
                assert scores.shape == ids.shape == (len(queries), 0)
                named = [*asked.get("exclude", []), *asked.get("allow", [])]
                assert unknown == [named] * len(queries)
            assert np.isneginf(emptied.score(queries, NAMES[:2])).all()
        with pytest.raises(ArgumentError, match="item 1"):
            emptied.similar(["item 1"])
        emptied.upsert(["item 1", "back"], world.vectors[:2], {"color": ["red", None], "size": [1, 2]})
        assert set(emptied(world.queries, 3)[1].ravel()) == {"item 1", "back"}
        assert emptied(world.queries, 3, where={"size": 1})[1][:, 0].tolist() == ["item 1"] * 5
        emptied.remove(["item 1", "back"])


@pytest.mark.skipif(BACKEND != "tensorflow", reason="graphs of TensorFlow")
@pytest.mark.parametrize("kind", [*EXACT, *INEXACT])
def test_a_graph_answers_with_the_candidates_that_are_left(kind: str) -> None:
    import tensorflow as tf

    world = World(0)
    index = made(kind, world)
    index.remove(NAMES[:7])
    scores, ids = tf.function(lambda queries: index(queries, 53))(tf.constant(world.queries))
    for row, query in enumerate(world.queries):
        left = dict(zip(*reversed(world.best(query, 60)), strict=True))
        for score, name in zip(scores.numpy()[row].tolist(), ids.numpy()[row].tolist(), strict=True):
            assert name.decode() not in NAMES[:7]
            assert not name or abs(score - left[name.decode()]) < 1e-4
    index.remove(index.ids)
    scores, ids = tf.function(lambda queries: index(queries, 3))(tf.constant(world.queries))
    assert not {name for name in ids.numpy().ravel().tolist() if name}
