"""Features of users and items as columns of the interactions."""

import pyarrow as pa
import pyarrow.compute as pc

from shortlist.data._checks import check_ids
from shortlist.errors import DataError, must
from shortlist.ids import arrow_id_kind, to_id_column, type_name

__all__ = ["add_features"]


def add_features(table: pa.Table, features: pa.Table, key: str, other_key: str | None = None) -> pa.Table:
    """Add the features of each row's id as columns; the order of the rows does not change.

    Args:
        table: N rows with the column `key`.
        features: One row per id, with the column `key`.
        key: Column of ids in both.
        other_key: Column of the other ids of the table, for the error if the two are swapped.

    Returns:
        N rows, the columns of both.

    Raises:
        DataError: If an id of the table is missing in the features or repeated there, the ids are of
            different kinds, or both tables have another column of one name.

    Example:
        >>> facts = pa.table({"id": [7, 8], "year": [1995, 1999]})
        >>> add_features(pa.table({"id": [8, 8, 7]}), facts, "id")["year"].to_pylist()
        [1999, 1999, 1995]
    """
    if key not in features.column_names:
        fix = f"It has {other_key!r}: check that users and items are not swapped"
        got, fix = f"columns {features.column_names}", fix if other_key in features.column_names else ""
        raise DataError(must("the features", f"have the column {key!r}", got=got, fix=fix))
    shared = set(table.column_names).intersection(features.column_names) - {key}
    if shared:
        requirement = "have other columns than the interactions"
        fix = "Rename them in one of the two (pa.Table.rename_columns)"
        raise DataError(must(f"features of {key!r}", requirement, got=sorted(shared), fix=fix))
    keys = _keys(features, key, table[key].type)
    rows = pc.index_in(table[key], value_set=keys.combine_chunks())
    if rows.null_count:
        first = table[key][pc.index(rows.is_null(), True).as_py()].as_py()
        got = f"{rows.null_count} interactions without a row, the first with {first!r}"
        fix = "Add such rows, or drop these interactions"
        if other_key is not None and rows.null_count == len(rows) and _has_any(table[other_key], keys):
            fix = f"The features are those of {other_key!r}: check that users and items are not swapped"
        raise DataError(must(f"features of {key!r}", "have a row for every id", got=got, fix=fix))
    added = features.drop_columns([key]).take(rows)
    for name in added.column_names:
        table = table.append_column(added.schema.field(name), added[name])
    return table


def _keys(features: pa.Table, key: str, expected: pa.DataType) -> pa.ChunkedArray:
    keys = to_id_column(features[key], key)
    check_ids(keys, key)
    if arrow_id_kind(keys.type) != arrow_id_kind(expected):
        requirement = f"hold {type_name(expected)}, as in the interactions"
        fix = "Cast one of the two, and check that users and items are not swapped"
        raise DataError(must(f"column {key!r}", requirement, got=type_name(keys.type), fix=fix))
    if pc.count_distinct(keys).as_py() < len(keys):
        counts = pc.value_counts(keys.combine_chunks()).to_pylist()
        first = next(entry["values"] for entry in counts if entry["counts"] > 1)
        got = f"several for {first!r}"
        raise DataError(must(f"features of {key!r}", "have one row per id", got=got))
    return keys.cast(expected)


def _has_any(ids: pa.ChunkedArray, keys: pa.ChunkedArray) -> bool:
    if arrow_id_kind(ids.type) != arrow_id_kind(keys.type):
        return False
    return bool(pc.any(pc.is_in(ids, value_set=keys.cast(ids.type).combine_chunks())).as_py())
