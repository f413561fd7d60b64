"""Columns whose vocabulary is loaded after them."""

import pytest

from shortlist.errors import ArtifactError, FeatureError
from shortlist.features import Categories, Category, Text, Vocabulary

VOCABULARY = Vocabulary(["a", "b"])
FITTED = [
    (Category("c", VOCABULARY), ["b"]),
    (Categories("c", max_length=1, vocabulary=VOCABULARY), [["b"]]),
    (Text("c", vocabulary=VOCABULARY), ["b"]),
]


@pytest.mark.parametrize(("fitted", "values"), FITTED)
def test_the_size_comes_before_the_vocabulary(fitted, values, tmp_path):
    column = type(fitted).from_config(fitted.get_config())
    assert column.num_rows == 3
    assert not column.is_fitted
    with pytest.raises(FeatureError, match="column 'c' must have its vocabulary before it is used. Load it"):
        column.encode(values)
    fitted.save_assets(tmp_path)
    loaded = column.load_assets(tmp_path)
    assert loaded == fitted
    assert loaded.encode(values).ravel()[0] == 2


@pytest.mark.parametrize("other", [Vocabulary(["a"]), Vocabulary(["b", "a"]), Vocabulary([b"a", b"b"])])
@pytest.mark.parametrize(("fitted", "values"), FITTED)
def test_the_vocabulary_of_another_model_is_refused(fitted, values, other, tmp_path):
    other.save(tmp_path / "vocabulary.parquet")
    with pytest.raises(ArtifactError, match=r"vocabulary\.parquet must hold the 2 str ids"):
        type(fitted).from_config(fitted.get_config()).load_assets(tmp_path)
