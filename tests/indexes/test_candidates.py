"""Reading candidates: every container gives the same arrays, and mismatches raise errors."""

from typing import Any

import keras
import numpy as np
import pytest

from shortlist.errors import ArgumentError
from shortlist.indexes._candidates import check_vectors, iterate_candidates, read_candidates, to_numpy

VECTORS = np.arange(6, dtype="float32").reshape(3, 2)
BACKEND = keras.config.backend()


@pytest.mark.contract
@pytest.mark.parametrize("hold", [np.asarray, keras.ops.convert_to_tensor, lambda vectors: vectors.tolist()])
def test_vectors_of_every_make(hold: Any) -> None:
    vectors, ids, _ = read_candidates([hold(VECTORS[:2]), hold(VECTORS[2:])])
    np.testing.assert_array_equal(vectors, VECTORS)
    assert ids is None


@pytest.mark.contract
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["a", "", "é"], ["a", "", "é"]),
        ([b"a", b"\xff", b""], [b"a", b"\xff", b""]),
        (np.array([7, 2**53 + 1, -5]), [7, 2**53 + 1, -5]),
        ([7, 2**53 + 1, -5], [7, 2**53 + 1, -5]),
        (np.array(["a", "b", "c"]), ["a", "b", "c"]),
    ],
)
def test_ids_of_every_kind(given: Any, expected: list[Any]) -> None:
    _, ids, _ = read_candidates([(given[:2], VECTORS[:2]), (given[2:], VECTORS[2:])])
    assert ids is not None
    assert ids.tolist() == expected
    assert ids.dtype == (np.int64 if isinstance(expected[0], int) else object)


@pytest.mark.skipif(BACKEND != "tensorflow", reason="tensors of this backend hold no text")
def test_text_of_tensors_comes_as_bytes() -> None:
    import tensorflow as tf

    assert to_numpy(tf.constant(["a", "é"])).tolist() == [b"a", "é".encode()]


@pytest.mark.contract
def test_the_encoder_turns_features_into_vectors() -> None:
    batches = [(["a"], {"row": np.array([1])}), (["b", "c"], {"row": np.array([0, 2])})]
    vectors, ids, _ = read_candidates(batches, lambda features: VECTORS[features["row"]])
    np.testing.assert_array_equal(vectors, VECTORS[[1, 0, 2]])
    assert ids is not None
    assert ids.tolist() == ["a", "b", "c"]


@pytest.mark.contract
def test_attributes_of_batches_are_one_column_each() -> None:
    batches = [
        (["a"], VECTORS[:1], {"genre": [b"war"], "year": np.array([1990])}),
        (["b", "c"], VECTORS[1:], {"genre": [["war", b"love"], None], "year": [1991, None]}),
    ]
    columns = read_candidates(batches).attributes
    assert columns == {"genre": ["war", ["war", "love"], None], "year": [1990, 1991, None]}
    del batches[1][2]["year"]
    with pytest.raises(ArgumentError, match="attribute 'year' must be in all batches .*, got 1 of 2 batches"):
        read_candidates(batches)


@pytest.mark.contract
def test_batches_are_read_one_at_a_time() -> None:
    def endless() -> Any:
        while True:
            yield VECTORS

    batches = iterate_candidates(endless())
    assert next(batches).vectors.shape == next(batches).vectors.shape == (3, 2)


@pytest.mark.contract
@pytest.mark.parametrize(
    ("batches", "message"),
    [
        ([], "must hold at least one batch, got none"),
        ([VECTORS, VECTORS[0]], r"batch 1 must have shape \[batch, dim\], got \(2,\)"),
        ([VECTORS[None]], "Batch the dataset exactly once"),
        ([(["a"], VECTORS)], r"ids of shape \(1,\) and vectors of shape \(3, 2\)"),
        ([(["a", "b", "c"], VECTORS), VECTORS], "1 of 2 batches"),
        ([VECTORS, VECTORS[:, :1]], "dim"),
    ],
)
def test_what_does_not_fit_is_named(batches: list[Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        read_candidates(batches)


@pytest.mark.contract
def test_vectors_are_checked() -> None:
    np.testing.assert_array_equal(check_vectors(VECTORS.astype("float64")), VECTORS)
    assert check_vectors(VECTORS.tolist()).dtype == np.float32
    for shape in ((3,), (0, 2), (2, 0), (1, 2, 3)):
        with pytest.raises(ArgumentError, match="num_candidates, dim"):
            check_vectors(np.ones(shape))
    with pytest.raises(ArgumentError, match="candidate 2 must .* 1 of 3 candidates"):
        check_vectors(np.array([[1, 2], [3, 4], [np.nan, 5]]))


@pytest.mark.contract
def test_a_number_beyond_float32_is_no_finite_number() -> None:
    with (
        pytest.raises(ArgumentError, match="candidate 1 must have a finite vector, got NaN or infinity"),
        np.errstate(over="ignore"),
    ):
        check_vectors(np.array([[1.0, 2.0], [3.0, 1e300]]))
