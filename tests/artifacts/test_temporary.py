"""Temporary folders of processes that were killed are removed, and no others."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from shortlist.artifacts import publishing, replacing

SOURCE = Path(__file__).parents[2] / "src"
PUBLISH = """
import sys
from shortlist.artifacts import publishing
with publishing("models/1", overwrite=True) as folder:
    (folder / "half").write_text("half")
    print("inside", flush=True)
    sys.stdin.read()
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no file locks there")


def publisher(folder: Path) -> subprocess.Popen[str]:
    """A process that is about to publish `models/1`."""
    process = subprocess.Popen(
        [sys.executable, "-c", PUBLISH],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(SOURCE)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "inside\n"
    return process


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_next_save_removes_what_a_killed_process_left_and_spares_the_living(tmp_path: Path) -> None:
    killed, living = publisher(tmp_path), publisher(tmp_path)
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert len(names(tmp_path / "models")) == 2
    with publishing(tmp_path / "models" / "2"):
        assert len(names(tmp_path / "models")) == 2  # the living process's, and this one
    assert len(names(tmp_path / "models")) == 2
    living.communicate("")
    assert living.returncode == 0
    assert names(tmp_path / "models") == ["1", "2"]
    assert (tmp_path / "models" / "1" / "half").read_text() == "half"


def abandoned(parent: Path, target: str, holds: str) -> Path:
    folder = parent / f".{target}.ab_12.shortlist-tmp"
    (folder / holds).mkdir(parents=True)
    (folder / ".lock").touch()
    return folder


def test_a_file_that_is_saved_removes_them_too(tmp_path: Path) -> None:
    folder = abandoned(tmp_path, "model.keras", "half")
    with replacing(tmp_path / "model.keras") as temporary:
        assert not folder.exists()
        temporary.write_text("whole")
    assert names(tmp_path) == ["model.keras"]


def test_saves_of_one_process_spare_each_other(tmp_path: Path) -> None:
    with replacing(tmp_path / "one") as one, replacing(tmp_path / "two") as two:
        one.write_text("1")
        two.write_text("2")
    assert names(tmp_path) == ["one", "two"]


def test_the_only_copy_of_a_replaced_folder_stays(tmp_path: Path) -> None:
    """A process may die after it put the old folder aside and before the new one had its name."""
    folder = abandoned(tmp_path, "model.v2", "old")
    with publishing(tmp_path / "other"):
        pass
    assert folder.exists()
    with publishing(tmp_path / "model.v2"):
        pass
    with publishing(tmp_path / "another"):
        assert not folder.exists()


def test_folders_of_others_stay(tmp_path: Path) -> None:
    (tmp_path / ".model.keras.abcdefgh").mkdir()
    (tmp_path / ".just_made.abcdefgh.shortlist-tmp").mkdir()  # and not locked yet
    with publishing(tmp_path / "model"):
        pass
    assert len(names(tmp_path)) == 3
