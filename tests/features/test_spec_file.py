"""The JSON file of a spec comes last and is checked."""

import json

import pytest

from shortlist.errors import ArtifactError
from shortlist.features._spec_file import read, replacing_spec


def test_round_trip(tmp_path):
    with replacing_spec(tmp_path, {"query": [1.5]}):
        assert not list(tmp_path.iterdir())
    assert read(tmp_path) == {"query": [1.5]}


def test_what_was_broken_off_is_refused(tmp_path):
    with replacing_spec(tmp_path, {"query": []}):
        pass

    def break_off():
        with replacing_spec(tmp_path, {"query": []}):
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        break_off()
    with pytest.raises(ArtifactError, match=r"feature_spec\.json must be a readable feature spec"):
        read(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", json.dumps({"format": "feature spec 99"}), json.dumps({})])
def test_another_file_is_refused(text, tmp_path):
    (tmp_path / "feature_spec.json").write_text(text)
    with pytest.raises(ArtifactError, match=r"feature_spec\.json"):
        read(tmp_path)


def test_any_changed_byte_is_noticed(tmp_path):
    config = {
        "query": [{"column": "age", "mean": 1.5, "is_integer": True}],
        "candidate": [],
        "query_id": None,
    }
    with replacing_spec(tmp_path, config):
        pass
    path = tmp_path / "feature_spec.json"
    whole = path.read_bytes()
    for position in range(len(whole)):
        for changed in {whole[position] ^ 1, ord("0"), ord('"')} - {whole[position]}:
            path.write_bytes(whole[:position] + bytes([changed]) + whole[position + 1 :])
            try:
                assert read(tmp_path) == config
            except ArtifactError:
                continue
