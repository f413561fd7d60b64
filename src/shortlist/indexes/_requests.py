"""What a call asks for besides its queries, as rows of candidates."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from shortlist.errors import ArgumentError, FeatureError
from shortlist.ids import as_array, is_list
from shortlist.indexes._attributes import Where
from shortlist.indexes._candidates import to_numpy
from shortlist.indexes._row_filter import Filter
from shortlist.indexes._snapshot import Snapshot
from shortlist.typing import ArrayLike, ItemId

__all__ = ["IdLists", "Request", "id_lists", "one_list"]

IdLists = Any
"""Ids for all queries, `[num_ids]`; or for each query its own, a matrix or one sequence a query."""


class Request(NamedTuple):
    """What may come back, by rows of a snapshot."""

    excluded: np.ndarray
    """`[num_queries, num_excluded]`, int32; -1 is padding."""
    allowed: list[np.ndarray] | None
    """For each query the only rows that may come back; None when all may. Lists that are one are the same."""
    wanted: np.ndarray | None
    """Bits that rows must have, `[1 or num_queries, num_groups, num_words]`; None when all will do."""
    filters_engine: bool
    """Whether rows of the engine may lack such bits."""
    unknown: list[list[ItemId]]
    """For each query the ids that no candidate has."""

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
        """Look the ids and attributes up.

        Args:
            snapshot: Whose rows.
            num_queries: How many queries there are.
            exclude: Ids that must not come back.
            allow: The only ids that may.
            where: What attributes must be.

        Raises:
            ArgumentError: When there are not as many lists as queries, or an attribute is unknown.
            FeatureError: When ids are of another kind than those of the candidates; it names the list.
        """
        excluded = _rows(snapshot, exclude, num_queries, "exclude")
        allowed = None if allow is None else _rows(snapshot, allow, num_queries, "allow")
        wanted = None
        if where is not None or snapshot.has_deletions:
            wanted = snapshot.attributes.wanted_of_each(where or {}, num_queries)
        return cls(
            padded(excluded.rows, num_queries),
            None if allowed is None else allowed.rows,
            wanted,
            where is not None or snapshot.engine_has_deletions,
            [ids + more for ids, more in zip(excluded.unknown, allowed.unknown, strict=True)]
            if allowed is not None
            else excluded.unknown,
        )

    def filter(self, snapshot: Snapshot, *, in_graph: bool = False) -> Filter:
        """The same for the engine, which knows its own rows only.

        Args:
            snapshot: The same as before.
            in_graph: Whether a graph is being built, whose tensors the snapshot must not keep.
        """
        num_rows = snapshot.engine.num_rows
        excluded = np.where(self.excluded < num_rows, self.excluded, -1)
        if self.wanted is None or not self.filters_engine:
            return Filter(excluded)
        return Filter(
            excluded, snapshot.bits[:num_rows] if in_graph else snapshot.bits_of_engine, self.wanted
        )

    def filter_of_all(self, snapshot: Snapshot) -> Filter:
        """The same for all rows, on the host.

        Args:
            snapshot: The same as before.
        """
        return Filter(self.excluded, None if self.wanted is None else snapshot.bits, self.wanted)


class _Rows(NamedTuple):
    rows: list[np.ndarray]
    unknown: list[list[ItemId]]


def _rows(snapshot: Snapshot, lists: IdLists, num_queries: int, name: str) -> _Rows:
    if lists is None:
        return _Rows([], [[] for _ in range(num_queries)])
    each = id_lists(lists, num_queries, name)
    distinct = {id(ids): ids for ids in each}  # a list that is there for all queries is looked up once
    try:
        found = {key: _rows_of_list(snapshot, ids) for key, ids in distinct.items()}
    except FeatureError as error:
        raise FeatureError(f"{name}: {error}") from error
    rows, unknown = zip(*(found[id(ids)] for ids in each), strict=True) if each else ((), ())
    return _Rows(list(rows), list(unknown))


def _rows_of_list(snapshot: Snapshot, ids: np.ndarray) -> tuple[np.ndarray, list[ItemId]]:
    rows = snapshot.ids.rows(ids)
    is_unknown = rows < 0
    unknown = [one for one in ids[is_unknown].tolist() if one != snapshot.ids.padding]
    return rows[~is_unknown], unknown


def padded(rows: list[np.ndarray], num_queries: int) -> np.ndarray:
    """Lists of rows as one matrix.

    Args:
        rows: For each query; empty where no query has any.
        num_queries: How many.

    Returns:
        `[num_queries, width]`, int32, filled up with -1; the width is 0 or a power of two, since some
        backends compile for each.
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
    """One array of ids for each query.

    Args:
        lists: `[num_ids]`, for all queries; or `[num_queries, num_ids]`, or one sequence of ids a query.
        num_queries: How many there must be.
        name: Of the argument, for the error.

    Returns:
        `num_queries` arrays; one and the same where one list is for all.

    Raises:
        ArgumentError: When their number is another, or one is no list.
    """
    listed = _listed(lists, name)
    entries: Any = to_numpy(listed) if hasattr(listed, "shape") else list(listed)
    if len(entries) == 0 or _is_one_list(entries):
        return [as_array(to_numpy(entries))] * num_queries
    _check_not_mixed(entries, name)
    rows = [as_array(to_numpy(_listed(row, f"an entry of {name}"))) for row in entries]
    if len(rows) != num_queries or any(row.ndim != 1 for row in rows):
        raise ArgumentError(
            f"{name} holds {len(rows)} entries for {num_queries} queries; expected one list of ids for each "
            "query, or one list for all."
        )
    return rows


def one_list(ids: ArrayLike, name: str) -> np.ndarray:
    """Ids as an array.

    Args:
        ids: `[num_ids]`.
        name: Of the argument, for the error.

    Returns:
        `[num_ids]`.

    Raises:
        ArgumentError: When it is no list, or one of lists.
    """
    listed = as_array(to_numpy(_listed(ids, name)))
    if listed.ndim != 1:
        raise ArgumentError(f"{name} came with shape {listed.shape}; expected one list of ids.")
    return listed


def _listed(ids: Any, name: str) -> Any:
    """The ids, unless they are one id alone, or none."""
    if not is_list(ids):
        raise ArgumentError(f"{name} came as {ids!r}; expected a list of ids, such as ['a', 'b'] or [1, 2].")
    return as_array(ids) if isinstance(ids, pa.Array | pa.ChunkedArray) else ids


def _check_not_mixed(entries: Any, name: str) -> None:
    """Refuse ids among what are none, such as None, which the error names."""
    strange = [entry for entry in entries if not _is_id(entry)]
    if len(strange) < len(entries):
        raise ArgumentError(
            f"{name} holds {strange[0]!r} among ids; expected ids alone, or one list of ids for each query."
        )


def _is_one_list(entries: ArrayLike) -> bool:
    if isinstance(entries, np.ndarray) and entries.dtype != object:
        return entries.ndim == 1
    return all(map(_is_id, entries))


def _is_id(entry: Any) -> bool:
    return isinstance(entry, str | bytes | int | np.integer)
