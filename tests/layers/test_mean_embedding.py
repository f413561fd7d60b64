"""Means of embeddings, compared with a loop over the entries."""

from pathlib import Path

import keras
import numpy as np
import pytest

from shortlist.layers import MeanEmbedding

pytestmark = pytest.mark.contract

ROWS = np.array([[2, 0, 2, -1], [-1, -1, -1, -1], [-1, 1, -1, 3]], "int32")


def means(table: np.ndarray, rows: np.ndarray) -> np.ndarray:
    result = np.zeros((len(rows), table.shape[1]))
    for number, row in enumerate(rows):
        entries = [table[entry] for entry in row if entry != -1]
        if entries:
            result[number] = sum(entries) / len(entries)
    return result


def test_equals_a_loop_over_the_entries() -> None:
    layer = MeanEmbedding(4, 3)
    vectors = keras.ops.convert_to_numpy(layer(ROWS))
    (table,) = layer.get_weights()
    np.testing.assert_allclose(vectors, means(table, ROWS), rtol=1e-6, atol=1e-7)


def test_shapes_and_saving(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((4,), dtype="int32"), MeanEmbedding(4, 3)])
    assert model.output_shape == (None, 3)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.predict(ROWS, verbose=0), model.predict(ROWS, verbose=0))


def test_half_precision() -> None:
    layer = MeanEmbedding(4, 3, dtype="mixed_float16")
    assert keras.backend.standardize_dtype(layer(ROWS).dtype) == "float16"
    assert keras.backend.standardize_dtype(layer.weights[0].dtype) == "float32"
