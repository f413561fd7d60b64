"""A vocabulary on disk: one Parquet file with a checksum of the ids in its metadata."""

import hashlib
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from shortlist.artifacts import replacing
from shortlist.errors import ArtifactError, must
from shortlist.ids._kinds import IdKind, as_array

__all__ = ["checksum", "read", "write"]

_FORMAT_KEY = b"shortlist.format"
_FORMAT = b"vocabulary 1"
_CHECKSUM_KEY = b"shortlist.sha256"
# The large types count bytes in 64 bits: 100 M ids take more than 2**31.
_ARROW_TYPE: dict[IdKind, pa.DataType] = {
    "str": pa.large_string(),
    "bytes": pa.large_binary(),
    "int64": pa.int64(),
}


def write(path: str | os.PathLike[str], ids: np.ndarray, kind: IdKind) -> None:
    """Write ids `[n]` in the order of their rows."""
    column = pa.array(ids, type=_ARROW_TYPE[kind])
    metadata = {_FORMAT_KEY: _FORMAT, _CHECKSUM_KEY: _checksum(column).encode()}
    table = pa.table({"id": column}).replace_schema_metadata(metadata)
    with replacing(path) as temporary:
        # All values are distinct, so a dictionary would cost time and save nothing.
        pq.write_table(table, temporary, compression="zstd", use_dictionary=False, write_page_checksum=True)


def read(path: str | os.PathLike[str]) -> np.ndarray:
    """Read the ids that `write` wrote: int64 `[n]`, or object holding `str` or `bytes`.

    Raises:
        ArtifactError: If the file is missing, damaged or not a vocabulary.
    """
    fix = "Save the vocabulary again"
    try:
        # `read_table` would take a folder named `a=b` for a column.
        with pq.ParquetFile(Path(path), page_checksum_verification=True) as file:
            table = file.read()
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        message = must(os.fspath(path), "be a readable vocabulary file", got=error, fix=fix)
        raise ArtifactError(message) from error
    metadata = table.schema.metadata or {}
    if metadata.get(_FORMAT_KEY) != _FORMAT or not _is_one_column_of_ids(table):
        columns = dict(zip(table.column_names, map(str, table.schema.types), strict=True))
        got = f"columns {columns} and format {metadata.get(_FORMAT_KEY)!r}"
        fix = "Give a file that Vocabulary.save wrote"
        raise ArtifactError(must(os.fspath(path), f"hold a vocabulary ({_FORMAT!r})", got=got, fix=fix))
    column = table.column("id").combine_chunks()
    if metadata.get(_CHECKSUM_KEY) != _checksum(column).encode():
        got = "other ids: it is damaged"
        raise ArtifactError(must(os.fspath(path), "hold the ids of its checksum", got=got, fix=fix))
    return as_array(column)


def _is_one_column_of_ids(table: pa.Table) -> bool:
    is_one = table.column_names == ["id"] and table.schema.types[0] in _ARROW_TYPE.values()
    return is_one and not table.column("id").null_count


def checksum(ids: np.ndarray, kind: IdKind) -> str:
    """Return a checksum of the ids `[n]` and their order."""
    return _checksum(pa.array(ids, type=_ARROW_TYPE[kind]))


def _checksum(column: pa.Array) -> str:
    digest = hashlib.sha256(f"{column.type} {len(column)}".encode())
    if pa.types.is_integer(column.type):
        digest.update(column.to_numpy().data)
        return digest.hexdigest()
    # Only the used part of each buffer: what Arrow leaves behind it differs from run to run.
    _, offsets, text = column.buffers()
    ends = np.frombuffer(offsets, np.int64)[: len(column) + 1]
    digest.update(ends.data)
    digest.update(memoryview(text or b"")[: ends[-1]])
    return digest.hexdigest()
