import sys

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shortlist.data import Histories, Interactions, leave_last_out, random_split, time_split
from shortlist.errors import ArgumentError, DataError, MissingExtraError

COLUMNS = {
    "u": ["a", "b", "a", "c"],
    "i": [10, 2**40, -1, 10],
    "r": [1.0, 2.0, 3.0, 4.0],
    "t": [4, 3, 2, 1],
    "tags": [["x"], [], ["x", "y"], None],
}
ROLES = {"user": "u", "item": "i", "rating": "r", "timestamp": "t"}


@pytest.fixture
def data():
    return Interactions.from_table(COLUMNS, **ROLES)


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table, dict])
def test_roles_are_the_same_from_every_kind_of_table(make):
    columns = {name: values for name, values in COLUMNS.items() if name != "tags"}
    data = Interactions.from_table(make(columns), **ROLES)
    assert data.users.tolist() == COLUMNS["u"]
    assert data.items.tolist() == COLUMNS["i"]
    assert data.ratings.tolist() == COLUMNS["r"]
    assert data.timestamps.tolist() == COLUMNS["t"]
    assert len(data) == 4


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"u": pd.Categorical(["b", "a", "b"]), "i": [1, 2, 3]}),
        pl.DataFrame({"u": pl.Series(["b", "a", "b"], dtype=pl.Categorical), "i": [1, 2, 3]}),
    ],
    ids=["pandas", "polars"],
)
def test_categorical_ids_come_back_as_text(frame):
    data = Interactions.from_table(frame, user="u", item="i")
    assert data.users.tolist() == ["b", "a", "b"]
    with_category = data.with_table(data.table.append_column("kind", pa.table(frame)["u"]))
    assert with_category.column("kind").tolist() == ["b", "a", "b"]


def test_integers_with_missing_values_in_pandas_are_refused_with_what_to_do():
    with pytest.raises(
        DataError,
        match=r"'u' must hold one id .* got floating point numbers.*after dropping rows without an id",
    ):
        Interactions.from_table(pd.DataFrame({"u": [1, None], "i": [1, 2]}), user="u", item="i")


def test_a_missing_role_says_how_to_name_it(data):
    bare = Interactions.from_table(COLUMNS, user="u", item="i")
    with pytest.raises(
        DataError, match=r"interactions must have a rating column, got none. Name one of .*rating="
    ):
        _ = bare.ratings
    with pytest.raises(DataError, match="must have the column 'x', got columns"):
        data.column("x")
    with pytest.raises(DataError, match="must have the column 'x', got columns"):
        Interactions.from_table(COLUMNS, user="x", item="i")


def test_an_id_column_of_rank_two_is_refused():
    with pytest.raises(DataError, match=r"'u' must hold one id per row, .* got vectors \(rank 2\)"):
        Interactions.from_table({"u": np.zeros((3, 1), np.int64), "i": [1, 2, 3]}, user="u", item="i")


def test_the_constructor_checks_too():
    with pytest.raises(DataError, match="empty"):
        Interactions(pa.table(COLUMNS).slice(0, 0), "u", "i")


def test_take_gives_rows_by_number_and_by_mask(data):
    assert data.take(np.array([3, 0, 3])).timestamps.tolist() == [1, 4, 1]
    assert data.take(data.ratings > 2).users.tolist() == ["a", "c"]
    assert data.take(np.array([0])).rating == "r"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (np.array([4]), "rows must be row numbers from 0 to 3, got 4 to 4"),
        (np.array([-1, 0]), "got -1 to 0"),
        (np.array([True]), "the mask must have one value for each of the 4 rows, got 1"),
        (np.array([0.0]), "rows must be row numbers or a mask.*got float64"),
        (np.array([[0]]), "shape \\(1, 1\\)"),
    ],
)
def test_rows_that_are_not_there_are_refused(data, rows, message):
    with pytest.raises(ArgumentError, match=message):
        data.take(rows)


def test_taking_no_row_is_refused(data):
    with pytest.raises(DataError, match="empty"):
        data.take(np.zeros(4, dtype=bool))


def test_with_table_keeps_the_roles_and_checks_again(data):
    longer = data.with_table(data.table.append_column("extra", pa.array([1, 2, 3, 4])))
    assert longer.columns == [*data.columns, "extra"]
    assert longer.timestamp == "t"
    with pytest.raises(DataError, match="must have the column 'r'"):
        data.with_table(data.table.drop_columns(["r"]))


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame, pa.table, dict])
def test_join_takes_every_table_that_from_table_takes(data, frame):
    ages = {user: 20 + place for place, user in enumerate(sorted(set(COLUMNS["u"])))}
    joined = data.join(users=frame({"u": list(ages), "age": list(ages.values())}))
    assert joined.column("age").tolist() == [ages[user] for user in COLUMNS["u"]]


