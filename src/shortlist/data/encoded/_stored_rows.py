"""Encoded rows on disk."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, final

import numpy as np

from shortlist.data.encoded._external_shuffle import shuffle_records
from shortlist.data.encoded._record_file import RecordFile
from shortlist.data.encoded._records import RecordType
from shortlist.data.encoded._rows import EncodedRows, Take
from shortlist.data.encoded._windows import Windows
from shortlist.errors import ArtifactError, must

__all__ = ["StoredRows"]

_FORMAT = "encoded rows 1"
_ROWS, _FACTS, _UNORDERED = "rows.bin", "rows.json", "unordered.bin"
# Random reads of 64 KB are almost as fast as sequential ones.
_BLOCK_BYTES = 2**16
_WINDOW_BLOCKS = 64
_SHUFFLE_BYTES = 2**22
_SHUFFLE_SEED = 0


@final
class StoredRows(EncodedRows):
    """Encoded rows in a file, of which a few megabytes are in memory at a time.

    `write` shuffles the rows, so neighboring rows are a random sample. The folder may be deleted while the
    rows are in use.

    Args:
        folder: Folder written by `write`.

    Raises:
        ArtifactError: If the folder is missing, incomplete or of another version.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> StoredRows.write(folder, ({"user": np.arange(5) + 5 * part} for part in range(2)))
        >>> rows = StoredRows(folder)
        >>> len(rows), sorted(rows.in_order((3, 0))(0, 10)["user"].tolist())
        (10, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    """

    def __init__(self, folder: Path) -> None:
        facts = _facts(folder)
        self._records = RecordType.from_config(facts["records"])
        try:
            self._file = RecordFile(folder / _ROWS, self._records.dtype)
        except OSError as error:
            raise ArtifactError(
                must(str(folder / _ROWS), "be readable", got=error, fix="Delete its folder")
            ) from error
        if len(self._file) != facts["num_rows"]:
            raise ArtifactError(
                must(
                    str(folder / _ROWS),
                    f"hold {facts['num_rows']} rows",
                    got=len(self._file),
                    fix="It is damaged: delete its folder",
                )
            )

    @classmethod
    def write(cls, folder: Path, parts: Iterable[Mapping[str, np.ndarray]]) -> None:
        """Write rows.

        Args:
            folder: An empty folder.
            parts: Arrays by name, `[num_rows, ...]` each; the same names, types and shapes in each part,
                and at least one row in total.

        Raises:
            ArgumentError: If the parts have different columns, types or shapes.
            OSError: If the disk is full or another system error occurs.
        """
        records, unordered = _append(folder / _UNORDERED, parts)
        ordered = RecordFile(folder / _ROWS, records.dtype, writable=True)
        memory_rows = max(1, _SHUFFLE_BYTES // records.num_bytes)
        shuffle_records(unordered, ordered, memory_rows=memory_rows, seed=_SHUFFLE_SEED)
        (folder / _UNORDERED).unlink()
        facts = {"format": _FORMAT, "num_rows": len(ordered), "records": records.get_config()}
        (folder / _FACTS).write_text(json.dumps(facts, indent=1))

    def __len__(self) -> int:
        return len(self._file)

    def in_order(self, seed: tuple[int, ...] | None) -> Take:
        """See `EncodedRows.in_order`; the order in which the rows are kept is that of `write`."""
        block_rows = max(1, _BLOCK_BYTES // self._records.num_bytes)
        windows = Windows(self._file, block_rows=block_rows, window_blocks=_WINDOW_BLOCKS, seed=seed)
        return lambda start, stop: self._records.unpack(windows.rows(start, stop))


def _append(path: Path, parts: Iterable[Mapping[str, np.ndarray]]) -> tuple[RecordType, RecordFile]:
    num_rows = 0
    for arrays in parts:
        if not num_rows:
            records = RecordType.of(arrays)
            file = RecordFile(path, records.dtype, writable=True)
        packed = records.pack(arrays)
        file.write(num_rows, packed)
        num_rows += len(packed)
    return records, file


def _facts(folder: Path) -> dict[str, Any]:
    try:
        facts = json.loads((folder / _FACTS).read_text())
    except (OSError, ValueError) as error:
        raise ArtifactError(
            must(str(folder), "be readable encoded rows", got=error, fix="Delete it")
        ) from error
    if not isinstance(facts, dict) or facts.get("format") != _FORMAT:
        raise ArtifactError(
            must(str(folder), f"have format {_FORMAT!r}", fix="Another version wrote it: delete it")
        )
    return facts
