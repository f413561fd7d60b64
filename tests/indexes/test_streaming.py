"""Streaming: contract of exact indexes, in batches of two, so that the top k spans batches."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from tests.indexes import contract
from tests.indexes.world import World
from tests.oracles.worlds import ID_POOLS

from shortlist.errors import ArgumentError, NotIndexedError
from shortlist.indexes import BruteForce, Streaming

BACKEND = keras.config.backend()
BATCH_SIZE = 2


def make(vectors: Any, ids: Any = None, **options: Any) -> Streaming:
    starts = range(0, max(len(vectors), 1), BATCH_SIZE)
    parts = [slice(start, start + BATCH_SIZE) for start in starts]
    batches = [vectors[part] if ids is None else (ids[part], vectors[part]) for part in parts]
    return Streaming(**options).index_from_dataset(batches)


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
    contract.check_not_indexed(Streaming())


@pytest.mark.contract
def test_ids_in_plain_lists_are_padded_with_minus_one() -> None:
    index = Streaming().index_from_dataset([([40, 7], np.eye(2, dtype="float32"))])
    _, ids = index(np.float32([[1, 2]]), 2, exclude=[[40]])
    assert ids.tolist() == [[7, -1]]


@pytest.mark.contract
def test_empty_text_is_an_id_like_any_other() -> None:
    index = Streaming().index_from_dataset([(["", "a"], np.eye(2, dtype="float32"))])
    assert index(np.float32([[2, 1]]), 2)[1].tolist() == [["", "a"]]


@pytest.mark.contract
def test_an_excluded_id_is_out_wherever_it_stands() -> None:
    # Duplicate ids in a stream are not detected, but all of them are excluded.
    batches = [(["a", "a"], np.float32([[1], [1]])), (["b", "a"], np.float32([[0], [1]]))]
    index = Streaming().index_from_dataset(batches)
    assert index(np.float32([[1]]), 2, exclude=[["a"]])[1].tolist() == [["b", ""]]


class Catalog:
    """Dataset that counts how often it is iterated."""

    def __init__(self, *batches: Any) -> None:
        self.batches, self.num_readings = batches, 0

    def __iter__(self) -> Iterator[Any]:
        self.num_readings += 1
        return iter(self.batches)


@pytest.mark.contract
@pytest.mark.parametrize("num_queries", [0, 3])
def test_attributes_and_lists_as_of_candidates_in_memory(num_queries: int) -> None:
    world = World(7)
    parts = [slice(start, start + 9) for start in range(0, len(world.ids), 9)]
    batches = [
        (world.ids[part], world.vectors[part], {name: of[part] for name, of in world.attributes.items()})
        for part in parts
    ]
    streaming, stored = (of.index_from_dataset(batches) for of in (Streaming(), BruteForce()))
    queries = world.vectors[:num_queries]
    for asked in (
        {"where": {"size": [0, 1]}},
        {"where": [{"size": 1}, {}, {"size": [0, 2]}][:num_queries]},
        {"where": {"size": 1}, "exclude": world.ids[:5], "allow": world.ids[::2]},
        {"where": {}},
        {"allow": world.ids[3:40:4]},
        {"exclude": world.ids[:5]},
    ):
        scores, ids = streaming(queries, 8, **asked)
        wanted_scores, wanted_ids = stored(queries, 8, **asked)
        np.testing.assert_allclose(scores, wanted_scores, atol=1e-5)
        assert ids.tolist() == wanted_ids.tolist()
    with pytest.raises(ArgumentError, match="where must name .*, got 'weight'"):
        streaming(queries, where={"weight": 1})


@pytest.mark.contract
@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 1, 0)])
@pytest.mark.parametrize("sizes", [(1, 1, 1), (2, 1), (1, 2), (3,)])
def test_values_of_several_kinds_are_refused_when_asked_for_in_any_order(order: Any, sizes: Any) -> None:
    values: list[Any] = ["old", 7, None]
    parts = np.split(np.array(order), np.cumsum(sizes)[:-1])
    columns = [{"mixed": [values[row] for row in part], "color": ["red"] * len(part)} for part in parts]
    batches = [(part, np.ones((len(part), 1)), of) for part, of in zip(parts, columns, strict=True)]
    index, query = Streaming(k=3).index_from_dataset(batches), np.ones((1, 1), "float32")
    for value in ("old", 7, True, ["old", 7]):
        with pytest.raises(
            ArgumentError, match="attribute 'mixed' must hold (strings|integers|bools) such as"
        ):
            index(query, where={"color": "red", "mixed": value})
    assert index(query, where={"color": "red"})[1].tolist() == [list(order)]
    with pytest.raises(ArgumentError, match=r"attributes of the candidates, \['color', 'mixed'\]"):
        index(query, where={"weight": 1})


@pytest.mark.contract
def test_candidates_are_read_again_for_each_call() -> None:
    catalog = Catalog((["a"], np.float32([[1]])), (["b"], np.float32([[2]])))
    index = Streaming(k=1).index_from_dataset(catalog)
    readings_before = catalog.num_readings
    assert index(np.float32([[1]]))[1].tolist() == [["b"]]
    catalog.batches = ((["c"], np.float32([[3]])),)
    assert index(np.float32([[1]]))[1].tolist() == [["c"]]
    assert catalog.num_readings == readings_before + 2


@pytest.mark.contract
def test_a_catalog_that_cannot_be_streamed_is_refused() -> None:
    with pytest.raises(ArgumentError, match="only once"):
        Streaming().index_from_dataset(iter([np.eye(2)]))
    with pytest.raises(ArgumentError, match="BruteForce"):
        Streaming().index(np.eye(2))
    with pytest.raises(ArgumentError, match="must hold at least one batch, got none"):
        Streaming().index_from_dataset([])(np.ones((1, 2), "float32"))


@pytest.mark.contract
def test_equals_brute_force_whatever_the_batches() -> None:
    generator = np.random.default_rng(3)
    vectors = generator.integers(-2, 3, (23, 3)).astype("float32")
    queries = generator.integers(-2, 3, (6, 3)).astype("float32")
    scores, rows = BruteForce(k=7).index(vectors)(queries)
    for size in (1, 4, 23):
        batches = [vectors[start : start + size] for start in range(0, 23, size)]
        found_scores, found_rows = Streaming(k=7).index_from_dataset(batches)(queries)
        np.testing.assert_array_equal(found_scores, scores)
        np.testing.assert_array_equal(found_rows, rows)


@pytest.mark.contract
def test_an_encoder_turns_features_of_each_batch_into_vectors() -> None:
    table = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    batches = [(["a", "b", "c"], np.array([4, 0, 2])), (["d", "e"], np.array([1, 3]))]
    index = Streaming(k=5).index_from_dataset(batches, lambda rows: table[np.asarray(rows)])
    scores, ids = index(table[:2])
    true = table[:2] @ table[[4, 0, 2, 1, 3]].T
    np.testing.assert_allclose(scores, -np.sort(-true, axis=1), atol=1e-6)
    assert ids.tolist() == np.array(list("abcde"))[np.argsort(-true, axis=1)].tolist()


@pytest.mark.contract
def test_saved_with_its_query_model_and_fed_again(tmp_path: Path) -> None:
    query_model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    index = make(np.eye(3, dtype="float32"), query_model=query_model, k=3)
    expected = index(np.float32([[1, 2]]))
    index.save(tmp_path / "index.keras")
    loaded = keras.models.load_model(tmp_path / "index.keras")
    contract.check_not_indexed(loaded)
    with pytest.raises(
        NotIndexedError, match=r"Call index_from_dataset\(batches\) first, also after loading"
    ):
        loaded(np.float32([[1, 2]]))
    found = loaded.index_from_dataset([np.eye(3, dtype="float32")])(np.float32([[1, 2]]))
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-6)
    np.testing.assert_array_equal(found[1], expected[1])


def test_repr_says_whether_there_is_a_dataset() -> None:
    index = Streaming()
    assert repr(index) == "Streaming(no candidates yet)"
    assert repr(index.index_from_dataset([np.eye(2)])) == "Streaming(candidates read again for each call)"