@pytest.mark.parametrize("side", ["users", "items"])
def test_join_names_what_is_no_table(data, side):
    with pytest.raises(DataError, match=f"{side}: data must be a pandas or polars frame.*got list"):
        data.join(**{side: [1, 2]})


def test_swapped_tables_are_refused_with_a_hint(data):
    users, items = pa.table({"u": ["a", "b", "c"], "age": [1, 2, 3]}), pa.table({"i": [-1, 10, 2**40]})
    with pytest.raises(DataError, match="users: the features must have the column 'u'.* not swapped"):
        data.join(users=items, items=users)
    with pytest.raises(DataError, match="items: column 'i' must hold integers, .* got text.* not swapped"):
        data.join(items=users.rename_columns({"u": "i"}))
    texts = data.with_table(data.table.set_column(1, "i", pa.array(["x", "y", "x", "z"])))
    with pytest.raises(DataError, match="items: features of 'i' must have a row for every id.* not swapped"):
        texts.join(items=users.rename_columns({"u": "i"}))


def test_join_adds_features_of_both_sides(data):
    users = pa.table({"u": ["c", "b", "a"], "age": [3, 2, 1]})
    items = pa.table({"i": [-1, 10, 2**40], "name": ["p", "q", "r"]})
    joined = data.join(users=users, items=items)
    assert joined.column("age").tolist() == [1, 2, 1, 3]
    assert joined.column("name").tolist() == ["q", "r", "p", "q"]
    assert joined.timestamps.tolist() == COLUMNS["t"]


def test_the_same_interactions_are_equal_and_say_their_sizes(data):
    assert data == Interactions.from_table(COLUMNS, **ROLES)
    assert "4 rows, 3 users, 3 items" in repr(data)
    assert data.to_pandas()["t"].tolist() == COLUMNS["t"]


def test_without_pandas_the_error_says_how_to_get_it(data, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'shortlist\[pandas\]'"):
        data.to_pandas()


def test_csv_ids_are_text_by_default_and_integers_on_request(tmp_path):
    path = tmp_path / "ratings.csv"
    path.write_text("u;i;r;t;note\n007;1;4;10;x\n7;2;3.5;20;y\n")
    data = Interactions.from_csv(path, **ROLES, delimiter=";")
    assert data.users.tolist() == ["007", "7"]
    assert data.ratings.tolist() == [4.0, 3.5]
    assert data.column("note").tolist() == ["x", "y"]
    numbers = Interactions.from_csv(path, **ROLES, delimiter=";", id_type="int64")
    assert numbers.users.tolist() == [7, 7]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("u,i,r,t\na,1,4,1\na,,4,1\n", "'i' must hold an id .* got an empty value in row 2 "),
        ("u,i,r,t\na,1,nan,1\n", "'r' must hold finite values, got none in row 1 "),
        ("u,i,r,t\na,1,inf,1\n", "'r' must hold finite values, got inf in row 1 "),
        ("u,i,r,t\na,1,good,1\n", "'r' must hold floating point numbers, got 'good' in row 1 "),
        ("u,i,r,when\na,1,4,1\n", r"must have the column 't', got columns \['u', 'i', 'r', 'when'\]"),
        ("u,i,r,t\n", "empty"),
    ],
)
def test_bad_csv_is_named_by_file_and_place(tmp_path, text, message):
    path = tmp_path / "ratings.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=f"ratings.csv: .*{message}"):
        Interactions.from_csv(path, **ROLES)


def test_an_unknown_kind_of_id_is_refused(tmp_path):
    with pytest.raises(ArgumentError, match="id_type must be 'str' or 'int64', got 'float'"):
        Interactions.from_csv(tmp_path / "x.csv", user="u", item="i", id_type="float")


def test_parquet_keeps_types_and_names_its_file(tmp_path):
    path = tmp_path / "ratings.parquet"
    pq.write_table(pa.table(COLUMNS), path)
    data = Interactions.from_parquet(path, **ROLES)
    assert data.items.tolist() == COLUMNS["i"]
    with pytest.raises(DataError, match=r"ratings.parquet: the data must have the column 'who'"):
        Interactions.from_parquet(path, user="who", item="i")


FRAME = pd.DataFrame({"user": [1, 1, 2], "film": [4, 5, 4]})


@pytest.mark.parametrize("use", [random_split, time_split, leave_last_out, Histories.from_interactions])
@pytest.mark.parametrize("value", [FRAME, FRAME.to_dict("list"), None])
def test_a_frame_is_refused_with_the_way_to_make_interactions(use, value):
    message = rf"must be an Interactions, got {type(value).__name__}. Make it with Interactions\.from_table\("
    with pytest.raises(ArgumentError, match=message):
        use(value)
