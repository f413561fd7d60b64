import gc

import numpy as np
import pytest
from tests.support.open_files import num_open_files

from shortlist.data.encoded._record_file import RecordFile
from shortlist.errors import ArtifactError

KIND = np.dtype([("a", np.int32), ("b", np.float32, (3,))])


def records(num_rows):
    made = np.zeros(num_rows, KIND)
    made["a"], made["b"] = np.arange(num_rows), np.arange(3 * num_rows).reshape(num_rows, 3)
    return made


def test_what_is_written_anywhere_is_read_from_anywhere(tmp_path):
    file, made = RecordFile(tmp_path / "file", KIND, writable=True), records(10)
    file.write(4, made[4:])
    file.write(0, made[:4])
    assert len(file) == 10
    np.testing.assert_array_equal(file.read(0, 10), made)
    np.testing.assert_array_equal(file.read(3, 7), made[3:7])
    np.testing.assert_array_equal(RecordFile(tmp_path / "file", KIND).read(9, 10), made[9:])


def test_reading_beyond_the_end_is_refused(tmp_path):
    file = RecordFile(tmp_path / "file", KIND, writable=True)
    file.write(0, records(3))
    with pytest.raises(ArtifactError, match="file must hold 16 more bytes after byte 48"):
        file.read(1, 4)


def test_a_deleted_file_is_read_on(tmp_path):
    RecordFile(tmp_path / "file", KIND, writable=True).write(0, records(3))
    file = RecordFile(tmp_path / "file", KIND)
    (tmp_path / "file").unlink()
    np.testing.assert_array_equal(file.read(0, 3), records(3))


def test_it_is_closed_with_its_object(tmp_path):
    file = RecordFile(tmp_path / "file", KIND, writable=True)
    assert num_open_files(tmp_path) == 1
    del file
    gc.collect()
    assert num_open_files(tmp_path) == 0


def test_a_file_is_not_written_unasked(tmp_path):
    with pytest.raises(FileNotFoundError):
        RecordFile(tmp_path / "file", KIND)
