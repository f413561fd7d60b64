"""The frequency oracle on a stream counted by hand."""

import numpy as np
import pytest
from hypothesis import given
from tests.oracles.frequency import streamed_log_probability
from tests.oracles.worlds import row_streams


def test_counts_so_far_include_the_batch() -> None:
    first, second = streamed_log_probability([[0, 2], [2, 2]], num_rows=4)
    np.testing.assert_array_equal(first.counts, [1, 0, 1, 0])
    np.testing.assert_array_equal(second.counts, [1, 0, 3, 0])
    assert (first.total, second.total) == (2, 4)
    np.testing.assert_allclose(np.exp(first.log_probability), [1 / 2, 1 / 2, 1 / 2, 1 / 2])
    np.testing.assert_allclose(np.exp(second.log_probability), [1 / 4, 1 / 4, 3 / 4, 1 / 4])


def test_an_empty_batch_changes_nothing() -> None:
    first, second = streamed_log_probability([[1], []], num_rows=2)
    np.testing.assert_array_equal(first.counts, second.counts)


@pytest.mark.parametrize("row", [-1, 2])
def test_rows_outside_are_refused(row: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        streamed_log_probability([[row]], num_rows=2)


@given(row_streams())
def test_the_order_of_batches_does_not_change_the_end(stream: list[list[int]]) -> None:
    forwards, backwards = (streamed_log_probability(batches, 8)[-1] for batches in (stream, stream[::-1]))
    np.testing.assert_array_equal(forwards.counts, backwards.counts)
    seen = forwards.counts > 0
    assert np.exp(forwards.log_probability[seen]).sum() == pytest.approx(1)
