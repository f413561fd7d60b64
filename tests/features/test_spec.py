"""The features of two towers: what they learn from, what they encode, how they are kept."""

import json

import numpy as np
import pyarrow as pa
import pytest

from shortlist.data import Interactions
from shortlist.errors import ArgumentError, ArtifactError, FeatureError
from shortlist.features import Buckets, Categories, Category, FeatureSpec, Number, Text
from shortlist.features._spec import encode_columns, load_columns, save_columns
from shortlist.features.columns._base import deserialize_columns, serialize_columns

INTERACTIONS = pa.table({"user": ["u", "v", "u"], "film": [3, 1, 9], "time": [10, 20, 30], "year": [9, 9, 9]})
ITEMS = pa.table(
    {
        "film": [1, 2, 3],
        "year": [1990, 2000, 2010],
        "title": ["A b", "B", "C"],
        "genres": [["x"], [], ["y", "x"]],
    }
)


@pytest.fixture
def spec():
    return FeatureSpec(
        query=[Category("user"), Buckets("time", num_buckets=2)],
        candidate=[Category("film"), Number("year"), Text("title", max_length=2), Categories("genres")],
        query_id="user",
        candidate_id="film",
    )


def test_queries_learn_from_interactions_and_candidates_from_both(spec):
    fitted = spec.fit(INTERACTIONS, ITEMS)
    assert not spec.is_fitted
    assert fitted.is_fitted
    assert fitted.query_vocabulary.known_ids.tolist() == ["u", "v"]
    assert fitted.candidate_vocabulary.known_ids.tolist() == [1, 2, 3, 9]
    year = fitted.candidate[1]
    assert year.mean == 2000  # of the items, not of the interactions


def test_encoded_arrays_go_by_name(spec):
    fitted = spec.fit(INTERACTIONS, ITEMS)
    queries = fitted.encode_queries(INTERACTIONS)
    assert {name: array.tolist() for name, array in queries.items()} == {"user": [1, 2, 1], "time": [0, 1, 1]}
    candidates = fitted.encode_candidates(ITEMS)
    assert list(candidates) == ["film", "year", "title", "genres"]
    assert candidates["film"].tolist() == [1, 2, 3]
    np.testing.assert_allclose(candidates["year"], np.array([-1, 0, 1]) * np.sqrt(1.5), rtol=1e-6)
    assert candidates["title"].tolist() == [[2, 1], [1, -1], [3, -1]]
    assert candidates["genres"].tolist() == [[1, -1], [-1, -1], [2, 1]]


def test_without_items_candidates_learn_from_interactions():
    spec = FeatureSpec.ids(user="user", item="film").fit(INTERACTIONS)
    assert (spec.query_id, spec.candidate_id) == ("user", "film")
    assert spec.candidate_vocabulary.known_ids.tolist() == [3, 1, 9]
    assert spec.encode_candidates({"film": [9, 2]})["film"].tolist() == [3, 0]


def test_fit_keeps_what_was_learned_before(spec):
    fitted = spec.fit(INTERACTIONS, ITEMS)
    again = fitted.fit(pa.table({"user": ["w"], "film": [7], "time": [1]}), ITEMS)
    assert again.get_config() == fitted.get_config()
    assert again.query_vocabulary == fitted.query_vocabulary


def test_interactions_object():
    class Interactions:
        table = INTERACTIONS

    spec = FeatureSpec.ids(user="user", item="film").fit(Interactions())
    assert spec.encode_queries(Interactions())["user"].tolist() == [1, 2, 1]


def test_missing_columns_are_named(spec):
    with pytest.raises(FeatureError, match="the data must have the column 'title', got columns"):
        spec.fit(INTERACTIONS, ITEMS.drop_columns(["title"]))
    with pytest.raises(FeatureError, match=r"the data must have the column 'time', got columns \['user'\]"):
        spec.fit(INTERACTIONS, ITEMS).encode_queries({"user": ["u"]})


def test_columns_of_different_length_are_refused(spec):
    with pytest.raises(FeatureError, match="same number of rows, got .*'user': 2, 'time': 1"):
        spec.fit(INTERACTIONS, ITEMS).encode_queries({"user": ["u", "v"], "time": [1]})


def test_ids_of_two_kinds_are_refused():
    spec = FeatureSpec.ids(user="user", item="film")
    with pytest.raises(
        FeatureError,
        match="column 'film': ids must be str .* as in the rows before, got int64 such as 3",
    ):
        spec.fit(INTERACTIONS, pa.table({"film": ["1"]}))


def test_an_unfitted_spec_refuses(spec, tmp_path):
    with pytest.raises(FeatureError, match="column 'user' must be fitted before it is used"):
        spec.encode_queries(INTERACTIONS)
    with pytest.raises(FeatureError, match="column 'user' must be fitted before it is used"):
        spec.save(tmp_path / "spec")
    with pytest.raises(ArtifactError, match="feature_spec"):
        FeatureSpec.load(tmp_path / "spec")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"query": [], "candidate": [Category("i")]}, "query columns must be at least one"),
        (
            {"query": [Category("u")], "candidate": [Category("i"), Number("i")]},
            "candidate columns must be at least one, with distinct names, got",
        ),
        (
            {"query": [Category("u")], "candidate": [Category("i")], "query_id": "i"},
            "query_id must be None or one of the Category columns .*got 'i'",
        ),
        (
            {"query": [Category("u")], "candidate": [Number("i")], "candidate_id": "i"},
            "candidate_id must be None or one of the Category columns .*got 'i'",
        ),
    ],
)
def test_declarations_that_make_no_sense_are_refused(arguments, message):
    with pytest.raises(ArgumentError, match=message):
        FeatureSpec(**arguments)


