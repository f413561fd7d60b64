"""A file is whole or not there."""

import zipfile
from pathlib import Path

import pytest

from shortlist.artifacts import check_undamaged, replacing, save_whole
from shortlist.errors import ArgumentError, ArtifactError


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


def save_archive(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("assets/bits.npy", "bits")


def test_any_flipped_byte_of_a_saved_archive_is_noticed(tmp_path: Path) -> None:
    """The checksums that zip archives have do not cover names, sizes and methods in their directory."""
    path = tmp_path / "model.keras"
    save_whole(save_archive, path)
    check_undamaged(path)
    whole = path.read_bytes()
    end_of_content = len(whole) - len("shortlist sha256 ") - 64
    for position in range(len(whole)):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        if end_of_content <= position < len(whole) - 64:  # the mark itself, without which nothing is checked
            continue
        with pytest.raises(ArtifactError, match=r"model\.keras must"):
            check_undamaged(path)


def test_the_damaged_member_is_named(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    save_whole(save_archive, path)
    path.write_bytes(path.read_bytes().replace(b"bits", b"bats", 2).replace(b"bats.npy", b"bits.npy"))
    with pytest.raises(
        ArtifactError, match=r"model\.keras must be unchanged .* got a damaged assets/bits\.npy"
    ):
        check_undamaged(path)


def test_an_archive_without_a_checksum_passes(tmp_path: Path) -> None:
    save_archive(tmp_path / "model.keras")
    check_undamaged(tmp_path / "model.keras")


def test_no_file_and_half_a_file_are_named(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    with pytest.raises(ArtifactError, match=r"model\.keras must exist"):
        check_undamaged(path)
    save_whole(save_archive, path)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ArtifactError, match=r"model\.keras must be a file that"):
        check_undamaged(path)
