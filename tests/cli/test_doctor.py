import importlib.metadata
import platform

import pytest

import shortlist
from shortlist.cli import main


@pytest.fixture
def told(monkeypatch, capsys):
    """Run `shortlist doctor` and return what it says, by name."""
    monkeypatch.setenv("COLUMNS", "300")

    def run():
        assert main(["doctor"]) == 0
        pairs = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
        return {pair[0]: pair[1].strip() for pair in pairs if len(pair) == 2}

    return run


def test_versions_are_those_installed(told):
    said = told()
    assert said["Python"] == platform.python_version()
    assert said["shortlist"] == shortlist.__version__
    for package in ("keras", "numpy", "pyarrow"):
        assert said[package] == importlib.metadata.version(package)


def test_the_backend_in_use_is_marked(told, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    marked = [name for name, state in told().items() if state.endswith("(in use)")]
    assert marked == ["jax"]


def test_an_unknown_backend_is_named(told, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "theano")
    assert told()["theano"].startswith(
        "configured by KERAS_BACKEND, but unknown: expected one of tensorflow,"
    )


def test_what_is_missing_comes_with_the_line_that_installs_it(told, monkeypatch):
    def version(package):
        if package == "shortlist":
            return "1.0"
        raise importlib.metadata.PackageNotFoundError(package)

    monkeypatch.setattr(importlib.metadata, "version", version)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    said = told()
    assert said["keras"] == "missing: pip install keras"
    assert said["torch"].startswith("not installed: pip install 'shortlist[torch]'")
    assert said["polars"] == "not installed: pip install 'shortlist[polars]'"


def test_each_extra_is_listed_once(told):
    extras = set(importlib.metadata.metadata("shortlist").get_all("Provides-Extra"))
    assert extras <= set(told())


def test_archives_are_where_they_are_found(told, monkeypatch, tmp_path):
    (tmp_path / "ml-1m.zip").touch()
    monkeypatch.setenv("SHORTLIST_DATA_DIR", str(tmp_path))
    monkeypatch.setattr("shortlist.data.datasets._archives.cache_directory", lambda: tmp_path / "cache")
    said = told()
    assert said["ml-1m.zip"] == str(tmp_path / "ml-1m.zip")
    assert said["ml-100k.zip"] == (
        f"not in {tmp_path} or in {tmp_path / 'cache'}: will be downloaded when it is first loaded"
    )
    assert said["SHORTLIST_DATA_DIR"] == str(tmp_path)


def test_a_data_directory_that_is_missing_is_told(told, monkeypatch, tmp_path):
    monkeypatch.setenv("SHORTLIST_DATA_DIR", str(tmp_path / "typo"))
    assert told()["SHORTLIST_DATA_DIR"] == f"{tmp_path / 'typo'}, which is missing"
    monkeypatch.delenv("SHORTLIST_DATA_DIR")
    assert told()["SHORTLIST_DATA_DIR"] == "not set"


def test_no_line_is_empty(capsys):
    assert main(["doctor"]) == 0
    assert all(line.strip() for line in capsys.readouterr().out.splitlines())


def test_nothing_heavy_is_imported(run_python):
    code = """
import sys
from shortlist.cli import main
assert main(["doctor"]) == 0
print(*{"keras", "tensorflow", "jax", "torch", "pandas"} & set(sys.modules))
"""
    assert run_python(code).splitlines()[-1].strip() == ""