def test_no_id_is_no_vocabulary():
    spec = FeatureSpec([Category("user")], [Category("film")]).fit(INTERACTIONS)
    assert spec.query_vocabulary is None
    assert spec.candidate_vocabulary is None


def test_a_config_has_the_sizes(spec):
    fitted = spec.fit(INTERACTIONS, ITEMS)
    restored = FeatureSpec.from_config(json.loads(json.dumps(fitted.get_config())))
    before, after = ((*s.query, *s.candidate) for s in (fitted, restored))
    assert [column.num_rows for column in after] == [column.num_rows for column in before]
    assert not restored.is_fitted


def test_save_and_load(spec, tmp_path):
    fitted = spec.fit(INTERACTIONS, ITEMS)
    fitted.save(tmp_path / "spec")
    loaded = FeatureSpec.load(tmp_path / "spec")
    assert (loaded.query, loaded.candidate) == (fitted.query, fitted.candidate)
    assert (loaded.query_id, loaded.candidate_id) == ("user", "film")


def test_a_missing_or_exchanged_file_is_refused(spec, tmp_path):
    spec.fit(INTERACTIONS, ITEMS).save(tmp_path)
    films, genres = (
        tmp_path / "candidate" / "0" / "vocabulary.parquet",
        tmp_path / "candidate" / "3" / "vocabulary.parquet",
    )
    films.write_bytes(genres.read_bytes())
    with pytest.raises(
        ArtifactError,
        match=r"0.vocabulary\.parquet must hold the 4 int64 ids .*got 2 str",
    ):
        FeatureSpec.load(tmp_path)
    films.unlink()
    with pytest.raises(ArtifactError, match=r"0.vocabulary\.parquet"):
        FeatureSpec.load(tmp_path)


def test_a_spec_that_was_not_written_to_the_end_is_refused(spec, tmp_path, monkeypatch):
    fitted = spec.fit(INTERACTIONS, ITEMS)
    fitted.save(tmp_path)

    def fail(*args):
        raise OSError("disk full")

    monkeypatch.setattr(Categories, "save_assets", fail)
    with pytest.raises(OSError, match="disk full"):
        fitted.save(tmp_path)
    with pytest.raises(ArtifactError, match=r"feature_spec\.json must be a readable feature spec"):
        FeatureSpec.load(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", json.dumps({"format": "feature spec 1"}), json.dumps({})])
def test_another_file_is_refused(text, tmp_path):
    (tmp_path / "feature_spec.json").write_text(text)
    with pytest.raises(ArtifactError, match=r"feature_spec\.json must"):
        FeatureSpec.load(tmp_path)


def test_columns_with_any_name_are_saved(tmp_path):
    columns = (Category("a/b").fit([1, 2]), Number("n").fit([1.0]), Category("..").fit(["x\0"]))
    save_columns(columns, tmp_path)
    without = deserialize_columns(serialize_columns(columns))
    assert load_columns(without, tmp_path) == columns


DATA = {"user": ["u1", "u2", "u1"], "film": ["f1", "f2", "f3"]}
IDS = FeatureSpec.ids(user="user", item="film")


def interactions(**columns):
    return Interactions.from_table({**DATA, **columns}, user="user", item="film")


def test_swapped_roles_are_refused():
    swapped = Interactions.from_table(DATA, user="film", item="user")
    with pytest.raises(FeatureError, match="must have user='user' and item='film', .* got user='film'"):
        IDS.fit(swapped)


def test_a_table_of_users_is_no_catalog():
    with pytest.raises(FeatureError, match="items must have the column of item ids 'film'.*are not swapped"):
        IDS.fit(interactions(), {"user": ["u1", "u2"], "age": [30, 41]})
    with pytest.raises(FeatureError, match="column 'film' of items must hold item ids, got users of"):
        IDS.fit(interactions(), {"film": ["u1", "u2"]})
    with pytest.raises(FeatureError, match="column 'film': ids must be str .* got int64 .*are not swapped"):
        IDS.fit(interactions(film=[1, 2, 3]), {"film": ["u1", "u2"]})


def test_a_catalog_of_people_who_are_users_too_is_fine():
    people = interactions(film=["u2", "u1", "u3"])
    assert IDS.fit(people, {"film": ["u1", "u2", "u3"]}).is_fitted


@pytest.mark.parametrize("films", [["f1", "f2", "f3"], [1, 2, 3]])
def test_ids_in_the_column_of_the_others_are_refused(films):
    fitted = IDS.fit(interactions(film=films))
    swapped = {"user": films, "film": DATA["user"]}
    with pytest.raises(FeatureError, match="columns 'user' and 'film' must hold ids .*are not swapped"):
        encode_columns([*fitted.query, *fitted.candidate], swapped)
    unknown = {"user": ["new"], "film": films[:1]}
    assert encode_columns([*fitted.query, *fitted.candidate], unknown)["user"].tolist() == [0]
    # A cold start is no mistake: these users are unknown, and nobody takes them for films.
    assert fitted.encode_queries({"user": ["new", "u9"]})["user"].tolist() == [0, 0]
