"""Encode candidate attributes as bit masks: one bit per attribute value."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, final

import numpy as np

from shortlist.errors import ArgumentError, must
from shortlist.ids import as_array, is_list

__all__ = ["Attributes", "Where"]

Where = Mapping[str, Any]
"""Required value of each attribute by name; a list matches candidates that have any of its values."""

_WORD = 32
_PRESENT = 0
"""Bit set for every candidate that was not removed."""


@final
class Attributes:
    """Map attribute values to bits. Immutable; `joined` returns an extended copy.

    Bit 0 marks candidates that were not removed. A candidate matches if, for every required attribute, it has
    at least one of the required values. Values of an attribute have one type (string, integer or bool), as
    `True == 1` in Python.

    Args:
        bit_of: Bit number by attribute and value.

    Example:
        >>> attributes, bits = Attributes().joined({"category": ["shoes", "hats", "shoes"]}, 3)
        >>> wanted = attributes.wanted({"category": "shoes"})
        >>> [bool(all((row & group).any() for group in wanted)) for row in bits]
        [True, False, True]
    """

    def __init__(self, bit_of: Mapping[str, Mapping[Any, int]] | None = None) -> None:
        self.bit_of = {} if bit_of is None else bit_of

    @property
    def num_words(self) -> int:
        """Number of 32-bit words per candidate."""
        return 1 + sum(map(len, self.bit_of.values())) // _WORD

    def joined(self, columns: Mapping[str, Any], num_candidates: int) -> tuple["Attributes", np.ndarray]:
        """Assign bits to new attributes and values, and encode candidates.

        Args:
            columns: Entries by attribute, one per candidate: a value, a list of values, or None.
            num_candidates: Number of candidates.

        Returns:
            Extended attributes, and the mask of each candidate `[num_candidates, num_words]`, int32.

        Raises:
            ArgumentError: If a value is not a string, integer or bool, an attribute mixes types, or a column
                is not a list with one entry per candidate.
        """
        bit_of = {name: dict(bits) for name, bits in self.bit_of.items()}
        free = itertools.count(1 + sum(map(len, bit_of.values())))
        rows: list[int] = []
        bits: list[int] = []
        for name, values in columns.items():
            entries, known = _each(values, name), bit_of.setdefault(name, {})
            if len(entries) != num_candidates:
                raise ArgumentError(
                    must(
                        f"attribute {name!r}",
                        f"have one entry for each of the {num_candidates} candidates",
                        got=len(entries),
                        fix="Pass a list as the entry of a candidate with several values",
                    )
                )
            for row, entry in enumerate(entries):
                for value in entry:
                    if _checked(value, name, known) not in known:
                        known[value] = next(free)
                    rows.append(row)
                    bits.append(known[value])
        attributes = Attributes(bit_of)
        return attributes, attributes._words(np.array(rows, "int64"), np.array(bits, "int64"), num_candidates)

    def _words(self, rows: np.ndarray, bits: np.ndarray, num_candidates: int) -> np.ndarray:
        words = np.zeros((num_candidates, self.num_words), "uint32")
        words[:, 0] = 1 << _PRESENT
        np.bitwise_or.at(words, (rows, bits // _WORD), np.uint32(1) << (bits % _WORD).astype("uint32"))
        return words.view("int32")

    def wanted(self, where: Where) -> np.ndarray:
        """Encode required values as one mask per attribute, plus the one that requires bit 0.

        Args:
            where: Required values by attribute. A value that no candidate has matches nothing.

        Returns:
            `[num_groups, num_words]`, int32, with one group per attribute.

        Raises:
            ArgumentError: If an attribute is unknown, or a value has another type than its attribute.
        """
        groups = np.zeros((1 + len(where), self.num_words), "uint32")
        groups[0, 0] = 1 << _PRESENT
        for group, (name, values) in zip(groups[1:], where.items(), strict=True):
            if name not in self.bit_of:
                raise ArgumentError(
                    must(
                        "where",
                        f"name attributes of the candidates, {sorted(self.bit_of) or 'which have none'}",
                        got=repr(name),
                        fix="Pass attributes together with the candidates",
                    )
                )
            for value in [None] if values is None else _alternatives(values):
                bit = self.bit_of[name].get(_checked(value, name, self.bit_of[name], "where: "))
                if bit is not None:
                    group[bit // _WORD] |= np.uint32(1 << (bit % _WORD))
        return groups.view("int32")

    def wanted_of_each(self, wheres: Where | Sequence[Where], num_queries: int) -> np.ndarray:
        """Encode required values for a batch of queries.

        Args:
            wheres: One dict for all queries, or a list with one dict per query.
            num_queries: Number of queries.

        Returns:
            `[1, num_groups, num_words]` if one dict is for all, else `[num_queries, num_groups, num_words]`.

        Raises:
            ArgumentError: If there is not one dict per query.
        """
        if isinstance(wheres, Mapping):
            return self.wanted(wheres)[None]
        if not all(isinstance(where, Mapping) for where in wheres):
            raise ArgumentError(must("where", "be a dict such as {'genre': 'drama'}", got=repr(wheres)))
        groups = [self.wanted(where) for where in wheres]
        if len(groups) != num_queries:
            requirement = f"hold one dict for each of the {num_queries} queries, or be one dict for all"
            raise ArgumentError(must("where", requirement, got=f"{len(groups)} entries"))
        most = max((len(group) for group in groups), default=1)
        present = np.repeat(self.wanted({}), most, axis=0)
        return np.array([np.concatenate([group, present[len(group) :]]) for group in groups]).reshape(
            num_queries, most, self.num_words
        )

    def widened(self, bits: np.ndarray) -> np.ndarray:
        """Pad masks encoded before values were added.

        Args:
            bits: `[num_candidates, m]` with `m <= num_words`.

        Returns:
            `[num_candidates, num_words]`.
        """
        return np.pad(bits, [(0, 0), (0, self.num_words - bits.shape[1])])

    def get_config(self) -> dict[str, list[list[Any]]]:
        """Return JSON-serializable `[value, bit]` pairs by attribute."""
        return {name: [[value, bit] for value, bit in bits.items()] for name, bits in self.bit_of.items()}

    @classmethod
    def from_config(cls, config: Mapping[str, Sequence[Sequence[Any]]]) -> "Attributes":
        """Restore attributes from the result of `get_config`.

        Args:
            config: Result of `get_config`.
        """
        return cls({name: dict(map(tuple, pairs)) for name, pairs in config.items()})


def _checked(value: Any, name: str, known: Iterable[str | int], source: str = "") -> str | int:
    if not isinstance(value, str | int):
        raise ArgumentError(
            must(
                f"{source}attribute {name!r}",
                "hold strings, integers or bools",
                got=repr(value),
                fix="Bin continuous values such as prices, and convert floats such as years to integers "
                "(pandas: .astype('Int64'))",
            )
        )
    other = next(iter(known), value)
    if _kind(value) != _kind(other):
        requirement = f"hold {_kind(other)} such as {other!r}"
        raise ArgumentError(must(f"{source}attribute {name!r}", requirement, got=repr(value)))
    return value


def _kind(value: str | int) -> str:
    if isinstance(value, bool):
        return "bools"
    return "strings" if isinstance(value, str) else "integers"


def _each(values: Any, name: str) -> list[list[Any]]:
    """Return the values of each candidate as Python values."""
    if not is_list(values):
        raise ArgumentError(
            must(f"attribute {name!r}", "be a list with one entry per candidate", got=repr(values))
        )
    column: Any = values
    if hasattr(column, "isna"):  # pandas has several missing values: None, NaN, NaT and NA
        column = column.astype(object).where(column.notna(), None)
    entries = as_array(column)
    plain = entries.tolist() if isinstance(entries, np.ndarray) else list(entries)
    return [_alternatives(entry) for entry in plain]


def _alternatives(value: Any) -> list[Any]:
    if value is None:
        return []
    if isinstance(value, np.ndarray):
        return value.tolist() if value.ndim else [value.item()]
    if isinstance(value, list | tuple | set | frozenset | range):
        return [one.item() if isinstance(one, np.generic) else one for one in value]
    return [value.item() if isinstance(value, np.generic) else value]
