"""Tables come together of their parts, and go to the host as they are."""

import numpy as np
import pytest

from shortlist import backend

pytestmark = pytest.mark.contract


@pytest.mark.parametrize("dtype", ["float32", "int8", "int32", "bool"])
@pytest.mark.parametrize("lengths", [[5], [2, 0, 1, 2], []])
def test_put_together_of_parts(dtype: str, lengths: list[int]) -> None:
    whole = np.arange(sum(lengths) * 6).reshape(-1, 2, 3).astype(dtype)
    starts = np.cumsum([0, *lengths])
    parts = (whole[start : start + number] for start, number in zip(starts, lengths, strict=False))
    table = backend.assemble_table(parts, whole.shape, dtype)
    assert backend.host_array(table).dtype == dtype
    np.testing.assert_array_equal(backend.host_array(table), whole)


def test_what_is_read_on_the_host_is_not_written_to() -> None:
    table = backend.assemble_table([np.float32([1, 2])], (2,), "float32")
    for array in (backend.host_array(table), backend.host_array(np.float32([1, 2]))):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 3
