import os

import pytest

from shortlist.cli._quiet import silenced_stderr


def fail_after(note):
    os.write(2, note)
    raise ImportError


def test_what_native_code_writes_is_held_back(capfd):
    with silenced_stderr():
        os.write(2, b"driver note\n")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"


def test_it_is_shown_when_the_block_fails(capfd):
    with pytest.raises(ImportError), silenced_stderr():
        fail_after(b"libcuda is broken\n")
    assert capfd.readouterr().err == "libcuda is broken\n"


def test_stdout_is_left_alone(capfd):
    with silenced_stderr():
        os.write(1, b"result\n")
    assert capfd.readouterr().out == "result\n"
