"""Vocabularies next to a saved model."""

import pytest

from shortlist.errors import ArtifactError
from shortlist.features import Category, Number
from shortlist.features._column_files import load_vocabularies, save_vocabularies
from shortlist.features.columns._config import column_config, column_from_config

# Names that no file could have.
COLUMNS = (Category("a/b").fit([1, 2]), Number("n").fit([1.0]), Category("..").fit(["x\0"]))


def test_round_trip(tmp_path):
    save_vocabularies(COLUMNS, tmp_path)
    without = [column_from_config(column_config(column)) for column in COLUMNS]
    assert load_vocabularies(without, tmp_path) == COLUMNS


def test_a_missing_file_is_named(tmp_path):
    save_vocabularies(COLUMNS[:1], tmp_path)
    with pytest.raises(ArtifactError, match=r"vocabulary_2\.parquet"):
        load_vocabularies(COLUMNS, tmp_path)
