"""Versions are counted as TensorFlow Serving counts them."""

import pytest

from shortlist.artifacts import latest_version, next_version


@pytest.mark.parametrize(
    ("entries", "latest", "following"),
    [
        ([], None, "1"),
        (["1"], "1", "2"),
        (["1", "3"], "3", "4"),
        (["9", "10"], "10", "11"),
        (["2", "07", ".3.partly", "latest", "²"], "2", "3"),
    ],
)
def test_the_next_version_is_one_above_the_highest(tmp_path, entries, latest, following):
    for name in entries:
        (tmp_path / name).mkdir()
    assert next_version(tmp_path) == tmp_path / following
    assert latest_version(tmp_path) == (None if latest is None else tmp_path / latest)


def test_a_folder_that_does_not_exist_has_no_version(tmp_path):
    assert next_version(tmp_path / "films") == tmp_path / "films" / "1"
    assert latest_version(tmp_path / "films") is None
    assert not (tmp_path / "films").exists()
