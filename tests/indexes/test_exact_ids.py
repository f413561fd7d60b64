"""Ids that differ only in a trailing NUL, which NumPy string dtypes drop, stay distinct."""

from typing import Any

import keras
import numpy as np
import pytest

from shortlist import backend
from shortlist.indexes import BruteForce, Streaming

tf = pytest.importorskip("tensorflow")
pytestmark = pytest.mark.skipif(
    keras.config.backend() != "tensorflow", reason="tensors of the other backends hold no text"
)


@pytest.mark.parametrize("ids", [["a", "a\0", "\0"], [b"a", b"a\0", b"\0"]], ids=["str", "bytes"])
def test_a_trailing_nul_tells_ids_apart(ids: list[Any]) -> None:
    array, as_bytes = np.array(ids, object), [one.encode() if isinstance(one, str) else one for one in ids]
    assert backend.id_tensor(array).numpy().tolist() == as_bytes
    assert backend.IdLookup(array).rows(tf.constant(as_bytes)).numpy().tolist() == [0, 1, 2]
    query = np.float32([[1, 3, 2]])
    for index in (
        BruteForce().index(np.eye(3, dtype="float32"), array),
        Streaming().index_from_dataset([(array, np.eye(3, dtype="float32"))]),
    ):
        assert index(query)[1].tolist() == [[ids[1], ids[2], ids[0]]]
        assert index(query, exclude=[[ids[1]]])[1].tolist() == [[ids[2], ids[0], type(ids[0])()]]
    assert BruteForce().index_from_dataset([(array, np.eye(3))]).ids.tolist() == ids
