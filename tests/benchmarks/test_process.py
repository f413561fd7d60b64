"""A side that is absent or breaks says so in the table, and stops nobody else."""

from pathlib import Path

from benchmarks.compare import compare
from benchmarks.process import reason_of
from benchmarks.side import Side


def test_sides_in_trouble_say_what_is_the_matter():
    absent = Side("absent", "train_tfrs", {}, python=Path("/nowhere/.venv-tfrs/bin/python"))
    broken = Side("broken", "no_such_program", {})
    first, second = compare([absent, broken], repeats=2)
    assert (first.name, first.trouble, first.has_failed) == (
        "absent",
        "no .venv-tfrs: make bench-peers",
        False,
    )
    assert (second.name, second.has_failed) == ("broken", True)
    assert second.trouble.startswith("failed:")


def test_reason_is_the_last_error_and_what_it_says():
    errors = (
        "KeyError: 1\n\nTraceback:\n  File x\nValueError: in f().\n\n\x1b[1mNo rank.\x1b[0m\n\nArguments\n"
    )
    assert reason_of(errors) == "ValueError: in f(). No rank."
    assert reason_of("a warning\n") == ""
