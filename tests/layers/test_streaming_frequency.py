"""Counts per batch, compared with the oracle."""

from pathlib import Path

import keras
import numpy as np
import pytest
from tests.oracles.frequency import streamed_log_probability
from tests.oracles.worlds import row_stream

from shortlist.layers import StreamingFrequency

NUM_ROWS = 6


def to_numpy(tensor: object) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(keras.ops.convert_to_tensor(tensor)))


@pytest.mark.contract
def test_counts_with_repeated_rows_equal_the_oracle() -> None:
    for seed in range(6):
        stream, layer = row_stream(seed, num_rows=NUM_ROWS), StreamingFrequency(NUM_ROWS)
        expected = streamed_log_probability(stream, NUM_ROWS)
        for batch, streamed in zip(stream, expected, strict=True):
            log_q = to_numpy(layer(np.int32(batch), training=True))
            np.testing.assert_allclose(log_q, streamed.log_probability[batch], atol=1e-6)
            np.testing.assert_array_equal(to_numpy(layer.counts.value), streamed.counts)
            assert float(layer.total.value) == streamed.total


@pytest.mark.contract
def test_evaluation_counts_nothing() -> None:
    layer, everything = StreamingFrequency(NUM_ROWS), np.arange(NUM_ROWS, dtype="int32")
    layer(np.int32([1, 1, 2]), training=True)
    (streamed,) = streamed_log_probability([[1, 1, 2]], NUM_ROWS)
    for training in (False, None, False):
        log_q = to_numpy(layer(everything, training=training))
        np.testing.assert_allclose(log_q, streamed.log_probability, atol=1e-6)
    assert float(layer.total.value) == 3


@pytest.mark.contract
def test_before_any_batch_all_are_alike_and_finite() -> None:
    log_q = to_numpy(StreamingFrequency(NUM_ROWS)(np.arange(NUM_ROWS, dtype="int32")))
    assert np.isfinite(log_q).all()
    assert len(set(log_q.tolist())) == 1


@pytest.mark.contract
def test_more_than_float32_can_count_by_ones() -> None:
    """2**24 + 1 is no float32: counting on by ones would stand still there."""
    layer = StreamingFrequency(2)
    layer.build((None,))
    large = 2**24
    layer.set_weights([np.array([large, 0]), np.zeros(2), np.array(large), np.array(0)])
    for _ in range(4):
        layer(np.int32([0]), training=True)
    assert float(layer.counts.value[0]) == large + 4
    assert float(layer.total.value) == large + 4


@pytest.mark.contract
def test_the_total_goes_on_beyond_32_bits() -> None:
    layer = StreamingFrequency(2)
    layer.build((None,))
    before = 5 * 2**30 + (2**30 - 2)
    layer.set_weights([np.array([2**30, 7]), np.zeros(2), np.array(2**30 - 2), np.array(5)])
    log_probability = keras.ops.convert_to_numpy(layer(np.int32([1, 1, 1]), training=True))
    np.testing.assert_allclose(log_probability, np.log(10 / (before + 3)), rtol=1e-6)


@pytest.mark.contract
def test_the_count_of_one_row_goes_on_beyond_32_bits() -> None:
    layer = StreamingFrequency(3)
    layer.build((None,))
    before = np.array([2**31 - 4, 1, 0])
    layer.set_weights([before, np.zeros(3), np.array(2**30 - 3), np.array(1)])
    for _ in range(2):
        layer(np.int32([0, 0, 1, 0]), training=True)
    counts = before + np.array([6, 2, 1])  # a row that was never seen counts as seen once
    log_q = to_numpy(layer(np.int32([0, 1, 2])))
    np.testing.assert_allclose(log_q, np.log(counts / (2**31 - 3 + 8)), rtol=1e-6, atol=1e-6)


@pytest.mark.contract
def test_counts_are_saved(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((), dtype="int32"), StreamingFrequency(NUM_ROWS)])
    model.layers[0](np.int32([1, 1, 2]), training=True)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.get_weights()[0], [0, 2, 1, 0, 0, 0])
