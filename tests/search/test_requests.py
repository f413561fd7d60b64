"""Lists of ids, one for all queries or one per query."""

from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from shortlist.errors import ArgumentError, FeatureError
from shortlist.indexes import BruteForce, Streaming
from shortlist.search._requests import Request, id_lists, one_list, padded

pytestmark = pytest.mark.contract


@pytest.mark.parametrize(
    "lists", [[[1, 2], []], [np.array([1, 2]), np.array([], int)], [(1, 2), ()], ([1, 2], [])]
)
def test_one_list_for_each_query(lists: Any) -> None:
    assert [row.tolist() for row in id_lists(lists, 2, "exclude")] == [[1, 2], []]
    with pytest.raises(
        ArgumentError, match="exclude must hold one list of ids for each of the 3 queries.*, got 2 entries"
    ):
        id_lists(lists, 3, "exclude")


@pytest.mark.parametrize("lists", [[1, 2], np.array([1, 2]), (1, 2), range(1, 3)])
def test_one_list_for_all_queries(lists: Any) -> None:
    assert [row.tolist() for row in id_lists(lists, 3, "allow")] == [[1, 2]] * 3
    assert [row.tolist() for row in id_lists(["ab", "c"], 1, "allow")] == [["ab", "c"]]
    assert [row.tolist() for row in id_lists([b"ab", b"c"], 2, "allow")] == [[b"ab", b"c"]] * 2
    assert [row.tolist() for row in id_lists([], 2, "allow")] == [[], []]


@pytest.mark.parametrize("one", ["ab", b"ab"])
def test_one_id_that_is_no_list_is_refused(one: Any) -> None:
    with pytest.raises(ArgumentError, match="exclude must be a list of ids.*, got .*ab"):
        id_lists(one, 1, "exclude")


@pytest.mark.parametrize("none", [3, None, np.int64(3), np.array(3)])
def test_what_is_no_list_is_refused(none: Any) -> None:
    with pytest.raises(ArgumentError, match="exclude must be a list of ids"):
        id_lists(none, 1, "exclude")
    with pytest.raises(ArgumentError, match="^ids must be a list of ids"):
        one_list(none, "ids")


def test_a_query_without_a_list_of_its_own_is_named() -> None:
    with pytest.raises(ArgumentError, match="each entry of exclude must be a list of ids.*, got None"):
        id_lists([None, [1]], 2, "exclude")


@pytest.mark.parametrize("strange", [None, 1.5, ["b"]])
def test_what_is_no_id_among_ids_is_named(strange: Any) -> None:
    with pytest.raises(
        ArgumentError, match=r"exclude must hold only ids.*, got (None|1.5|\['b'\]) among ids"
    ):
        id_lists(["a", strange, "c"], 3, "exclude")


@pytest.mark.parametrize("array", [pa.array, lambda values: pa.chunked_array([values]), pl.Series])
def test_columns_of_tables(array: Any) -> None:
    assert [row.tolist() for row in id_lists(array(["a", "b"]), 2, "exclude")] == [["a", "b"]] * 2
    assert [row.tolist() for row in id_lists(array([[1, 2], [3]]), 2, "exclude")] == [[1, 2], [3]]
    assert one_list(array(["a"]), "ids").tolist() == ["a"]


@pytest.mark.parametrize(("ids", "wrong"), [(["a", "b"], [1]), (None, ["a"])])
@pytest.mark.parametrize("name", ["exclude", "allow"])
def test_ids_of_another_kind_are_refused_by_the_name_of_their_list(ids: Any, wrong: Any, name: str) -> None:
    snapshot = BruteForce().index(np.eye(2, dtype="float32"), ids).snapshot()
    with pytest.raises(FeatureError, match=f"^{name}: ids must be (int64|str|integers)"):
        Request.of(snapshot, 1, **{name: wrong})


def test_a_dict_is_no_list_of_ids() -> None:
    with pytest.raises(ArgumentError, match="exclude must be a list of ids.*, got {'user': \\['a'\\]}"):
        id_lists({"user": ["a"]}, 1, "exclude")


def test_one_list_has_one_rank() -> None:
    assert one_list(["a", "b"], "ids").tolist() == ["a", "b"]
    with pytest.raises(ArgumentError, match=r"ids must be one list of ids, got shape \(1, 2\)"):
        one_list(np.array([[1, 2]]), "ids")
    with pytest.raises(ArgumentError, match="ids must be a list of ids.*, got 'ab'"):
        one_list("ab", "ids")


def test_lists_of_lists_of_lists_are_refused() -> None:
    with pytest.raises(ArgumentError, match="one list of ids for each of the 2 queries"):
        id_lists([[[1]], [[2]]], 2, "exclude")


@pytest.mark.parametrize(("longest", "width"), [(0, 0), (1, 1), (2, 2), (3, 4), (5, 8), (8, 8)])
def test_matrices_have_few_widths(longest: int, width: int) -> None:
    matrix = padded([np.arange(longest), np.arange(0)], 2)
    assert matrix.shape == (2, width)
    assert matrix[0].tolist() == [*range(longest), *[-1] * (width - longest)]
    assert (matrix[1] == -1).all()
    assert padded([], 2).shape == (2, 0)


