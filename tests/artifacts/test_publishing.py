"""A folder is published whole or not at all."""

from pathlib import Path

import pytest

from shortlist.artifacts import publishing
from shortlist.errors import ArtifactError


def content(folder: Path) -> dict[str, str]:
    """Text by path of every file below a folder, hidden ones included."""
    return {
        path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()
    }


def publish(target: Path, text: str, *, error=None, **options) -> None:
    with publishing(target, **options) as folder:
        (folder / "deep").mkdir()
        (folder / "deep" / "file.txt").write_text(text)
        if error is not None:
            raise error


def test_the_folder_stands_with_what_was_written_and_nothing_next_to_it(tmp_path):
    publish(tmp_path / "made" / "model", "one")
    assert content(tmp_path) == {"made/model/deep/file.txt": "one"}
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["model"]


def test_the_target_is_not_there_while_the_folder_is_filled(tmp_path):
    with publishing(tmp_path / "model") as folder:
        assert folder.parent.parent == tmp_path, "a rename is atomic within one file system only"
        assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_nothing_stays_after_an_exception(tmp_path, error):
    with pytest.raises(error):
        publish(tmp_path / "model", "half", error=error)
    assert list(tmp_path.iterdir()) == []


def test_an_artifact_is_replaced_only_when_asked(tmp_path):
    publish(tmp_path / "model", "one")
    with pytest.raises(ArtifactError, match=r"model must not exist yet\. Pass overwrite=True"):
        publish(tmp_path / "model", "two")
    assert content(tmp_path) == {"model/deep/file.txt": "one"}
    publish(tmp_path / "model", "two", overwrite=True)
    assert content(tmp_path) == {"model/deep/file.txt": "two"}


def test_replacing_leaves_no_file_of_the_old_one(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "old.txt").write_text("old")
    publish(tmp_path / "model", "new", overwrite=True)
    assert content(tmp_path) == {"model/deep/file.txt": "new"}


def test_the_old_one_stays_when_its_successor_fails(tmp_path):
    publish(tmp_path / "model", "one")
    with pytest.raises(ValueError, match="broken"):
        publish(tmp_path / "model", "half", error=ValueError("broken"), overwrite=True)
    assert content(tmp_path) == {"model/deep/file.txt": "one"}


def test_the_old_one_comes_back_when_the_last_rename_fails(tmp_path, monkeypatch):
    publish(tmp_path / "model", "one")
    rename = Path.rename

    def fail_for_the_new(path, target):
        if path.name == "new":
            raise OSError("disk on fire")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fail_for_the_new)
    with pytest.raises(OSError, match="disk on fire"):
        publish(tmp_path / "model", "two", overwrite=True)
    assert content(tmp_path) == {"model/deep/file.txt": "one"}


def test_who_published_meanwhile_is_not_overwritten(tmp_path):
    with pytest.raises(ArtifactError, match="must not exist yet"), publishing(tmp_path / "model"):
        publish(tmp_path / "model", "theirs")
    assert content(tmp_path) == {"model/deep/file.txt": "theirs"}


@pytest.mark.parametrize("kind", ["file", "link"])
def test_what_is_no_folder_is_never_replaced(tmp_path, kind):
    (tmp_path / "precious").mkdir()
    target = tmp_path / "model"
    target.write_text("mine") if kind == "file" else target.symlink_to(tmp_path / "precious")
    with pytest.raises(ArtifactError, match="must be a folder"):
        publish(target, "two", overwrite=True)
    assert target.is_file() or target.is_symlink()


def test_others_may_read_what_was_published(tmp_path):
    publish(tmp_path / "model", "one")
    (tmp_path / "plain").mkdir()
    assert (tmp_path / "model").stat().st_mode == (tmp_path / "plain").stat().st_mode
