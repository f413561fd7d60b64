import importlib.metadata
import runpy
import sys

import pytest

import shortlist
from shortlist.cli import _doctor as doctor
from shortlist.cli import main
from shortlist.errors import DataError


def fail(arguments):
    raise DataError("u.data: row 3 cannot be read.\nGet it again.")


def test_the_version_is_told(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"shortlist {shortlist.__version__}\n"


def test_help_names_each_command(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    assert {"quickstart", "doctor"} <= set(capsys.readouterr().out.split())


@pytest.mark.parametrize("words", [[], ["fly"], ["doctor", "--fly"]])
def test_words_that_cannot_be_understood_end_with_two(words, capsys):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "usage: shortlist" in capsys.readouterr().err


def test_an_error_ends_with_one_line_and_one(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "run", fail)
    assert main(["doctor"]) == 1
    assert capsys.readouterr().err == "shortlist: u.data: row 3 cannot be read. Get it again.\n"


def test_debug_shows_where_an_error_came_from(monkeypatch):
    monkeypatch.setattr(doctor, "run", fail)
    with pytest.raises(DataError):
        main(["doctor", "--debug"])


def test_an_error_that_is_a_bug_is_not_hidden(monkeypatch):
    monkeypatch.setattr(doctor, "run", lambda arguments: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        main(["doctor"])


def test_an_interrupt_ends_quietly(monkeypatch, capsys):
    def interrupt(arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(doctor, "run", interrupt)
    assert main(["doctor"]) == 130
    assert capsys.readouterr().err.startswith("shortlist: interrupted")


def test_the_package_is_the_command(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["shortlist", "--version"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("shortlist", run_name="__main__")
    assert ended.value.code == 0
    (entry,) = importlib.metadata.entry_points(group="console_scripts", name="shortlist")
    assert entry.load() is main
