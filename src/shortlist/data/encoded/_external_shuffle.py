"""Shuffle more records than fit in memory."""

from collections.abc import Iterator

import numpy as np

from shortlist.data.encoded._record_file import RecordFile

__all__ = ["shuffle_records"]


def shuffle_records(source: RecordFile, target: RecordFile, *, memory_rows: int, seed: int) -> None:
    """Copy records in uniformly random order.

    Each record is assigned to a random bucket; each bucket fits in memory and is shuffled there. The same
    random numbers are drawn twice: first to count the bucket sizes, then to fill the buckets in place.

    Args:
        source: The records.
        target: An empty file.
        memory_rows: Approximate number of records in memory, at least 1; for a moment, up to three times as
            many.
        seed: Seed of the order, which depends only on it, the records and `memory_rows`.
    """
    num_rows = len(source)
    num_buckets = -(-num_rows // memory_rows)
    ends = np.cumsum(_bucket_sizes(num_rows, num_buckets, memory_rows, seed))
    starts = ends - np.diff(ends, prepend=0)
    _fill(source, target, starts.copy(), memory_rows, seed)
    generator = np.random.default_rng((seed, 1))
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        target.write(start, generator.permutation(target.read(start, end)))


def _bucket_sizes(num_rows: int, num_buckets: int, memory_rows: int, seed: int) -> np.ndarray:
    draws = _buckets(num_rows, num_buckets, memory_rows, seed)
    zeros = np.zeros(num_buckets, np.int64)
    return sum((np.bincount(buckets, minlength=num_buckets) for _, buckets in draws), start=zeros)


def _buckets(
    num_rows: int, num_buckets: int, memory_rows: int, seed: int
) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the first row of each chunk and the bucket of each of its rows, the same in every call."""
    generator = np.random.default_rng((seed, 0))
    for start in range(0, num_rows, memory_rows):
        yield start, generator.integers(num_buckets, size=min(memory_rows, num_rows - start))


def _fill(source: RecordFile, target: RecordFile, slots: np.ndarray, memory_rows: int, seed: int) -> None:
    num_buckets = len(slots)
    for start, buckets in _buckets(len(source), num_buckets, memory_rows, seed):
        records = source.read(start, start + len(buckets))[np.argsort(buckets, kind="stable")]
        sizes = np.bincount(buckets, minlength=num_buckets)
        ends = np.cumsum(sizes)
        for bucket in np.flatnonzero(sizes).tolist():
            target.write(int(slots[bucket]), records[ends[bucket] - sizes[bucket] : ends[bucket]])
        slots += sizes
