"""Read the rows of an epoch from a file in windows, prefetching the next one."""

from concurrent.futures import Future, ThreadPoolExecutor
from typing import final

import numpy as np

from shortlist.data.encoded._record_file import RecordFile

__all__ = ["Windows"]


@final
class Windows:
    """Read each record of a file once, in an order that depends on a seed, with a few windows in memory.

    The file is read in blocks. Blocks are shuffled, then the rows of each window of consecutive shuffled
    blocks. If the file itself is shuffled, batches are random samples of the whole file.

    Args:
        file: The records, at least one.
        block_rows: Number of records per block, which is read in one piece.
        window_blocks: Number of blocks per window. Two windows are in memory, for a moment three.
        seed: Seed of the order; None keeps the order of the file.

    Example:
        >>> import tempfile, pathlib
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "numbers"
        >>> file = RecordFile(path, np.dtype("int64"), writable=True)
        >>> file.write(0, np.arange(100))
        >>> windows = Windows(file, block_rows=8, window_blocks=4, seed=(0, 1))
        >>> rows = np.concatenate([windows.rows(start, start + 25) for start in range(0, 100, 25)])
        >>> bool((np.sort(rows) == np.arange(100)).all()), bool((rows == np.arange(100)).all())
        (True, False)
    """

    def __init__(
        self, file: RecordFile, *, block_rows: int, window_blocks: int, seed: tuple[int, ...] | None
    ) -> None:
        self._file, self._block_rows, self._seed = file, block_rows, seed
        num_blocks = -(-len(file) // block_rows)
        blocks = np.arange(num_blocks) if seed is None else _generator(seed, 0).permutation(num_blocks)
        sizes = np.minimum(len(file) - blocks * block_rows, block_rows)
        firsts = np.arange(0, num_blocks, window_blocks)
        self._windows = np.split(blocks, firsts[1:])
        self._starts = np.append((np.cumsum(sizes) - sizes)[firsts], len(file))
        self._loaded: dict[int, Future[np.ndarray]] = {}
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="shortlist-windows")

    def rows(self, start: int, stop: int) -> np.ndarray:
        """Return the records at positions of the order; fast for consecutive positions.

        Args:
            start: First position.
            stop: Position after the last; at most the number of records.

        Returns:
            `[stop - start]`.
        """
        first = int(np.searchsorted(self._starts, start, side="right")) - 1
        last = int(np.searchsorted(self._starts, stop, side="left"))
        return np.concatenate([self._part(window, start, stop) for window in range(first, last)])

    def _part(self, window: int, start: int, stop: int) -> np.ndarray:
        offset = int(self._starts[window])
        return self._window(window)[max(0, start - offset) : stop - offset]

    def _window(self, window: int) -> np.ndarray:
        wanted = [number for number in (window, window + 1) if number < len(self._windows)]
        # Drop windows that are no longer needed before reading another.
        kept = {number: self._loaded[number] for number in wanted if number in self._loaded}
        self._loaded = kept | {n: self._reader.submit(self._read, n) for n in wanted if n not in kept}
        return self._loaded[window].result()

    def _read(self, window: int) -> np.ndarray:
        records = np.empty(int(self._starts[window + 1] - self._starts[window]), self._file.dtype)
        place = 0
        for block in self._windows[window].tolist():
            first = block * self._block_rows
            size = min(self._block_rows, len(self._file) - first)
            self._file.read_into(records[place : place + size], first)
            place += size
        return records if self._seed is None else _generator(self._seed, 1 + window).permutation(records)


def _generator(seed: tuple[int, ...], stream: int) -> np.random.Generator:
    return np.random.default_rng((*seed, stream))
