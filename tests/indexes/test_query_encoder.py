"""Sample queries are kept in a file as they are, and tell whether a query model was restored."""

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from shortlist.errors import ArtifactError
from shortlist.indexes._query_encoder import QueryProbe, Restored

pytestmark = pytest.mark.contract
ARRAYS = {
    "float32": np.float32([[0.1, 2], [3, 4]]),
    "int64": np.array([2**53 + 1, 7]),
    "int8": np.int8([[1], [2]]),
    "bool": np.array([True, False]),
    "str": np.array(["né", "b"]),
    "object": np.array(["a", "b"], dtype=object),
    "bytes": np.array([b"\xff", b"b"], dtype=object),
}


@pytest.mark.parametrize("name", ARRAYS)
@pytest.mark.parametrize("is_named", [False, True])
def test_the_first_query_of_a_batch_is_kept_in_a_file(name: str, is_named: bool) -> None:
    array = ARRAYS[name]
    probe = QueryProbe.of({"some": array, "other": array[:, None]} if is_named else array)
    assert probe is not None
    again = QueryProbe.from_config(json.loads(json.dumps(probe.to_config()))).features
    for found, given in (
        ((again["some"], array), (again["other"], array[:, None])) if is_named else ((again, array),)
    ):
        assert found.tolist() == given[:1].tolist()
        assert found.dtype == (object if name in ("str", "object", "bytes") else given.dtype)


def test_a_tensor_is_kept_like_an_array() -> None:
    probe = QueryProbe.of(keras.ops.convert_to_tensor(ARRAYS["float32"]))
    assert probe is not None
    np.testing.assert_array_equal(probe.features, ARRAYS["float32"][:1])


@pytest.mark.parametrize(
    "features",
    [
        np.empty((0, 3), "float32"),
        np.array([], dtype=object),
        np.array([["a", b"a"]], dtype=object),
        np.array([None], dtype=object),
        np.array([1 + 2j]),
        {"some": ARRAYS["float32"], "other": ["a", "b"]},
        {"some": ARRAYS["float32"], "other": np.array([], dtype=object)},
    ],
    ids=["none", "no objects", "two types", "objects", "complex", "a list", "one without"],
)
def test_what_a_file_would_not_keep_is_no_sample(features: Any) -> None:
    assert QueryProbe.of(features) is None


def test_a_sample_has_the_shapes_that_a_model_was_built_with() -> None:
    dense = keras.layers.Dense(2)
    dense.build((None, 3))
    probe = QueryProbe.of_shapes(dense)
    assert probe is not None
    assert probe.features.shape == (1, 3)
    assert QueryProbe.of_shapes(keras.layers.Dense(2)) is None


class Scales(keras.layers.Layer):
    """Multiply by a factor that is not saved."""

    factor = 1.0

    def call(self, vectors: Any) -> Any:
        if self.factor is None:
            raise TypeError("no factor")
        return self.factor * vectors


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
def test_a_vector_is_compared_at_its_own_size(size: float, tmp_path: Path) -> None:
    layer, probe = Scales(), QueryProbe(np.float32([[size, -2 * size]]))
    Restored.of(layer, probe).save(tmp_path)
    restored = Restored.load(tmp_path)
    assert restored is not None
    for factor in (1.0, 1.0001):
        layer.factor = factor
        restored.check(layer, probe)
    for factor, told in ((1.5, "a vector that starts with"), (0.0, "a vector"), (None, "got an error")):
        layer.factor = factor
        with pytest.raises(ArtifactError, match=f"must compute the same vector .*{told}"):
            restored.check(layer, probe)


class ChangesItsMind(Scales):
    """Layer without the same answer to the same query."""

    def call(self, vectors: Any) -> Any:
        self.factor += 1.0
        return super().call(vectors)


def test_an_answer_that_changes_is_not_kept() -> None:
    probe = QueryProbe(np.ones((1, 2), "float32"))
    assert Restored.of(ChangesItsMind(), probe).answer is None
    assert Restored.of(Scales(), None).answer is None
    assert Restored.of(Scales(), probe).answer == [[1, 1]]


def test_weights_of_another_shape_are_refused() -> None:
    saved, loaded = keras.layers.Dense(2), keras.layers.Dense(2)
    saved.build((None, 3))
    loaded.build((None, 4))
    restored = Restored.of(saved, None)
    restored.check(saved, None)
    with pytest.raises(ArtifactError, match=r"must load with 2 weights of shapes \[\[3, 2\], \[2\]\]"):
        restored.check(loaded, None)


def test_no_query_model_leaves_nothing_to_check(tmp_path: Path) -> None:
    assert Restored.load(tmp_path) is None
