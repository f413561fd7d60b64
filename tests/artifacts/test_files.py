"""A file is whole or not there."""

from pathlib import Path

import pytest

from shortlist.artifacts import replacing, save_whole
from shortlist.errors import ArgumentError


def test_a_file_is_made_with_its_folder(tmp_path):
    with replacing(tmp_path / "new" / "x.txt") as temporary:
        temporary.write_text("whole")
        assert not (tmp_path / "new" / "x.txt").exists()
    assert (tmp_path / "new" / "x.txt").read_text() == "whole"
    assert [entry.name for entry in (tmp_path / "new").iterdir()] == ["x.txt"]


def test_whoever_reads_the_old_file_reads_on(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text("old")
    with path.open() as reader:
        with replacing(path) as temporary:
            temporary.write_text("new")
        assert reader.read() == "old"  # another file took its name; its bytes were not written over
    assert path.read_text() == "new"


def test_a_failure_leaves_the_old_file_alone(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text("old")

    def fail():
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise KeyError("stop")

    with pytest.raises(KeyError):
        fail()
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.txt"]


class Failing:
    """Saves half of itself."""

    def save(self, path: Path) -> None:
        path.write_text("half")
        raise OSError("no space left")


def test_a_save_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "model.keras"
    target.write_text("whole")
    with pytest.raises(OSError, match="no space"):
        save_whole(Failing().save, target)
    assert target.read_text() == "whole"
    assert [path.name for path in tmp_path.iterdir()] == ["model.keras"]


def test_names_and_overwriting_are_checked(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"model\.h5"):
        save_whole(Failing().save, tmp_path / "model.h5")
    (tmp_path / "model.keras").write_text("whole")
    with pytest.raises(ArgumentError, match="overwrite"):
        save_whole(Failing().save, tmp_path / "model.keras", overwrite=False)
