"""The manifest notices whatever happens to a file."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import shortlist
from shortlist.artifacts import MANIFEST_FILE, read_manifest, verify, write_manifest
from shortlist.errors import ArtifactError

CONTENTS = {"data.bin": bytes(range(256)), "deep/er/naïve.txt": b"text", "empty": b""}


@pytest.fixture
def folder(tmp_path):
    for name, content in CONTENTS.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    write_manifest(tmp_path, "thing", {"inputs": {"user_id": "string"}, "title": "Amélie"})
    return tmp_path


def test_it_tells_what_was_written(folder):
    fields = json.loads((folder / MANIFEST_FILE).read_text("utf-8"))
    assert fields["kind"] == "thing"
    assert fields["shortlist_version"] == shortlist.__version__
    assert fields["description"] == {"inputs": {"user_id": "string"}, "title": "Amélie"}
    expected = {
        name: {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in CONTENTS.items()
    }
    assert fields["files"] == expected


def test_a_whole_folder_is_verified(folder):
    assert verify(folder) == read_manifest(folder)


@given(position=st.integers(0, 255), bit=st.integers(0, 7))
def test_any_flipped_bit_is_noticed(tmp_path_factory, position, bit):
    folder = tmp_path_factory.mktemp("artifact")
    content = bytearray(range(256))
    (folder / "data.bin").write_bytes(content)
    write_manifest(folder, "thing", {})
    content[position] ^= 1 << bit
    (folder / "data.bin").write_bytes(content)
    with pytest.raises(ArtifactError, match=r"data\.bin must be unchanged"):
        verify(folder)


@pytest.mark.parametrize("size", [0, 255, 257])
def test_a_file_of_another_size_is_named(folder, size):
    (folder / "data.bin").write_bytes((bytes(range(256)) + b"!")[:size])
    with pytest.raises(ArtifactError, match=rf"data\.bin must have 256 bytes, got {size}"):
        verify(folder)


@pytest.mark.parametrize("name", CONTENTS)
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(ArtifactError, match=f"{name} must exist"):
        verify(folder)


def test_a_file_too_many_is_named(folder):
    (folder / "deep" / "more.txt").write_text("?")
    with pytest.raises(ArtifactError, match=r"more\.txt must be in the manifest"):
        verify(folder)


def test_without_a_manifest_there_is_no_artifact(folder):
    (folder / MANIFEST_FILE).unlink()
    with pytest.raises(ArtifactError, match=r"manifest\.json must exist"):
        verify(folder)


@pytest.mark.parametrize("length", [0, 1, 40, 200])
def test_a_truncated_manifest_is_refused(folder, length):
    path = folder / MANIFEST_FILE
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(ArtifactError, match=r"manifest\.json must be a readable manifest"):
        verify(folder)


@pytest.mark.parametrize("change", [{"files": {"data.bin": {"bytes": 1}}}, {"files": 3}, {"more": 1}])
def test_a_manifest_of_other_fields_is_refused(folder, change):
    path = folder / MANIFEST_FILE
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **change}))
    with pytest.raises(ArtifactError, match=r"manifest\.json must be a readable manifest"):
        verify(folder)


def test_a_manifest_of_another_format_is_refused(folder):
    path = folder / MANIFEST_FILE
    path.write_text(json.dumps({"format": 1}))
    with pytest.raises(ArtifactError, match="must have format 2, got 1"):
        verify(folder)


def test_any_changed_byte_of_the_manifest_is_noticed(folder):
    path = folder / MANIFEST_FILE
    whole, before = path.read_bytes(), read_manifest(folder)
    for position in range(len(whole)):
        for changed in {whole[position] ^ 1, ord("0"), ord('"')} - {whole[position]}:
            path.write_bytes(whole[:position] + bytes([changed]) + whole[position + 1 :])
            try:
                assert read_manifest(folder) == before  # white space, or another way to write a letter
            except ArtifactError:
                continue
