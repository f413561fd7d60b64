"""A batch of zeros looks like the batch that was described, whatever holds its arrays."""

import keras
import numpy as np
import pytest

from shortlist.models._batch_spec import batch_like, spec_of

BACKEND = keras.config.backend()


@pytest.mark.contract
def test_structure_types_and_sizes() -> None:
    batch = (
        {
            "user": np.zeros(8, "int32"),
            "words": np.zeros((8, 3), "int32"),
            "price": np.zeros((8, 1), "float32"),
        },
        [np.zeros((8, 2, 4), "float32")],
    )
    features, (vectors,) = batch_like(spec_of(batch))
    shapes = {name: tuple(value.shape) for name, value in features.items()}
    assert shapes == {"user": (1,), "words": (1, 3), "price": (1, 1)}
    assert tuple(vectors.shape) == (1, 2, 4)
    dtypes = {name: keras.backend.standardize_dtype(value.dtype) for name, value in features.items()}
    assert dtypes == {"user": "int32", "words": "int32", "price": "float32"}


@pytest.mark.contract
def test_a_tuple_stays_a_tuple_and_a_list_a_list() -> None:
    assert isinstance(batch_like(spec_of((np.zeros(2), np.zeros(2)))), tuple)
    assert isinstance(batch_like(spec_of([np.zeros(2), np.zeros(2)])), list)


@pytest.mark.skipif(BACKEND != "tensorflow", reason="tensors of this backend hold no text")
def test_text() -> None:
    import tensorflow as tf

    assert batch_like(spec_of({"user": tf.constant(["a", "b"])}))["user"].numpy().tolist() == [b""]
