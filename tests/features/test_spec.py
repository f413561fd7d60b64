"""The features of two towers: what they learn from, what they encode, how they are kept."""

import json

import numpy as np
import pyarrow as pa
import pytest

from shortlist.errors import ArgumentError, ArtifactError, FeatureError
from shortlist.features import Buckets, Categories, Category, FeatureSpec, Number, Text

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
    with pytest.raises(FeatureError, match="got columns .*expected one named 'title'"):
        spec.fit(INTERACTIONS, ITEMS.drop_columns(["title"]))
    with pytest.raises(FeatureError, match=r"got columns \['user'\], expected one named 'time'"):
        spec.fit(INTERACTIONS, ITEMS).encode_queries({"user": ["u"]})


def test_columns_of_different_length_are_refused(spec):
    with pytest.raises(FeatureError, match="'user': 2, 'time': 1"):
        spec.fit(INTERACTIONS, ITEMS).encode_queries({"user": ["u", "v"], "time": [1]})


def test_ids_of_two_kinds_are_refused():
    spec = FeatureSpec.ids(user="user", item="film")
    with pytest.raises(
        FeatureError,
        match="column 'film': ids must be str such as '1', as in the rows before, got int64 such as 3",
    ):
        spec.fit(INTERACTIONS, pa.table({"film": ["1"]}))


def test_an_unfitted_spec_refuses(spec, tmp_path):
    with pytest.raises(FeatureError, match="column 'user' has learned nothing yet"):
        spec.encode_queries(INTERACTIONS)
    with pytest.raises(FeatureError, match="column 'user' has learned nothing yet"):
        spec.save(tmp_path / "spec")
    with pytest.raises(ArtifactError, match="feature_spec"):
        FeatureSpec.load(tmp_path / "spec")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"query": [], "candidate": [Category("i")]}, "query: got columns"),
        ({"query": [Category("u")], "candidate": [Category("i"), Number("i")]}, "candidate: got columns"),
        ({"query": [Category("u")], "candidate": [Category("i")], "query_id": "i"}, "query_id: got 'i'"),
        (
            {"query": [Category("u")], "candidate": [Number("i")], "candidate_id": "i"},
            "candidate_id: got 'i'",
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
    for before, after in zip(
        (*fitted.query, *fitted.candidate), (*restored.query, *restored.candidate), strict=True
    ):
        assert after.num_rows == before.num_rows
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
        tmp_path / "candidate" / "vocabulary_0.parquet",
        tmp_path / "candidate" / "vocabulary_3.parquet",
    )
    films.write_bytes(genres.read_bytes())
    with pytest.raises(ArtifactError, match="column 'film'"):
        FeatureSpec.load(tmp_path)
    films.unlink()
    with pytest.raises(ArtifactError, match=r"vocabulary_0\.parquet"):
        FeatureSpec.load(tmp_path)