def test_rows_that_came_later_are_padding_for_the_engine() -> None:
    index = BruteForce().index(np.eye(3, dtype="float32")).upsert([7], np.ones((1, 3)))
    snapshot = index.snapshot()
    request = Request.of(snapshot, 1, exclude=[[7, 1, 99]])
    assert request.unknown == [[99]]
    assert sorted(request.filter_of_engine(snapshot).excluded[0].tolist()) == [-1, 1]
    assert sorted(request.filter_of_all(snapshot).excluded[0].tolist()) == [1, 3]


def test_the_engine_is_told_of_attributes_only_where_one_of_its_own_rows_may_lack_them() -> None:
    index = BruteForce(k=9).index(np.eye(3), ["a", "b", "c"], {"size": [1, 2, 1]})

    def has_attributes(**asked: Any) -> tuple[bool, bool]:
        snapshot = index.snapshot()
        request = Request.of(snapshot, 1, **asked)
        filters = request.filter_of_engine(snapshot), request.filter_of_all(snapshot)
        return filters[0].attributes is not None, filters[1].attributes is not None

    assert has_attributes() == (False, False)
    index.upsert(["late", "later"], np.full((2, 3), 9), {"size": [1, 1]}).remove(["late"])
    assert has_attributes() == (False, True)
    assert index([[1.0, 2, 3]])[1].tolist() == [["later", "c", "b", "a"]]
    assert has_attributes(where={"size": 1}) == (True, True)
    assert index([[1.0, 2, 3]], where={"size": 1})[1].tolist() == [["later", "c", "a", ""]]
    index.upsert(["b"], np.ones((1, 3)))
    assert has_attributes() == (True, True)
    assert index([[1.0, 2, 3]])[1].tolist() == [["later", "b", "c", "a"]]


@pytest.mark.parametrize("removed", [[], [0]])
def test_an_empty_list_of_requirements_is_none_for_no_query(removed: list[int]) -> None:
    index = BruteForce().index(np.eye(3, dtype="float32"))
    index.remove(removed)
    streaming = Streaming().index_from_dataset([np.eye(3, dtype="float32")])
    for ask in (index, streaming, lambda queries, where: index.similar([1, 2], where=where)):
        with pytest.raises(ArgumentError, match="one dict for each of the 2 queries.* got 0 entries"):
            ask(np.eye(3, dtype="float32")[:2], where=[])


def test_padding_is_no_unknown_id() -> None:
    numbers = BruteForce().index(np.eye(3, dtype="float32")).snapshot()
    assert Request.of(numbers, 1, exclude=[[-1, 99, 1]]).unknown == [[99]]
    text = BruteForce().index(np.eye(3, dtype="float32"), ["a", "b", "c"]).snapshot()
    assert Request.of(text, 1, exclude=[["", "a"]], allow=["", "z"]).unknown == [["z"]]


def test_unknown_ids_to_leave_out_come_before_those_to_choose_from() -> None:
    snapshot = BruteForce().index(np.eye(3, dtype="float32"), ["a", "b", "c"]).snapshot()
    request = Request.of(snapshot, 2, exclude=[["y", "a"], []], allow=[["b", "x"], ["x"]])
    assert request.unknown == [["y", "x"], ["x"]]


@pytest.mark.parametrize("ids", [None, [0, 1, 2]])
@pytest.mark.parametrize("beyond", [[2**63], [2**63, 1], [-(2**63) - 1, 1], np.array([2**63, 1], "uint64")])
def test_integers_beyond_64_bits_are_unknown_ids(beyond: Any, ids: Any) -> None:
    index, query = BruteForce(k=3).index(np.eye(3, dtype="float32"), ids), np.float32([[3, 2, 1]])
    known = [one for one in np.array(beyond, object).tolist() if one == 1]
    _, found, unknown = index(query, exclude=beyond, with_unknown=True)
    assert found.tolist() == [[0, 2, -1] if known else [0, 1, 2]]
    assert unknown == [[one for one in np.array(beyond, object).tolist() if one != 1]]
    assert index(query, allow=beyond)[1].tolist() == [[*known, -1, -1, -1][:3]]
    assert np.isneginf(index.score(query, beyond)).sum() == len(beyond) - len(known)
    with pytest.raises(ArgumentError, match="9223372036854775"):
        index.similar(beyond)
    with pytest.raises(FeatureError, match="9223372036854775"):
        index.upsert(beyond, np.ones((len(beyond), 3), "float32"))
    assert index.remove(beyond) == len(known)
    batches = [np.eye(3, dtype="float32") if ids is None else (ids, np.eye(3, dtype="float32"))]
    streaming = Streaming(k=3).index_from_dataset(batches)
    assert streaming(query, exclude=beyond)[1].tolist() == found.tolist()
