"""What columns have in common, besides the contract that test_contracts.py checks."""

import dataclasses
import json

import keras
import numpy as np
import pyarrow as pa
import pytest

from shortlist.errors import ArtifactError, FeatureError
from shortlist.features import Buckets, Categories, Category, Column, Number, Text, Vocabulary
from shortlist.features._spec import encode_columns
from shortlist.features.columns._base import deserialize_columns, naming, serialize_columns


@keras.saving.register_keras_serializable(package="tests.features.columns")
@dataclasses.dataclass(frozen=True)
class LogNumber(Column):
    """A user's own column, with only what a column must have."""

    column: str
    largest: float | None = None

    @property
    def is_fitted(self):
        return self.largest is not None

    def fit(self, values):
        return dataclasses.replace(self, largest=float(np.max(values)))

    def encode(self, values):
        return np.float32(np.log1p(np.asarray(values, "float64")) / np.log1p(self.largest))

    def to_layer(self, embedding_dim, **kwargs):
        return keras.layers.Reshape((1,), **kwargs)

    def examples(self, num_values):
        return np.linspace(0, self.largest, num_values)

    def get_config(self):
        return dataclasses.asdict(self)


VALUES = {
    Category("c"): ["a", "b", "a"],
    Categories("c"): [["a", "b"], [], ["b"]],
    Text("c"): ["a b", "", "c"],
    Number("c"): [1.0, 2.0, 4.0],
    Buckets("c", num_buckets=3): [1, 2, 4],
    LogNumber("c"): [1.0, 2.0, 4.0],
}
OURS = [column for column in VALUES if not isinstance(column, LogNumber)]
FITTED = [
    Category("a").fit(["x", "y"]),
    Category("b").fit(["x", "y"]),
    Category("a").fit(["y", "x"]),
    Category("a").fit([b"x", b"y"]),
    Category("a").fit([1, 2]),
    Categories("a").fit([["x", "y"]]),
    Categories("a", max_length=3).fit([["x", "y"]]),
    Text("a").fit(["x y"]),
    Number("a").fit([1, 2]),
    Number("a").fit([1, 3]),
    Buckets("a").fit([1, 2]),
    LogNumber("a").fit([1, 2]),
]


def name(column):
    return type(column).__name__


@pytest.mark.parametrize("column", OURS, ids=name)
def test_columns_are_frozen_final_and_comparable(column: Column):
    with pytest.raises(dataclasses.FrozenInstanceError):
        column.column = "other"
    assert type(column).__final__
    fitted = column.fit(VALUES[column])
    assert fitted.fit(VALUES[column][:1]) is fitted
    assert fitted == column.fit(VALUES[column])
    assert hash(fitted) == hash(column.fit(VALUES[column]))
    assert fitted != column


def test_parts_of_arrow_fit_a_column_without_a_fitter_of_its_own():
    fitter = LogNumber("c").fitter()
    for part in ([1.0, 5.0], [2.0]):
        fitter.add(pa.chunked_array([part]))
    assert fitter.fitted() == LogNumber("c", largest=5.0)
    with pytest.raises(FeatureError, match="at least one row to fit on"):
        LogNumber("c").fitter().fitted()


@pytest.mark.parametrize("column", FITTED, ids=name)
def test_the_last_example_of_a_vocabulary_is_unknown(column):
    vocabulary = getattr(column, "vocabulary", None)
    if vocabulary is None or isinstance(column, Text):
        return
    assert 0 in column.encode(column.examples(3))[-1:]


def test_examples_of_whole_numbers_are_whole():
    assert Number("age").fit([20, 30, 50]).examples(3).dtype == np.int64
    assert Buckets("age").fit([20, 30, 50]).examples(3).dtype == np.int64


@pytest.mark.parametrize("column", [*FITTED, *VALUES], ids=name)
def test_a_config_makes_the_column_again(column):
    (restored,) = deserialize_columns(json.loads(json.dumps(serialize_columns([column]))))
    assert type(restored) is type(column)
    assert restored.column == column.column
    assert serialize_columns([restored]) == serialize_columns([column])
    if not isinstance(getattr(column, "vocabulary", None), Vocabulary):
        assert restored == column


def test_configs_tell_whether_columns_encode_alike():
    texts = [json.dumps(serialize_columns([column])) for column in FITTED]
    assert len(set(texts)) == len(FITTED)
    again = [type(column)(**vars(column)) for column in FITTED]
    assert [json.dumps(serialize_columns([column])) for column in again] == texts


def test_a_class_that_keras_does_not_know_is_refused_with_the_way_out():
    (config,) = serialize_columns([LogNumber("c")])
    with pytest.raises(ArtifactError, match="class .my>Image. must be registered with Keras. Decorate"):
        deserialize_columns([{**config, "class": "my>Image"}])


@dataclasses.dataclass(frozen=True)
class Unregistered(LogNumber):
    pass


def test_a_column_that_is_not_fitted_is_refused_by_name():
    with pytest.raises(FeatureError, match="column 'c' must be fitted before it is used"):
        encode_columns([LogNumber("c")], {"c": [1.0]})


def test_custom_objects_of_keras_are_found():
    configs = serialize_columns([Unregistered("c", 2.0)])
    with keras.saving.custom_object_scope({"Unregistered": Unregistered}):
        assert deserialize_columns(configs) == [Unregistered("c", 2.0)]
    with pytest.raises(ArtifactError, match="column class 'Unregistered'"):
        deserialize_columns(configs)


def test_naming_leaves_other_errors_alone():
    with pytest.raises(KeyError), naming("age"):
        raise KeyError("other")
    with pytest.raises(FeatureError, match="column 'age': values must be"), naming("age"):
        raise FeatureError("values must be numbers.")


def test_the_name_comes_once():
    with pytest.raises(FeatureError, match="^column 'age': values"), naming("age"), naming("age"):
        raise FeatureError("values must be numbers.")
