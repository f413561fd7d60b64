"""The report of an index, as the command prints it."""

import numpy as np
import pytest

import shortlist as sl
from shortlist.cli import main


@pytest.fixture
def saved(tmp_path):
    vectors = np.random.default_rng(0).normal(size=(300, 8)).astype("float32")
    path = tmp_path / "index.keras"
    sl.indexes.Partitioned(k=5, probes=2).index(vectors).save(path)
    return path


def test_a_small_index_is_searched_exactly_and_the_report_says_so(saved, capsys):
    assert main(["index", "report", str(saved)]) == 0
    said = capsys.readouterr().out
    assert "recall@5" in said
    assert "Exact search is chosen: with 300 candidates" in said
    assert "Queries were candidates" in said


def test_queries_from_a_file_a_picture_and_the_choice_kept(saved, tmp_path, capsys):
    pytest.importorskip("matplotlib", reason="the extra `plots` is not installed")
    np.save(tmp_path / "queries.npy", np.ones((3, 8), "float32"))
    words = ["--queries", str(tmp_path / "queries.npy"), "--plot", str(tmp_path / "r.png"), "--save"]
    assert main(["index", "report", str(saved), *words]) == 0
    assert "Queries were candidates" not in capsys.readouterr().out
    assert (tmp_path / "r.png").read_bytes().startswith(b"\x89PNG")
    loaded = sl.load_model(saved)
    assert loaded.probes is None
    assert loaded.is_exact()


def test_what_is_no_approximate_index_or_no_queries_is_refused(saved, tmp_path, capsys):
    exact = tmp_path / "exact.keras"
    sl.indexes.BruteForce().index(np.eye(3, dtype="float32")).save(exact)
    assert main(["index", "report", str(exact)]) == 1
    assert "must hold an approximate index, such as Partitioned, got BruteForce" in capsys.readouterr().err
    assert main(["index", "report", str(saved), "--queries", "queries.txt"]) == 1
    assert "must end in .npy" in capsys.readouterr().err
    assert main(["index", "report", str(saved), "--recall", "2"]) == 1
    assert "recall must be above 0 and at most 1, got 2.0" in capsys.readouterr().err


def test_queries_that_cannot_be_read_are_refused(saved, tmp_path, capsys):
    missing, broken = tmp_path / "missing.npy", tmp_path / "broken.npy"
    broken.write_bytes(b"no array")
    for path, said in ((missing, "be an existing file"), (broken, "must be readable, got")):
        assert main(["index", "report", str(saved), "--queries", str(path)]) == 1
        told = " ".join(capsys.readouterr().err.split())
        assert "--queries" in told
        assert str(path) in told
        assert said in told
    features = tmp_path / "features.csv"
    features.write_text("user_id\na\nb\n")
    assert main(["index", "report", str(saved), "--queries", str(features)]) == 1
    assert "an index without a query model" in capsys.readouterr().err


def test_ids_of_digits_in_a_csv_file_are_text_where_those_of_the_model_are(tmp_path, capsys):
    features = tmp_path / "features.csv"
    features.write_text("user\n1\n2\n")
    for ids in (["1", "2"], [1, 2]):
        met = sl.data.Interactions.from_table({"user": ids, "item": ["x", "y"]}, user="user", item="item")
        index = sl.models.TwoTower.from_interactions(met).build_index(kind=sl.indexes.Partitioned)
        index(ids)  # makes the weights
        index.save(tmp_path / "index.keras")
        assert main(["index", "report", str(tmp_path / "index.keras"), "--queries", str(features)]) == 0
        assert "exact search" in capsys.readouterr().out


def test_vectors_for_an_index_of_raw_features_are_refused(tmp_path, capsys):
    rows = {"user": ["a", "b"], "age": [1.0, 2.0], "item": ["x", "y"]}
    user, age, item = sl.features.Category("user"), sl.features.Number("age"), sl.features.Category("item")
    for columns in (["user"], ["user", "age"]):
        query = [column for column in (user, age) if column.column in columns]
        spec = sl.features.FeatureSpec(query, [item], query_id="user", candidate_id="item").fit(rows)
        index = sl.models.TwoTower(spec).build_index(kind=sl.indexes.Partitioned)
        index(rows)  # makes the weights
        index.save(tmp_path / "index.keras")
        np.save(tmp_path / "vectors.npy", np.ones((3, 64), "float32"))
        words = ["index", "report", str(tmp_path / "index.keras"), "--queries"]
        assert main([*words, str(tmp_path / "vectors.npy")]) == 1
        said = " ".join(capsys.readouterr().err.split())
        assert "vectors.npy must hold the raw feature columns" in said
        assert f"columns {columns}, got an array of shape (3, 64)" in said
        np.save(tmp_path / "ids.npy", np.array(["a", "b"]))
        assert main([*words, str(tmp_path / "ids.npy")]) == len(columns) - 1  # of one column they may come
        assert ("got an array of shape (2,)" in capsys.readouterr().err) == (len(columns) > 1)


def test_a_picture_that_cannot_be_drawn_loses_no_choice(saved, tmp_path, capsys):
    pytest.importorskip("matplotlib", reason="the extra `plots` is not installed")
    assert main(["index", "report", str(saved), "--plot", str(tmp_path / "r.doc"), "--save"]) == 1
    assert "path must end in one of" in " ".join(capsys.readouterr().err.split())
    assert sl.load_model(saved).probes is None
