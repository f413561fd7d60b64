"""The oracle on a catalog small enough to work out by hand."""

import numpy as np
import pytest

from shortlist.testing._catalog import KINDS, Catalog, Wanted, drawn, drawn_queries, padding_of, unknown_of

SHOES = Catalog(
    ["a", "b", "c"],
    np.float32([[1, 0], [0, 2], [1, 1]]),
    {"color": [["red"], ["blue"], []], "size": [[1, 2], [2], [3]]},
)


def test_scores_are_products_and_the_best_head_counts() -> None:
    assert SHOES.scores(np.float32([2, 3])) == [2, 6, 5]
    assert SHOES.scores(np.float32([[2, 3], [9, 0]])) == [9, 6, 9]


@pytest.mark.parametrize(
    ("wanted", "rows"),
    [
        (Wanted(), [0, 1, 2]),
        (Wanted(exclude=["b", "nowhere"]), [0, 2]),
        (Wanted(allow=["c", "c", "a"]), [0, 2]),
        (Wanted(allow=[]), []),
        (Wanted(where={"color": "red"}), [0]),
        (Wanted(where={"color": ["red", "blue"]}), [0, 1]),
        (Wanted(where={"size": 2, "color": "blue"}), [1]),
        (Wanted(exclude=["a"], allow=["a", "b"], where={"size": [2, 3]}), [1]),
    ],
)
def test_rows_that_pass_the_filter(wanted: Wanted, rows: list[int]) -> None:
    assert SHOES.rows(wanted) == rows


@pytest.mark.parametrize("kind", KINDS)
def test_drawn_catalogs_have_ties_and_duplicates(kind: str) -> None:
    catalog = drawn(0, 43, kind)
    assert len(set(catalog.ids)) == 43
    assert unknown_of(kind) not in catalog.ids
    assert padding_of(catalog.ids) == {"str": "", "bytes": b"", "int64": -1}[kind]
    assert (catalog.vectors[-1] == catalog.vectors[0]).all()
    assert len(set(catalog.scores(drawn_queries(0, 3)[0]))) == 1
    assert len(set(catalog.scores(drawn_queries(0, 3)[1]))) < 43
    assert {len(tags) for tags in catalog.attributes["tags"]} == {0, 1, 2}
    assert len({code for (code,) in catalog.attributes["code"]}) > 32


def test_drawn_integers_collide_when_cast() -> None:
    ids = np.array(drawn(0, 43, "int64").ids)
    assert len(set(ids.astype("int32").tolist())) < 43
    assert len(set(ids.astype("float64").tolist())) < 43
