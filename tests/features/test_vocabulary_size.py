"""What stands for a vocabulary in a config."""

from shortlist.features import Vocabulary, VocabularySize
from shortlist.features._vocabulary_size import vocabulary_config, vocabulary_from_config


def test_size_and_kind_come_back():
    config = vocabulary_config(Vocabulary(["a", "b"]))
    assert vocabulary_from_config(config) == VocabularySize(num_rows=3, kind="str")
    assert vocabulary_config(vocabulary_from_config(config)) == config


def test_no_vocabulary_is_none():
    assert vocabulary_config(None) is None
    assert vocabulary_from_config(None) is None
