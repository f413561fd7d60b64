"""Ids compared and looked up, next to Python's own dict."""

from typing import Any

import keras
import numpy as np
import pytest
from tests.oracles.worlds import ID_POOLS

from shortlist import backend
from shortlist.errors import ArgumentError, BackendError

BACKEND = keras.config.backend()
SMALL = [7, -5, 0, 2**31 - 1, 40]


def to_numpy(tensor: Any) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(tensor))


def pools() -> list[Any]:
    """Ids of each kind that the backend's tensors hold."""
    kinds = {"tensorflow": ["int64", "str", "bytes"], "torch": ["int64"], "jax": []}[BACKEND]
    return [np.array(SMALL, "int32")] + [
        np.array(ID_POOLS[kind], "int64" if kind == "int64" else object) for kind in kinds
    ]


def tensor(ids: np.ndarray) -> Any:
    if ids.dtype == object:
        import tensorflow as tf

        return tf.constant(ids.tolist())
    return keras.ops.convert_to_tensor(ids, dtype=str(ids.dtype))


@pytest.mark.contract
@pytest.mark.parametrize("pool", pools(), ids=lambda pool: str(type(pool[0]).__name__))
def test_codes_are_equal_exactly_where_ids_are(pool: np.ndarray) -> None:
    ids = pool[np.random.default_rng(0).integers(0, len(pool), 12)]
    for shape in ((12,), (12, 1)):
        codes = to_numpy(backend.factorize(tensor(ids.reshape(shape))))
        assert codes.shape == (12,)
        assert codes.min() >= 0
        assert codes.max() < 12
        np.testing.assert_array_equal(
            codes[:, None] == codes, [[one == other for other in ids] for one in ids]
        )


@pytest.mark.contract
@pytest.mark.parametrize("pool", pools(), ids=lambda pool: str(type(pool[0]).__name__))
def test_rows_of_known_and_unknown_ids(pool: np.ndarray) -> None:
    known, row_of = pool[:4], {one: row for row, one in enumerate(pool[:4].tolist())}
    asked = pool[np.random.default_rng(0).integers(0, len(pool), (5, 3))]
    rows = to_numpy(backend.IdLookup(known).rows(tensor(asked)))
    assert rows.tolist() == [[row_of.get(one, -1) for one in line] for line in asked.tolist()]


@pytest.mark.contract
@pytest.mark.parametrize("pool", pools(), ids=lambda pool: str(type(pool[0]).__name__))
def test_an_id_that_is_duplicated_is_refused(pool: np.ndarray) -> None:
    with pytest.raises(ArgumentError, match="ids must be distinct, got .* more than once"):
        backend.IdLookup(pool[[0, 1, 0]])


@pytest.mark.contract
@pytest.mark.parametrize("pool", pools(), ids=lambda pool: str(type(pool[0]).__name__))
def test_tensors_of_ids_hold_them_exactly(pool: np.ndarray) -> None:
    held = backend.id_tensor(pool)
    values = held.numpy().tolist() if pool.dtype == object else to_numpy(held).tolist()
    assert values == [one.encode() if isinstance(one, str) else one for one in pool.tolist()]


@pytest.mark.contract
def test_padding() -> None:
    assert to_numpy(backend.is_padding(np.int32([[-1, 0], [7, -2]]))).tolist() == [
        [True, False],
        [False, False],
    ]


@pytest.mark.skipif(BACKEND != "tensorflow", reason="tensors of this backend hold no text")
def test_empty_text_is_padding() -> None:
    assert to_numpy(backend.is_padding(tensor(np.array(["", "a"], object)))).tolist() == [True, False]


@pytest.mark.contract
@pytest.mark.skipif(BACKEND == "tensorflow", reason="TensorFlow holds them")
def test_ids_that_the_backend_cannot_hold_are_refused() -> None:
    refused = ["a"] + ([2**31, -(2**31) - 1, -(2**63)] if BACKEND == "jax" else [])
    for one in refused:
        ids = np.array([one], object if one == "a" else "int64")
        got = "text" if one == "a" else str(one)
        for function in (backend.IdLookup, backend.id_tensor):
            with pytest.raises(BackendError, match=f"candidate ids must be integers .*, got {got}. Encode"):
                function(ids)


@pytest.mark.contract
def test_ids_that_a_tensor_would_cut_short_are_refused_by_name() -> None:
    fine = np.array([2**31 - 1, -(2**31)]), np.array([], "int64"), np.array([1.5]), [2**40], None
    for ids in fine:
        backend.check_ids("query_ids", ids)
    for one in (2**31, -(2**63), 2**63):
        ids = np.array([[0], [one]], "uint64" if one > 0 else "int64")
        if BACKEND == "jax":
            with pytest.raises(BackendError, match=f"query_ids must be integers .*, got {one}. Encode"):
                backend.check_ids("query_ids", ids)
        else:
            backend.check_ids("query_ids", ids)


@pytest.mark.contract
def test_an_unknown_id_beyond_all_known_ones_has_no_row() -> None:
    rows = backend.IdLookup(np.array([5, 3])).rows(keras.ops.convert_to_tensor(np.int32([2, 3, 4, 5, 6])))
    assert to_numpy(rows).tolist() == [-1, 1, -1, 0, -1]
