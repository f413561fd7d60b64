"""Ranges of numbers agree with one oracle in every kind of search: exact, partitioned, library, exported."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from tests.search.libraries.contract import skip_without

import shortlist as sl
from shortlist import indexes

pytestmark = pytest.mark.contract
GENERATOR = np.random.default_rng(0)
NUM = 300
VECTORS, QUERIES = (GENERATOR.normal(size=(n, 6)).astype("float32") for n in (NUM, 4))
PRICES = np.where(np.arange(NUM) % 9 == 4, np.nan, np.round(GENERATOR.uniform(-5, 40, NUM), 1))
SIZES = GENERATOR.normal(size=NUM)
KINDS = GENERATOR.choice(["shoe", "hat", "bag"], NUM)
ATTRIBUTES = {"price": PRICES.tolist(), "kind": KINDS.tolist(), "size": SIZES.tolist()}
WHERES: list[dict[str, Any]] = [
    {"price": (None, 20.0)},
    {"price": (float(PRICES[0]), float(PRICES[0]))},
    {"price": (10, None), "kind": ["shoe", "hat"]},
    {"price": (None, None), "size": (0.0, 1.0), "kind": "bag"},
]


def expected(where: dict[str, Any], query: np.ndarray, k: int) -> list[int]:
    """Sort the rows that the definition allows."""

    def is_in(number: float, lowest: float | None, highest: float | None) -> bool:
        if np.isnan(number):
            return False
        return not (lowest is not None and number < lowest) and not (highest is not None and number > highest)

    scores = VECTORS @ query
    allowed = [
        row
        for row in range(NUM)
        if all(
            is_in(ATTRIBUTES[name][row], *asked) if name != "kind" else KINDS[row] in np.atleast_1d(asked)
            for name, asked in where.items()
        )
    ]
    return sorted(allowed, key=lambda row: -scores[row])[:k]


def index_of(kind: str) -> Any:
    if kind == "Streaming":
        parts = [slice(first, first + 70) for first in range(0, NUM, 70)]
        return indexes.Streaming().index_from_dataset(
            [
                (np.arange(NUM)[part], VECTORS[part], {name: of[part] for name, of in ATTRIBUTES.items()})
                for part in parts
            ]
        )
    return getattr(indexes, kind)().index(VECTORS, attributes=ATTRIBUTES)


def check(search: Callable[[int, list[dict[str, Any]]], np.ndarray]) -> None:
    for k in (5, 250):
        for wheres in (WHERES, WHERES[::-1], [WHERES[2]] * 4):
            found = search(k, wheres)
            for line, where, query in zip(found.tolist(), wheres, QUERIES, strict=True):
                rows = expected(where, query, k)
                assert line[: len(rows)] == rows
                assert set(line[len(rows) :]) <= {-1}


@pytest.mark.parametrize(
    "kind",
    [
        "BruteForce",
        "Partitioned",
        "Streaming",
        *(
            pytest.param(name, marks=skip_without(name.lower()))
            for name in ("Annoy", "Faiss", "ScaNN", "USearch")
        ),
    ],
)
def test_every_search(kind: str) -> None:
    index = index_of(kind)
    if hasattr(index, "snapshot"):  # every row is looked at, so approximate search is exact
        engine = index.snapshot().engine
        if not engine.is_exact:
            index.store.set_engine(
                engine.with_search_budget(engine.max_search_budget), index.spec, instead_of=engine
            )
    check(lambda k, wheres: index(QUERIES, k, where=wheres)[1])
    if kind != "Streaming":
        index.upsert([0, 1000], np.stack([VECTORS[0], 50 * QUERIES[0]]), {"price": [PRICES[0], None]})
        assert index(QUERIES[:1], 1)[1].tolist() == [[1000]]
        assert 1000 not in index(QUERIES[:1], 300, where={"price": (None, None)})[1]


@pytest.mark.skipif(keras.config.backend() != "tensorflow", reason="exports are made under TensorFlow")
@pytest.mark.parametrize(
    ("kind", "is_listed"),
    [
        ("BruteForce", False),
        ("Partitioned", True),
        pytest.param("BruteForce", True, marks=pytest.mark.slow),
        pytest.param("Partitioned", False, marks=pytest.mark.slow),
    ],
)
def test_exported_search(kind: str, is_listed: bool, tmp_path: Path) -> None:
    import tensorflow as tf

    options = {} if kind == "BruteForce" else {"probes": 10**6}
    index = getattr(indexes, kind)(**options).index(VECTORS, attributes=ATTRIBUTES)
    path = sl.export.saved_model(index, tmp_path / "1", max_k=250)
    signature = tf.saved_model.load(path).signatures["search"]
    every = np.tile(np.arange(NUM), (4, 1))

    def limits(asked: Any) -> list[float]:
        return (
            [np.nan] * 2 if asked is None else [-np.inf if asked[0] is None else asked[0], asked[1] or np.inf]
        )

    def search(k: int, wheres: list[dict[str, Any]]) -> np.ndarray:
        kinds = [np.atleast_1d(where.get("kind", [])).tolist() for where in wheres]
        found = signature(
            queries=tf.constant(QUERIES),
            k=tf.constant(k),
            exclude=tf.zeros((4, 0), tf.int64),
            allow=tf.constant(every if is_listed else every[:, :0], tf.int64),
            where_kind=tf.constant([line + [""] * (2 - len(line)) for line in kinds]),
            where_price=tf.constant([limits(where.get("price")) for where in wheres], tf.float32),
            where_size=tf.constant([limits(where.get("size")) for where in wheres], tf.float32),
        )
        return found["ids"].numpy()

    check(search)
    unfiltered = signature(
        queries=tf.constant(QUERIES),
        k=tf.constant(250),
        exclude=tf.zeros((4, 0), tf.int64),
        allow=tf.zeros((4, 0), tf.int64),
        where_kind=tf.zeros((4, 0), tf.string),
        where_price=tf.zeros((4, 0)),
        where_size=tf.zeros((4, 0)),
    )
    np.testing.assert_array_equal(unfiltered["ids"].numpy(), index(QUERIES, 250)[1])
