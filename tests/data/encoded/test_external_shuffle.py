"""Every record once, in an order that is fair, however little memory there is."""

import collections
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortlist.data.encoded._external_shuffle import shuffle_records
from shortlist.data.encoded._record_file import RecordFile


def shuffled(num_rows, memory_rows, seed=0):
    with tempfile.TemporaryDirectory() as folder:
        source, target = (RecordFile(Path(folder, name), np.dtype("int64"), writable=True) for name in "ab")
        source.write(0, np.arange(num_rows))
        shuffle_records(source, target, memory_rows=memory_rows, seed=seed)
        return target.read(0, len(target)).tolist()


@given(num_rows=st.integers(1, 200), memory_rows=st.integers(1, 250), seed=st.integers(0, 5))
def test_each_record_once(num_rows, memory_rows, seed):
    found = shuffled(num_rows, memory_rows, seed)
    assert sorted(found) == list(range(num_rows))
    assert found == shuffled(num_rows, memory_rows, seed)


@pytest.mark.parametrize("memory_rows", [1, 2, 3])
def test_every_order_is_equally_likely(tmp_path, memory_rows):
    source, target = (RecordFile(tmp_path / name, np.dtype("int64"), writable=True) for name in "ab")
    source.write(0, np.arange(4))
    num_draws, counts = 1200, collections.Counter()
    for seed in range(num_draws):
        shuffle_records(source, target, memory_rows=memory_rows, seed=seed)
        counts[tuple(target.read(0, 4).tolist())] += 1
    assert len(counts) == 24
    expected = num_draws / 24
    chi_squared = sum((count - expected) ** 2 / expected for count in counts.values())
    assert chi_squared < 49.7  # the 99.9 % quantile with 23 degrees of freedom


def test_rows_come_from_everywhere():
    found = np.array(shuffled(100_000, 1_000))
    means = found.reshape(100, 1_000).mean(axis=1)
    # The mean of 1000 of 100,000 positions has a standard deviation of 100000 / sqrt(12 * 1000) = 913.
    assert np.abs(means - 50_000).max() < 4.5 * 913
