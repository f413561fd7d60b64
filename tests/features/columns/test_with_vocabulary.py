"""Columns whose vocabulary is loaded after them."""

import pytest

from shortlist.errors import ArtifactError, FeatureError
from shortlist.features import Categories, Category, Text, Vocabulary, VocabularySize

SAVED = [
    (cls("c", vocabulary=VocabularySize(**Vocabulary(["a", "b"]).get_config())), values)
    for cls, values in (
        (Category, ["b"]),
        (lambda *a, **k: Categories(*a, max_length=1, **k), [["b"]]),
        (Text, ["b"]),
    )
]


@pytest.mark.parametrize(("column", "values"), SAVED)
def test_the_size_comes_before_the_vocabulary(column, values):
    assert column.num_rows == 3
    assert not column.is_fitted
    with pytest.raises(FeatureError, match="column 'c' misses its vocabulary: load it"):
        column.encode(values)
    loaded = column.with_vocabulary(Vocabulary(["a", "b"]))
    assert loaded.is_fitted
    assert loaded.encode(values).ravel()[0] == 2


@pytest.mark.parametrize("other", [Vocabulary(["a"]), Vocabulary([1, 2]), Vocabulary([b"a", b"b"])])
@pytest.mark.parametrize(("column", "values"), SAVED)
def test_the_vocabulary_of_another_model_is_refused(column, values, other):
    with pytest.raises(ArtifactError, match="column 'c': got a vocabulary.*not of this model"):
        column.with_vocabulary(other)
