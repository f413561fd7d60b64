"""Brute-force oracle for indexes, and random catalogs with many ties."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

__all__ = ["KINDS", "Catalog", "Wanted", "drawn", "drawn_queries", "padding_of", "unknown_of"]

KINDS = ("str", "bytes", "int64")
_DIM = 3


class Catalog(NamedTuple):
    """Candidates of an index; ties are ordered by position."""

    ids: list[Any]
    vectors: np.ndarray
    """`[num_candidates, dim]`, small integers as float32: dot products are exact in any summation order."""
    attributes: dict[str, list[Any]]
    """For each attribute, one value per candidate: a list of categories, a number, or None."""

    def scores(self, query: np.ndarray) -> list[float]:
        """Score each candidate by its best dot product with any head.

        Args:
            query: `[dim]` or `[heads, dim]`.

        Returns:
            One score per candidate.
        """
        return [max(float(head @ vector) for head in np.atleast_2d(query)) for vector in self.vectors]

    def rows(self, wanted: "Wanted") -> list[int]:
        """Return the rows that pass a filter, ascending.

        Args:
            wanted: Filter of one query.
        """
        return [row for row in range(len(self.ids)) if self._is_allowed(row, wanted)]

    def _is_allowed(self, row: int, wanted: "Wanted") -> bool:
        id_ = self.ids[row]
        has_all = all(_matches(self.attributes[name][row], asked) for name, asked in wanted.where.items())
        return id_ not in wanted.exclude and (wanted.allow is None or id_ in wanted.allow) and has_all


def _matches(held: Any, asked: Any) -> bool:
    categories = held if isinstance(held, list) else [held]
    if isinstance(asked, tuple):
        lowest, highest = asked
        numbers = [number for number in categories if number is not None]
        return any(
            (lowest is None or number >= lowest) and (highest is None or number <= highest)
            for number in numbers
        )
    return bool(set(asked if isinstance(asked, list) else [asked]) & set(categories))


class Wanted(NamedTuple):
    """Filter of one query: arguments `exclude`, `allow` and `where` of an index call."""

    exclude: Sequence[Any] = ()
    allow: Sequence[Any] | None = None
    where: Mapping[str, Any] = {}


def drawn(seed: int, num_candidates: int, kind: str = "str") -> Catalog:
    """Draw a catalog of small integer vectors, with many ties and a duplicate vector.

    Args:
        seed: Seed of vectors and attributes.
        num_candidates: Number of candidates.
        kind: Type of the ids, one of `KINDS`.

    Returns:
        Candidates, each with one color, up to two tags, one of 40 codes and possibly a price.
    """
    rng = np.random.default_rng(seed)
    vectors = rng.integers(-2, 3, (num_candidates, _DIM)).astype("float32")
    vectors[-1] = vectors[0]
    colors = [[str(rng.choice(["red", "green"]))] for _ in range(num_candidates)]
    tags = [sorted({"new", "sale", "old"})[first : first + 2] for first in rng.integers(0, 4, num_candidates)]
    codes = [[row % 40] for row in range(num_candidates)]
    prices = [None if row % 7 == 3 else float(row % 5) - 1.5 for row in range(num_candidates)]
    attributes: dict[str, list[Any]] = {"color": colors, "tags": tags, "code": codes, "price": prices}
    return Catalog([_id(kind, row) for row in range(num_candidates)], vectors, attributes)


def drawn_queries(seed: int, num_queries: int) -> np.ndarray:
    """Draw small integer queries; the first is zero, so that all candidates tie.

    Args:
        seed: Seed of the queries.
        num_queries: Number of queries, at least one.

    Returns:
        `[num_queries, dim]`, float32.
    """
    queries = np.random.default_rng(seed).integers(-2, 3, (num_queries, _DIM)).astype("float32")
    queries[0] = 0
    return queries


def _id(kind: str, row: int) -> Any:
    """Make ids that collide if cast to int32 or float64, or if text loses its case or leading zeros."""
    if kind == "int64":
        return 7 + row * 2**32 if row % 2 else 2**53 + row // 2
    text = f"{'a' if row % 2 else 'A'}{row // 2:0{1 + row % 3}d}"
    return text if kind == "str" else text.encode() + b"\xff"


def unknown_of(kind: str) -> Any:
    """Return an id that no drawn catalog contains.

    Args:
        kind: Type of the id, one of `KINDS`.
    """
    return {"str": "nowhere", "bytes": b"nowhere", "int64": 2**40 + 1}[kind]


def padding_of(ids: Sequence[Any]) -> Any:
    """Return the id used as padding: -1, or an empty string of the ids' type.

    Args:
        ids: Ids of a catalog, at least one.
    """
    return -1 if isinstance(ids[0], int) else type(ids[0])()
