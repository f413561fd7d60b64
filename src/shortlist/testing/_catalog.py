"""What a catalog must answer, slowly and from the definition, and catalogs in which ties are certain."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

__all__ = ["KINDS", "Catalog", "Wanted", "drawn", "drawn_queries", "padding_of", "unknown_of"]

KINDS = ("str", "bytes", "int64")
_DIM = 3


class Catalog(NamedTuple):
    """Candidates, in the order in which equal scores are given."""

    ids: list[Any]
    vectors: np.ndarray
    """`[num_candidates, dim]`, float32, small whole numbers: no order of additions rounds."""
    attributes: dict[str, list[list[Any]]]
    """Of each candidate the values it has, by attribute."""

    def scores(self, query: np.ndarray) -> list[float]:
        """What each candidate scores.

        Args:
            query: `[dim]`, or `[heads, dim]`, of whose products the best counts.

        Returns:
            `num_candidates` numbers.
        """
        return [max(float(head @ vector) for head in np.atleast_2d(query)) for vector in self.vectors]

    def rows(self, wanted: "Wanted") -> list[int]:
        """The candidates that may come back.

        Args:
            wanted: Of one query.

        Returns:
            Their rows, ascending.
        """
        return [row for row in range(len(self.ids)) if self._is_allowed(row, wanted)]

    def _is_allowed(self, row: int, wanted: "Wanted") -> bool:
        id_ = self.ids[row]
        has_all = all(
            set(values if isinstance(values, list) else [values]) & set(self.attributes[name][row])
            for name, values in wanted.where.items()
        )
        return id_ not in wanted.exclude and (wanted.allow is None or id_ in wanted.allow) and has_all


class Wanted(NamedTuple):
    """What one query asks for."""

    exclude: Sequence[Any] = ()
    allow: Sequence[Any] | None = None
    where: Mapping[str, Any] = {}


def drawn(seed: int, num_candidates: int, kind: str = "str") -> Catalog:
    """A catalog of whole numbers, many of them tied, some of them alike.

    Args:
        seed: Of the vectors and the attributes.
        num_candidates: How many.
        kind: Of the ids, one of `KINDS`.

    Returns:
        Candidates that have a color each, none to two tags, and one of forty codes.
    """
    rng = np.random.default_rng(seed)
    vectors = rng.integers(-2, 3, (num_candidates, _DIM)).astype("float32")
    vectors[-1] = vectors[0]
    colors = [[str(rng.choice(["red", "green"]))] for _ in range(num_candidates)]
    tags = [sorted({"new", "sale", "old"})[first : first + 2] for first in rng.integers(0, 4, num_candidates)]
    codes = [[row % 40] for row in range(num_candidates)]
    attributes: dict[str, list[list[Any]]] = {"color": colors, "tags": tags, "code": codes}
    return Catalog([_id(kind, row) for row in range(num_candidates)], vectors, attributes)


def drawn_queries(seed: int, num_queries: int) -> np.ndarray:
    """Queries of whole numbers; the first scores all candidates the same.

    Args:
        seed: Of the numbers.
        num_queries: How many, at least one.

    Returns:
        `[num_queries, dim]`, float32.
    """
    queries = np.random.default_rng(seed).integers(-2, 3, (num_queries, _DIM)).astype("float32")
    queries[0] = 0
    return queries


def _id(kind: str, row: int) -> Any:
    """Integers that fall together in int32 or in float64, and text that does when its case or zeros go."""
    if kind == "int64":
        return 7 + row * 2**32 if row % 2 else 2**53 + row // 2
    text = f"{'a' if row % 2 else 'A'}{row // 2:0{1 + row % 3}d}"
    return text if kind == "str" else text.encode() + b"\xff"


def unknown_of(kind: str) -> Any:
    """An id that no drawn catalog has.

    Args:
        kind: One of `KINDS`.
    """
    return {"str": "nowhere", "bytes": b"nowhere", "int64": 2**40 + 1}[kind]


def padding_of(ids: Sequence[Any]) -> Any:
    """What stands where no id does: -1, or empty text of the ids' type.

    Args:
        ids: At least one.
    """
    return -1 if isinstance(ids[0], int) else type(ids[0])()
