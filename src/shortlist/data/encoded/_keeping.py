"""Cache of encoded rows."""

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from shortlist.artifacts import publishing
from shortlist.data.encoded._stored_rows import StoredRows
from shortlist.errors import ArtifactError, DataError, must

__all__ = ["kept_rows"]


def kept_rows(
    folder: Path | None, facts: Any, encode: Callable[[], Iterable[Mapping[str, np.ndarray]]]
) -> StoredRows:
    """Return the cached encoded rows, or encode them.

    Rows are written atomically, so an interrupted run leaves no partial cache.

    Args:
        folder: Cache folder; each entry is a subfolder. If None, rows are written to a temporary file that is
            deleted with the returned object.
        facts: Cache key, JSON-serializable: everything that determines the rows.
        encode: Function that returns the rows in parts, as `StoredRows.write` takes them.

    Raises:
        DataError: If the rows cannot be written.

    Example:
        >>> folder = Path(tempfile.mkdtemp())
        >>> make = lambda: [{"user": np.arange(3)}]
        >>> len(kept_rows(folder, {"files": ["a"]}, make)), len(kept_rows(folder, {"files": ["a"]}, list))
        (3, 3)
    """
    if folder is None:
        return _temporary(encode)
    place = folder / hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]
    try:
        return StoredRows(place)
    except ArtifactError:  # not cached, or incomplete
        with _explained(folder), publishing(place, overwrite=True) as workshop:
            StoredRows.write(workshop, encode())
        return StoredRows(place)


def _temporary(encode: Callable[[], Iterable[Mapping[str, np.ndarray]]]) -> StoredRows:
    place = Path(tempfile.gettempdir())
    with _explained(place), tempfile.TemporaryDirectory(prefix="shortlist-") as folder:
        StoredRows.write(Path(folder), encode())
        return StoredRows(Path(folder))  # the open file stays readable after its folder is deleted


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DataError(
            must(
                str(folder),
                "be writable to keep the encoded rows",
                got=error,
                fix="Free space or choose another folder: InteractionFiles(..., cache=...)",
            )
        ) from error
