"""A vocabulary on disk: one Parquet file that any tool reads, with a checksum of the ids in its metadata."""

import hashlib
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from shortlist.errors import ArtifactError
from shortlist.features._files import replacing
from shortlist.features._ids import IdKind, as_array

__all__ = ["checksum", "read", "write"]

_FORMAT_KEY = b"shortlist.format"
_FORMAT = b"vocabulary 1"
_CHECKSUM_KEY = b"shortlist.sha256"
# The large types count bytes in 64 bits: 2^31 bytes of ids are 100 M of them, not out of reach.
_ARROW_TYPE: dict[IdKind, pa.DataType] = {
    "str": pa.large_string(),
    "bytes": pa.large_binary(),
    "int64": pa.int64(),
}


def write(path: str | os.PathLike[str], ids: np.ndarray, kind: IdKind) -> None:
    """Writes ids in the order of their rows.

    Args:
        path: The file to make or to replace.
        ids: `[n]`, int64, or object holding `str` or `bytes`.
        kind: What the ids are made of.
    """
    column = pa.array(ids, type=_ARROW_TYPE[kind])
    metadata = {_FORMAT_KEY: _FORMAT, _CHECKSUM_KEY: _checksum(column)}
    table = pa.table({"id": column}).replace_schema_metadata(metadata)
    with replacing(path) as temporary:
        # A dictionary of values that are all distinct costs time and saves nothing.
        pq.write_table(table, temporary, compression="zstd", use_dictionary=False, write_page_checksum=True)


def read(path: str | os.PathLike[str]) -> np.ndarray:
    """Reads the ids that `write` wrote.

    Returns:
        `[n]`, int64, or object holding `str` or `bytes`.

    Raises:
        ArtifactError: The file is missing, damaged or something else; the message names it.
    """
    try:
        # Not `read_table`, which takes a folder named `a=b` for a column.
        with pq.ParquetFile(Path(path), page_checksum_verification=True) as file:
            table = file.read()
    except (OSError, pa.ArrowException) as error:
        raise ArtifactError(f"{path} cannot be read as a vocabulary: {error}") from error
    return as_array(_checked_column(path, table))


def checksum(ids: np.ndarray, kind: IdKind) -> str:
    """What is the same for the same ids in the same order, and for no others.

    Args:
        ids: `[n]`, int64, or object holding `str` or `bytes`.
        kind: What the ids are made of.
    """
    return _checksum(pa.array(ids, type=_ARROW_TYPE[kind])).decode()


def _checked_column(path: str | os.PathLike[str], table: pa.Table) -> pa.Array:
    metadata = table.schema.metadata or {}
    if metadata.get(_FORMAT_KEY) != _FORMAT or not _is_one_column_of_ids(table):
        columns = dict(zip(table.column_names, map(str, table.schema.types), strict=True))
        raise ArtifactError(
            f"{path} holds columns {columns} and format {metadata.get(_FORMAT_KEY)!r}, "
            f"expected a vocabulary ({_FORMAT!r}): give the file that Vocabulary.save wrote"
        )
    column = table.column("id").combine_chunks()
    if metadata.get(_CHECKSUM_KEY) != _checksum(column):
        raise ArtifactError(
            f"{path} is damaged: its ids are not those of its checksum; save the vocabulary again"
        )
    return column


def _is_one_column_of_ids(table: pa.Table) -> bool:
    is_one = table.column_names == ["id"] and table.schema.types[0] in _ARROW_TYPE.values()
    return is_one and not table.column("id").null_count


def _checksum(column: pa.Array) -> bytes:
    """SHA-256 over the type, the number of ids and their bytes: the same as written and as read."""
    digest = hashlib.sha256(f"{column.type} {len(column)}".encode())
    for part in _contents(column):
        digest.update(part)
    return digest.hexdigest().encode()


def _contents(column: pa.Array) -> list[memoryview]:
    """The used part of each buffer: what Arrow leaves behind it differs from run to run."""
    if pa.types.is_integer(column.type):
        return [column.to_numpy().data]
    _, offsets, text = column.buffers()
    ends = np.frombuffer(offsets, np.int64)[: len(column) + 1]
    return [ends.data, memoryview(text or b"")[: ends[-1]]]
