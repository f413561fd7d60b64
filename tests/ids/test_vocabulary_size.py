"""The stand-in for a saved vocabulary loads that vocabulary and no other."""

import json

import pytest

from shortlist.errors import ArtifactError
from shortlist.ids import Vocabulary, VocabularySize


def test_a_config_names_size_and_kind():
    config = json.loads(json.dumps(Vocabulary(["a", "b"]).get_config()))
    size = VocabularySize(**config)
    assert (size.num_rows, size.kind) == (3, "str")
    assert size.get_config() == config


@pytest.mark.parametrize("ids", [["a", "b"], [b"a", b"b"], [1, 2]])
def test_the_saved_vocabulary_is_loaded(ids, tmp_path):
    path, vocabulary = tmp_path / "ids.parquet", Vocabulary(ids)
    vocabulary.save(path)
    assert VocabularySize(**vocabulary.get_config()).load(path) == vocabulary


@pytest.mark.parametrize("other", [["b", "a"], ["a"], [b"a", b"b"], [1, 2]])
def test_another_vocabulary_is_refused(other, tmp_path):
    path = tmp_path / "ids.parquet"
    Vocabulary(other).save(path)
    with pytest.raises(ArtifactError, match=r"ids\.parquet must hold the 2 str ids"):
        VocabularySize(**Vocabulary(["a", "b"]).get_config()).load(path)
