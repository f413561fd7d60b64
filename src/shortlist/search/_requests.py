"""Translate the `exclude`, `allow` and `where` arguments of a query into candidate rows."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from shortlist.errors import ArgumentError, FeatureError, must
from shortlist.ids import as_array, is_list
from shortlist.search._attributes import Where
from shortlist.search._row_filter import RowFilter
from shortlist.search._snapshot import Snapshot
from shortlist.typing import ArrayLike, ItemId

__all__ = ["IdLists", "Request", "check_k", "id_lists", "one_list"]

IdLists = Any
"""Ids `[num_ids]` for all queries, or one list per query: `[num_queries, num_ids]` or a list of lists."""


class Request(NamedTuple):
    """Filters of a batch of queries, as rows of a snapshot."""

    excluded: np.ndarray
    """`[num_queries, num_excluded]`, int32, padded with -1."""
    allowed: list[np.ndarray] | None
    """Allowed rows per query; None if all rows are. A list shared by all queries is one object, repeated."""
    required: np.ndarray | None
    """As in `RowFilter`; None if nothing is required."""
    limits: np.ndarray | None
    """As in `RowFilter`; None if no number is restricted."""
    filters_engine: bool
    """Whether any row of the engine may fail the requirements."""
    unknown: list[list[ItemId]]
    """Unknown ids per query."""

    @classmethod
    def of(
        cls,
        snapshot: Snapshot,
        num_queries: int,
        *,
        exclude: IdLists = None,
        allow: IdLists = None,
        where: Where | Sequence[Where] | None = None,
    ) -> "Request":
        """Look up ids and attributes.

        Args:
            snapshot: Candidates to look them up in.
            num_queries: Number of queries.
            exclude: Ids to leave out.
            allow: Ids to choose from.
            where: Required attribute values.

        Raises:
            ArgumentError: If there is not one list per query, or an attribute is unknown.
            FeatureError: If ids have another type than the ids of the index.
        """
        excluded = _rows(snapshot, exclude, num_queries, "exclude")
        allowed = None if allow is None else _rows(snapshot, allow, num_queries, "allow")
        required, limits = None, None
        if where is not None or snapshot.has_deletions:
            required, limits = snapshot.attributes.require_of_each(
                {} if where is None else where, num_queries
            )
        return cls(
            padded(excluded.rows, num_queries),
            None if allowed is None else allowed.rows,
            required,
            limits,
            where is not None or snapshot.engine_has_deletions,
            [ids + more for ids, more in zip(excluded.unknown, allowed.unknown, strict=True)]
            if allowed is not None
            else excluded.unknown,
        )

    def filter_of_engine(self, snapshot: Snapshot) -> RowFilter:
        """Return the filter of the engine's rows.

        Args:
            snapshot: Snapshot passed to `of`.
        """
        excluded = np.where(self.excluded < snapshot.engine.num_rows, self.excluded, -1)
        if self.required is None or not self.filters_engine:
            return RowFilter(excluded)
        return RowFilter(excluded, snapshot.table_of_engine, self.required, self.limits)

    def filter_of_all(self, snapshot: Snapshot) -> RowFilter:
        """Return the filter of all rows.

        Args:
            snapshot: Snapshot passed to `of`.
        """
        if self.required is None:
            return RowFilter(self.excluded)
        return RowFilter(self.excluded, snapshot.table, self.required, self.limits)


class _Rows(NamedTuple):
    rows: list[np.ndarray]
    unknown: list[list[ItemId]]


def _rows(snapshot: Snapshot, lists: IdLists, num_queries: int, name: str) -> _Rows:
    if lists is None:
        return _Rows([], [[] for _ in range(num_queries)])
    each = id_lists(lists, num_queries, name)
    distinct = {id(ids): ids for ids in each}  # a list shared by all queries is looked up once
    try:
        found = {key: _rows_of_list(snapshot, ids) for key, ids in distinct.items()}
    except FeatureError as error:
        raise type(error)(f"{name}: {error}") from error
    rows, unknown = zip(*(found[id(ids)] for ids in each), strict=True) if each else ((), ())
    return _Rows(list(rows), list(unknown))


def _rows_of_list(snapshot: Snapshot, ids: np.ndarray) -> tuple[np.ndarray, list[ItemId]]:
    rows = snapshot.ids.rows(ids)
    is_unknown = rows < 0
    unknown = [one for one in ids[is_unknown].tolist() if one != snapshot.ids.padding]
    return rows[~is_unknown], unknown


def padded(rows: list[np.ndarray], num_queries: int) -> np.ndarray:
    """Pad lists of rows to one matrix.

    The width is 0 or a power of two, as some backends recompile for each width.

    Args:
        rows: One list per query; may be `[]` if all lists are empty.
        num_queries: Number of queries.

    Returns:
        `[num_queries, width]`, int32, padded with -1.
    """
    longest = max(map(len, rows), default=0)
    if not longest:
        return np.empty((num_queries, 0), "int32")
    width = 1 << (longest - 1).bit_length()
    matrix = np.full((num_queries, width), -1, "int32")
    for line, some in zip(matrix, rows, strict=True):
        line[: len(some)] = some
    return matrix


def id_lists(lists: IdLists, num_queries: int, name: str) -> list[np.ndarray]:
    """Return one array of ids per query.

    Args:
        lists: `[num_ids]` for all queries, or one list per query.
        num_queries: Number of queries.
        name: Argument name for the error message.

    Returns:
        `num_queries` arrays; the same object repeated if one list is for all queries.

    Raises:
        ArgumentError: If there is not one list per query, or an entry is not a list of ids.
    """
    listed = _listed(lists, name)
    entries: Any = listed if hasattr(listed, "shape") else list(listed)
    if len(entries) == 0 or _is_one_list(entries):
        return [as_array(entries)] * num_queries
    _check_not_mixed(entries, name)
    rows = [as_array(_listed(row, f"each entry of {name}")) for row in entries]
    if len(rows) != num_queries or any(row.ndim != 1 for row in rows):
        requirement = f"hold one list of ids for each of the {num_queries} queries, or one list for all"
        raise ArgumentError(must(name, requirement, got=f"{len(rows)} entries"))
    return rows


def one_list(ids: ArrayLike, name: str) -> np.ndarray:
    """Return ids as an array.

    Args:
        ids: `[num_ids]`.
        name: Argument name for the error message.

    Returns:
        `[num_ids]`.

    Raises:
        ArgumentError: If `ids` is not a flat list.
    """
    listed = as_array(_listed(ids, name))
    if listed.ndim != 1:
        raise ArgumentError(must(name, "be one list of ids", got=f"shape {listed.shape}"))
    return listed


def _listed(ids: Any, name: str) -> Any:
    if not is_list(ids):
        raise ArgumentError(must(name, "be a list of ids, such as ['a', 'b'] or [1, 2]", got=repr(ids)))
    return as_array(ids) if isinstance(ids, pa.Array | pa.ChunkedArray) else ids


def _check_not_mixed(entries: Any, name: str) -> None:
    not_ids = [entry for entry in entries if not _is_id(entry)]
    if len(not_ids) < len(entries):
        raise ArgumentError(
            must(name, "hold only ids, or one list of ids for each query", got=f"{not_ids[0]!r} among ids")
        )


def _is_one_list(entries: ArrayLike) -> bool:
    if isinstance(entries, np.ndarray) and entries.dtype != object:
        return entries.ndim == 1
    return all(map(_is_id, entries))


def _is_id(entry: Any) -> bool:
    return isinstance(entry, str | bytes | int | np.integer)


def check_k(k: Any, name: str = "k") -> int:
    """Return `k` as an int.

    Args:
        k: Integer >= 1.
        name: Argument name for the error message.

    Returns:
        `k`.

    Raises:
        ArgumentError: If `k` is not an integer >= 1.
    """
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or k < 1:
        raise ArgumentError(must(name, "be an integer >= 1", got=repr(k)))
    return int(k)
