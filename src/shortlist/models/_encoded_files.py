"""Encode tables and files of interactions once, before training."""

import dataclasses
import difflib
from collections.abc import Sequence
from typing import Any

import numpy as np

from shortlist.data import InteractionFiles
from shortlist.data.encoded import StoredRows, kept_rows
from shortlist.errors import DataError, FeatureError, must
from shortlist.features import Column
from shortlist.features import _source as columns_of
from shortlist.features._spec import encode_columns
from shortlist.features._values import numbers
from shortlist.features.columns._base import naming, serialize_columns
from shortlist.models._batches import SAMPLE_WEIGHT

__all__ = ["encode", "encode_files"]


def encode(columns: Sequence[Column], table: Any, weight: str = SAMPLE_WEIGHT) -> dict[str, np.ndarray]:
    """Encode raw features into arrays by column name, `[num_rows, ...]` each.

    Args:
        columns: Fitted columns.
        table: `Interactions`, Arrow table, data frame or dict of arrays.
        weight: Name of an optional column of row weights.

    Raises:
        FeatureError: If a column is missing, values do not fit, a weight is negative or not finite, or the
            name of a column nearly is `weight`.
    """
    _check_spelling(columns_of.names(table), columns, weight)
    arrays = encode_columns(columns, table)
    if weight in columns_of.names(table):
        with naming(weight):
            arrays[weight] = numbers(columns_of.values(table, weight)).astype("float32")
        if (negative := np.flatnonzero(arrays[weight] < 0)).size:
            got = f"{arrays[weight][negative[0]]} in row {negative[0]}"
            fix = "Drop rows that should not count"
            raise FeatureError(must(f"column {weight!r}", "hold numbers >= 0", got=got, fix=fix))
    return arrays


def encode_files(
    columns: Sequence[Column], files: InteractionFiles, weight: str = SAMPLE_WEIGHT
) -> StoredRows:
    r"""Encode files to disk in one pass, or take the encoded rows from the cache of the files.

    A `TabularModel` does this itself. For another model, pass the rows to `InteractionBatches`.

    Args:
        columns: Fitted columns.
        files: Files to encode.
        weight: Name of an optional column of row weights.

    Raises:
        DataError: If files cannot be read or change meanwhile, or the cache cannot be written.
        FeatureError: As in `encode`.

    Example:
        >>> import pathlib, tempfile
        >>> from shortlist.features import Category
        >>> from shortlist.models import InteractionBatches
        >>> path = pathlib.Path(tempfile.mkdtemp(), "events.csv")
        >>> _ = path.write_text("user,film\nann,Up\nbob,Heat\nann,Heat\n")
        >>> files = InteractionFiles(path, user="user", item="film")
        >>> columns = [Category("user").fit(["ann", "bob"]), Category("film").fit(["Up", "Heat"])]
        >>> batches = InteractionBatches(encode_files(columns, files), batch_size=2, seed=0)
        >>> [len(batches[number]["film"]) for number in range(batches.num_batches)]
        [2, 1]
    """
    _check_spelling(files.column_names, columns, weight)
    names = [column.column for column in columns]
    names += [weight] if weight in files.column_names else []
    before = files.state()

    def parts() -> Any:
        yield from columns_of.map_parts(
            files, lambda part: encode(columns, part, weight), names, progress="encoding"
        )
        if files.state() != before:
            fix = "Train again when they are complete"
            raise DataError(must(repr(files), "stay unchanged while they are read", fix=fix))

    return kept_rows(files.cache, _facts(columns, files, before, names), parts)


def _check_spelling(names: Sequence[str], columns: Sequence[Column], weight: str) -> None:
    """Refuse a column such as `sample_weights`, which would be ignored."""
    unused = {name.lower(): name for name in set(names) - {column.column for column in columns}}
    similar = difflib.get_close_matches(weight, unused, n=1, cutoff=0.85)
    if weight not in names and similar:
        name = unused[similar[0]]
        raise FeatureError(
            must(f"column {name!r}", f"be named {weight!r} to weigh the rows", fix="Rename it or drop it")
        )


def _facts(
    columns: Sequence[Column], files: InteractionFiles, state: list[Any], names: list[str]
) -> dict[str, Any]:
    """Return everything that determines the encoded rows."""
    csv = dataclasses.asdict(files.csv)
    return {
        "files": state,
        "roles": [files.user, files.item, files.rating, files.timestamp],
        "csv": {**csv, "column_types": {name: str(kind) for name, kind in csv["column_types"].items()}},
        "columns": serialize_columns(columns),
        "names": names,
    }
