"""One small run in this process for what it says and leaves behind, one in a new process for the rest."""

import argparse
import re
from pathlib import Path

import keras
import pytest

from shortlist.cli import main
from shortlist.cli._quickstart import positive_integer
from shortlist.errors import ArtifactError, DatasetUnavailable

pytestmark = pytest.mark.filterwarnings("ignore:__array__ impl:DeprecationWarning")  # Keras, NumPy 2.4
BACKEND = keras.backend.backend()
SMALL = ["quickstart", "--epochs", "1", "--num-interactions"]


def unavailable(size, directory=None):
    raise DatasetUnavailable(f"ml-{size}.zip is nowhere.")


@pytest.fixture
def no_movielens(monkeypatch):
    monkeypatch.setattr("shortlist.data.load_movielens", unavailable)


def test_without_movielens_it_runs_on_synthetic_data_and_says_so(no_movielens, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("shortlist.cli._quickstart._NUM_INTERACTIONS", 2000)
    assert main(["quickstart", "--epochs", "1"]) == 0
    said = capsys.readouterr().out
    lines = said.splitlines()
    assert lines[0] == "data: synthetic, because MovieLens is not available. ml-100k.zip is nowhere."
    assert lines[1] == "synthetic: 1,600 interactions for training, 400 for evaluation"
    assert re.search(rf"training on {BACKEND} took [\d.]+ s, [\d.]+ s per epoch", said)
    assert re.search(r"model +popularity +random", said)
    for metric in ("recall_at_10", "recall_at_100", "ndcg_at_10", "ndcg_at_100"):
        assert re.search(rf"{metric}( +[01]\.\d{{3}}){{3}}", said)
    assert said.count("liked last") == 3
    left = {"two_tower.keras", "index.keras"} | ({"saved_model"} if BACKEND == "tensorflow" else set())
    assert {path.name for path in (tmp_path / "shortlist-quickstart").iterdir()} == left
    assert [path.name for path in tmp_path.iterdir()] == ["shortlist-quickstart"]
    assert all(f"saved {Path('shortlist-quickstart', name)}" in said for name in left)
    shown = re.findall(r"^ *user (\S+) *$", said, re.MULTILINE)
    assert f"recommend to user {shown[0]} (pass exclude=" in said
    assert f"index([{shown[0]!r}], k=5)" in said
    if BACKEND == "tensorflow":
        assert Path("shortlist-quickstart", "saved_model", "1", "saved_model.pb").is_file()
        assert f"saved {Path('shortlist-quickstart', 'saved_model', '1')}: " in said


def test_it_is_quiet_and_its_lines_run_in_a_new_process(run_python, tmp_path):
    words = [*SMALL, "1000", "--data", "synthetic", "--output", "out"]
    run = f"import os; os.dup2(1, 2)\nfrom shortlist.cli import main\nraise SystemExit(main({words!r}))"
    said = run_python(run, backend=BACKEND)
    assert not re.findall(r"(?i).*warning:(?! model).*|.*\d{4} \d\d:\d\d:.*|.*traceback.*", said)
    lines = [line.strip() for line in said.splitlines() if line.startswith("    ")][-3:]
    assert [len(line) > 0 for line in lines] == [True] * 3
    ids = run_python("\n".join([*lines, "print(*items[0])"]), backend=BACKEND).split()
    assert len(set(ids)) == 5
    assert all(re.fullmatch(r"i\d+", one) for one in ids)


def test_a_dataset_that_was_asked_for_is_not_replaced(no_movielens, tmp_path, capsys):
    assert main(["quickstart", "--data", "ml-1m", "--output", str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err == "shortlist: ml-1m.zip is nowhere.\n"
    assert not list(tmp_path.iterdir())


def test_a_size_for_data_that_has_its_own_is_refused(tmp_path, capsys):
    words = ["--data", "ml-1m", "--num-interactions", "500", "--output", str(tmp_path / "out")]
    assert main(["quickstart", *words]) == 1
    assert "got 500 with --data ml-1m" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_size_asks_for_synthetic_data(monkeypatch, tmp_path, capsys):
    def must_not_load(size, directory=None):
        raise AssertionError("MovieLens has a size of its own")

    monkeypatch.setattr("shortlist.data.load_movielens", must_not_load)
    assert main([*SMALL, "300", "--output", str(tmp_path / "out")]) == 0
    assert capsys.readouterr().out.startswith("synthetic: 240 interactions for training")


def test_an_output_that_cannot_be_written_is_refused_before_training(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("shortlist.cli._quickstart._load", lambda *_: pytest.fail("it began"))
    (tmp_path / "file").write_text("no folder")
    assert main(["quickstart", "--output", str(tmp_path / "file" / "out")]) == 1
    said = " ".join(capsys.readouterr().err.split())
    assert said.endswith("must be writable, got Not a directory. Choose another directory.")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_directory_of_the_user_is_not_replaced(tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("years of work")
    assert main(["quickstart", "--data", "synthetic", "--output", str(tmp_path)]) == 1
    assert "or the output of a quickstart" in capsys.readouterr().err
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_a_run_that_fails_leaves_the_earlier_output(tmp_path, monkeypatch, capsys):
    def fail(self, *args, **kwargs):
        raise ArtifactError("the disk is full.")

    output = tmp_path / "out"
    output.mkdir()
    (output / "index.keras").write_text("earlier")
    monkeypatch.setattr("shortlist.indexes.BruteForce.save", fail)
    assert main([*SMALL, "300", "--data", "synthetic", "--output", str(output)]) == 1
    assert capsys.readouterr().err.endswith("shortlist: the disk is full.\n")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (output / "index.keras").read_text() == "earlier"


@pytest.mark.parametrize("words", [["--epochs", "0"], ["--data", "netflix"], ["--backend", "theano"]])
def test_wrong_options_are_usage_errors(words, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["quickstart", *words])
    assert ended.value.code == 2
    assert words[0] in capsys.readouterr().err


@pytest.mark.parametrize(("text", "number"), [("1", 1), ("100000", 100_000)])
def test_a_whole_number_is_read(text, number):
    assert positive_integer(text) == number


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "", "ten", "²"])
def test_anything_else_is_refused_by_its_name(text):
    with pytest.raises(argparse.ArgumentTypeError, match="must be an integer >= 1"):
        positive_integer(text)
