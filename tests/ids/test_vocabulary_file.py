"""A vocabulary's file is either right or refused, and never half there."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortlist.errors import ArtifactError
from shortlist.ids import Vocabulary, _vocabulary_file

INT64 = st.integers(-(2**63), 2**63 - 1)
IDS = st.one_of(
    st.lists(values, min_size=1, max_size=20, unique=True) for values in (st.text(), st.binary(), INT64)
)
EXAMPLES = [["", "a\0", "é", "🎬"], [b"", b"a\0", b"\xff"], [-(2**63), 0, 2**63 - 1]]


@given(ids=IDS)
def test_round_trip(ids, tmp_path_factory):
    path = tmp_path_factory.mktemp("ids") / "ids.parquet"
    Vocabulary(ids).save(path)
    assert Vocabulary.load(path).known_ids.tolist() == ids
    assert Vocabulary.load(path) == Vocabulary(ids)


@pytest.mark.parametrize("ids", EXAMPLES)
def test_any_parquet_reader_reads_it(ids, tmp_path):
    Vocabulary(ids).save(tmp_path / "ids.parquet")
    assert pq.read_table(tmp_path / "ids.parquet")["id"].to_pylist() == ids


@pytest.mark.parametrize("ids", EXAMPLES)
def test_no_changed_byte_changes_an_id(ids, tmp_path):
    path = tmp_path / "ids.parquet"
    Vocabulary(ids).save(path)
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            loaded = Vocabulary.load(path)
        except ArtifactError as error:
            loaded = error
        assert loaded == Vocabulary(ids) or str(path) in str(loaded)


def test_a_truncated_file_is_refused(tmp_path):
    path = tmp_path / "ids.parquet"
    Vocabulary(["a", "b"]).save(path)
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(ArtifactError, match=r"ids\.parquet"):
            Vocabulary.load(path)


def test_a_missing_file_and_another_table_are_refused(tmp_path):
    with pytest.raises(ArtifactError, match=r"nowhere\.parquet"):
        Vocabulary.load(tmp_path / "nowhere.parquet")
    pq.write_table(pa.table({"id": ["a"]}), tmp_path / "other.parquet")
    with pytest.raises(
        ArtifactError, match=r"other\.parquet must hold .* got columns \{'id': 'string'\} and format None"
    ):
        Vocabulary.load(tmp_path / "other.parquet")


def test_the_names_of_folders_are_no_columns(tmp_path):
    path = tmp_path / "user=3" / "ids.parquet"
    Vocabulary(["a"]).save(path)
    assert Vocabulary.load(path) == Vocabulary(["a"])


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "ids.parquet"
    Vocabulary(["old"]).save(path)

    def break_off(table, where, **options):
        where.write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(_vocabulary_file.pq, "write_table", break_off)
    with pytest.raises(OSError, match="disk full"):
        Vocabulary(["new"]).save(path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["ids.parquet"]
    assert Vocabulary.load(path) == Vocabulary(["old"])
