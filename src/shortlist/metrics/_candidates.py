"""Candidates that a metric evaluates over, in memory or on disk, one tile at a time."""

import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import IO, Any, final

import keras
import numpy as np
from keras import ops

from shortlist import backend
from shortlist.errors import ArgumentError, must
from shortlist.typing import Tensor

__all__ = ["Candidates", "CandidatesInMemory", "CandidatesOnDisk", "Step", "widened"]

Step = Callable[[Any, Tensor, Any], Any]
"""Function of the carry, a tile `[size, dim + 1]` and the number of its first row; returns the next carry."""

_IN_MEMORY, _ON_DISK = 64, 1024
"""Row counts: candidates are padded with zeros to a multiple of this, and tiles are multiples of it."""

_LARGEST_TILE = 2**22
"""Largest number of candidates per tile, as `backend.count_beyond_margin` requires."""


class Candidates(ABC):
    """Candidate vectors with a column of ones, padded with rows of zeros. Abstract.

    Args:
        num_candidates: Number of candidates.
        num_rows: Number of candidates and rows of padding.
    """

    def __init__(self, num_candidates: int, num_rows: int) -> None:
        self.num_candidates, self.num_rows = num_candidates, num_rows

    @abstractmethod
    def vectors(self, rows: Tensor) -> Tensor:
        """Return the vectors of some candidates.

        Args:
            rows: Row numbers, `[n]`, int32, in `[0, num_candidates)`.

        Returns:
            Vectors, `[n, dim]`, float32.
        """

    @abstractmethod
    def fold(self, step: Step, carry: Any, num_columns: Tensor | int) -> Any:
        """Apply a function to all tiles, each with the carry that the one before returned.

        Args:
            step: The function.
            carry: First carry, a tuple of tensors.
            num_columns: Number of scores per candidate; the size of tiles depends on it.

        Returns:
            The last carry.
        """


@final
class CandidatesInMemory(Candidates):
    """Candidates in a Keras variable.

    Args:
        num_candidates: Number of candidates.
        variable: Result of `widened`, `[num_rows, dim + 1]`.
    """

    def __init__(self, num_candidates: int, variable: keras.Variable) -> None:
        super().__init__(num_candidates, variable.shape[0])
        self._variable = variable

    def vectors(self, rows: Tensor) -> Tensor:
        """Return the vectors of some candidates; see `Candidates`."""
        return ops.take(ops.convert_to_tensor(self._variable), rows, axis=0)[:, :-1]

    def fold(self, step: Step, carry: Any, num_columns: Tensor | int) -> Any:
        """Apply a function to all tiles; see `Candidates`."""

        def of_part(carry: Any, part: dict[str, Tensor], first: Tensor | int) -> Any:
            return step(carry, part["vector"], first), ()

        size = _IN_MEMORY * backend.rows_per_chunk(self.num_rows // _IN_MEMORY, _IN_MEMORY * num_columns)
        smaller = min if isinstance(size, int) else ops.minimum
        rows = {"vector": ops.convert_to_tensor(self._variable)}
        return backend.scan_chunks(of_part, carry, rows, smaller(size, _LARGEST_TILE), dtypes=())[0]


@final
class CandidatesOnDisk(Candidates):
    """Candidates in a temporary file, which is deleted with this object.

    Args:
        batches: Batches of vectors, `[n, dim]` each, float32.

    Raises:
        ArgumentError: If there is no batch, or `dim` differs between batches.
    """

    def __init__(self, batches: Iterable[np.ndarray]) -> None:
        with tempfile.TemporaryFile() as file:  # has no name; lives as long as the memory map
            num_candidates, width = _write(file, batches)
            super().__init__(num_candidates, -(-num_candidates // _ON_DISK) * _ON_DISK)
            file.truncate(4 * self.num_rows * width)  # a longer file reads as zeros
            self._rows = np.memmap(file, "float32", mode="r", shape=(self.num_rows, width))

    def vectors(self, rows: Tensor) -> Tensor:
        """Return the vectors of some candidates; see `Candidates`."""
        shape = (rows.shape[0], self._rows.shape[1] - 1)
        return backend.host_callback(lambda asked: np.array(self._rows[asked, :-1]), rows, shape)

    def fold(self, step: Step, carry: Any, num_columns: Tensor | int) -> Any:
        """Apply a function to all tiles; see `Candidates`."""

        def of_tile(carry: Any, _: dict[str, Tensor], number: Tensor | int) -> Any:
            tile = backend.host_callback(self._tile, number, (_ON_DISK, self._rows.shape[1]))
            return step(carry, tile, number * _ON_DISK), ()

        rows = {"tile": ops.arange(self.num_rows // _ON_DISK, dtype="int32")}
        return backend.scan_chunks(of_tile, carry, rows, 1, dtypes=())[0]

    def _tile(self, number: np.ndarray) -> np.ndarray:
        first = int(number) * _ON_DISK
        return np.array(self._rows[first : first + _ON_DISK])


def _write(file: IO[bytes], batches: Iterable[np.ndarray]) -> tuple[int, int]:
    """Write vectors with a column of ones; return their number and width."""
    num_candidates, widths = 0, set[int]()
    for batch in batches:
        wide = np.pad(batch, [(0, 0), (0, 1)], constant_values=1.0)
        file.write(np.ascontiguousarray(wide, "float32").data)
        num_candidates, widths = num_candidates + len(batch), widths | {wide.shape[1]}
    file.flush()
    if not widths:
        raise ArgumentError(must("candidates", "hold at least one batch", got="an empty dataset"))
    if len(widths) > 1:
        dims = sorted(width - 1 for width in widths)
        raise ArgumentError(must("batches of candidates", "have one dim", got=dims))
    return num_candidates, widths.pop()


def widened(vectors: np.ndarray) -> np.ndarray:
    """Append a column of ones, and rows of zeros up to a multiple of the smallest tile.

    Args:
        vectors: `[num_candidates, dim]`, float32.

    Returns:
        Array, `[num_rows, dim + 1]`, float32.
    """
    wide = np.zeros((-(-len(vectors) // _IN_MEMORY) * _IN_MEMORY, vectors.shape[1] + 1), "float32")
    wide[: len(vectors), :-1], wide[: len(vectors), -1] = vectors, 1.0
    return wide
