"""Features of users and items as columns of the interactions."""

import pyarrow as pa
import pyarrow.compute as pc

from shortlist.data._checks import check_column_exists, check_ids
from shortlist.errors import DataError
from shortlist.ids import arrow_id_kind, to_id_column, type_name

__all__ = ["add_features"]


def add_features(table: pa.Table, features: pa.Table, key: str) -> pa.Table:
    """Add the features of each row's id as columns; the order of the rows stays.

    Args:
        table: N rows; has the column `key`.
        features: One row for each id; has the column `key`.
        key: The column of ids in both.

    Returns:
        N rows, the columns of both.

    Raises:
        DataError: An id of the table is missing in the features or there twice, the ids are of different
            kinds, or both tables have another column of one name.

    Example:
        >>> facts = pa.table({"id": [7, 8], "year": [1995, 1999]})
        >>> add_features(pa.table({"id": [8, 8, 7]}), facts, "id")["year"].to_pylist()
        [1999, 1999, 1995]
    """
    check_column_exists(features, key)
    _check_no_clash(table, features, key)
    rows = _rows_of(table[key], _keys(features, key, table[key].type), key)
    added = features.drop_columns([key]).take(rows)
    for name in added.column_names:
        table = table.append_column(added.schema.field(name), added[name])
    return table


def _check_no_clash(table: pa.Table, features: pa.Table, key: str) -> None:
    shared = set(table.column_names).intersection(features.column_names) - {key}
    if shared:
        raise DataError(
            f"the interactions and the features of {key!r} both have the columns {sorted(shared)}. "
            "Rename them in one of the two (pa.Table.rename_columns)."
        )


def _keys(features: pa.Table, key: str, expected: pa.DataType) -> pa.ChunkedArray:
    keys = to_id_column(features[key], key)
    check_ids(keys, key)
    if arrow_id_kind(keys.type) != arrow_id_kind(expected):
        raise DataError(
            f"column {key!r}: ids are {type_name(expected)} in the interactions and "
            f"{type_name(keys.type)} in the features. Cast one of them."
        )
    if pc.count_distinct(keys).as_py() < len(keys):
        repeated = pc.value_counts(keys.combine_chunks())
        first = next(entry["values"] for entry in repeated.to_pylist() if entry["counts"] > 1)
        raise DataError(f"column {key!r}: the features have several rows for {first!r}, expected one an id.")
    return keys.cast(expected)


def _rows_of(ids: pa.ChunkedArray, keys: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    rows = pc.index_in(ids, value_set=keys.combine_chunks())
    if rows.null_count:
        first = ids[pc.index(rows.is_null(), True).as_py()].as_py()
        raise DataError(
            f"column {name!r}: {rows.null_count} interactions have an id without features, the first is "
            f"{first!r}. Add its row, or leave such interactions out."
        )
    return rows
