"""File of fixed-size records with random access."""

import os
import weakref
from pathlib import Path
from typing import final

import numpy as np

from shortlist.errors import ArtifactError, must

__all__ = ["RecordFile"]


@final
class RecordFile:
    """File of records of one dtype.

    It is not a memory map, whose pages would count as memory of the process, and where a disk error would
    kill the process instead of raising. The file stays open until the object is garbage-collected, so it may
    be deleted while it is read.

    Args:
        path: Path of the file; created if missing and `writable`.
        dtype: Data type of a record.
        writable: Whether to open the file for writing too.

    Raises:
        OSError: If the file cannot be opened.

    Example:
        >>> import tempfile
        >>> file = RecordFile(Path(tempfile.mkdtemp()) / "numbers", np.dtype("int32"), writable=True)
        >>> file.write(0, np.array([5, 6, 7], "int32"))
        >>> len(file), file.read(1, 3).tolist()
        (3, [6, 7])
    """

    def __init__(self, path: Path, dtype: np.dtype, *, writable: bool = False) -> None:
        self._path, self.dtype = path, dtype
        self._file = os.open(path, os.O_RDWR | os.O_CREAT if writable else os.O_RDONLY)
        weakref.finalize(self, os.close, self._file)

    def __len__(self) -> int:
        return os.fstat(self._file).st_size // self.dtype.itemsize

    def read(self, start: int, stop: int) -> np.ndarray:
        """Read records.

        Args:
            start: First record.
            stop: Record after the last.

        Returns:
            `[stop - start]`.

        Raises:
            ArtifactError: If the file ends too early.
        """
        records = np.empty(stop - start, self.dtype)
        self.read_into(records, start)
        return records

    def read_into(self, records: np.ndarray, start: int) -> None:
        """Read records into an array.

        Args:
            records: `[num_rows]`, contiguous.
            start: The first record to read.

        Raises:
            ArtifactError: If the file ends too early.
        """
        left, offset = records.view(np.uint8).data, start * self.dtype.itemsize
        while left:
            num_bytes = os.preadv(self._file, [left], offset)
            if not num_bytes:
                raise ArtifactError(
                    must(
                        str(self._path),
                        f"hold {len(left)} more bytes after byte {offset}",
                        fix="The file was cut off: delete its folder and train again",
                    )
                )
            left, offset = left[num_bytes:], offset + num_bytes

    def write(self, start: int, records: np.ndarray) -> None:
        """Write records.

        Args:
            start: Where the first one goes.
            records: `[num_rows]`, contiguous.

        Raises:
            OSError: If the disk is full, or another failure of the system.
        """
        left, offset = records.view(np.uint8).data, start * self.dtype.itemsize
        while left:
            num_bytes = os.pwrite(self._file, left, offset)
            left, offset = left[num_bytes:], offset + num_bytes
