"""What candidates are, as bits: a bit for each value of each attribute."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, final

import numpy as np

from shortlist.errors import ArgumentError
from shortlist.ids import as_array, is_list

__all__ = ["Attributes", "Where"]

Where = Mapping[str, Any]
"""Attributes by name, and the value, or a list of values one of which will do."""

_WORD = 32
_PRESENT = 0
"""The bit that every candidate has as long as it is there."""


@final
class Attributes:
    """Names, values and their bits; never changes, `joined` returns a larger one.

    Bit 0 tells that a candidate is there. An attribute that is asked for must have one of the values asked;
    a candidate may have several values of one attribute. All values of one are of one kind, text, integers or
    bools: else `True` and `1` would be the same.

    Args:
        bit_of: The bit of each value, by attribute.

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
        """Words of 32 bits that a candidate takes."""
        return 1 + sum(map(len, self.bit_of.values())) // _WORD

    def joined(self, columns: Mapping[str, Any], num_candidates: int) -> tuple["Attributes", np.ndarray]:
        """The attributes with those, and those values, that were not known; and what some candidates are.

        Args:
            columns: Values by attribute, one entry a candidate: a value, a list of values, or None.
            num_candidates: How many.

        Returns:
            The attributes, and the bits of the candidates, `[num_candidates, num_words]`, int32.

        Raises:
            ArgumentError: When a value is neither text nor an integer nor a bool, or of another kind than the
                others of its attribute; or a column is no list, or has another length.
        """
        bit_of = {name: dict(bits) for name, bits in self.bit_of.items()}
        free = itertools.count(1 + sum(map(len, bit_of.values())))
        rows: list[int] = []
        bits: list[int] = []
        for name, values in columns.items():
            entries, known = _each(values, name), bit_of.setdefault(name, {})
            if len(entries) != num_candidates:
                raise ArgumentError(
                    f"attribute {name!r} has {len(entries)} values for {num_candidates} candidates; expected "
                    "one each, or a list for each that has several."
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
        """What a request asks for: being there, and the attributes.

        Args:
            where: Attributes by name, and what they must be. A value that no candidate has matches nothing.

        Returns:
            `[num_groups, num_words]`, int32.

        Raises:
            ArgumentError: When no candidate was given such an attribute, or a value is of no possible kind,
                or of another than the values of the attribute.
        """
        groups = np.zeros((1 + len(where), self.num_words), "uint32")
        groups[0, 0] = 1 << _PRESENT
        for group, (name, values) in zip(groups[1:], where.items(), strict=True):
            if name not in self.bit_of:
                raise ArgumentError(
                    f"where asks for attribute {name!r}; the candidates have "
                    f"{sorted(self.bit_of) or 'none'}: attributes are given with the candidates."
                )
            for value in [None] if values is None else _alternatives(values):
                bit = self.bit_of[name].get(_checked(value, name, self.bit_of[name], "where asks for"))
                if bit is not None:
                    group[bit // _WORD] |= np.uint32(1 << (bit % _WORD))
        return groups.view("int32")

    def wanted_of_each(self, wheres: Where | Sequence[Where], num_queries: int) -> np.ndarray:
        """The same of a batch.

        Args:
            wheres: One for all queries, or a list with one for each.
            num_queries: How many queries there are.

        Returns:
            `[1, num_groups, num_words]` or `[num_queries, num_groups, num_words]`.

        Raises:
            ArgumentError: When there are not as many as queries.
        """
        if isinstance(wheres, Mapping):
            return self.wanted(wheres)[None]
        if not all(isinstance(where, Mapping) for where in wheres):
            raise ArgumentError(f"where came as {wheres!r}; expected a dict such as {{'genre': 'drama'}}.")
        groups = [self.wanted(where) for where in wheres]
        if len(groups) != num_queries:
            raise ArgumentError(
                f"where holds {len(groups)} entries for {num_queries} queries; expected one for each, or one "
                "dict for all."
            )
        most = max((len(group) for group in groups), default=1)
        present = np.repeat(self.wanted({}), most, axis=0)
        return np.array([np.concatenate([group, present[len(group) :]]) for group in groups]).reshape(
            num_queries, most, self.num_words
        )

    def widened(self, bits: np.ndarray) -> np.ndarray:
        """Bits that were made with fewer values.

        Args:
            bits: `[num_candidates, fewer words]`.

        Returns:
            `[num_candidates, num_words]`.
        """
        return np.pad(bits, [(0, 0), (0, self.num_words - bits.shape[1])])

    def get_config(self) -> dict[str, list[list[Any]]]:
        """Plain values for JSON.

        Returns:
            Pairs of value and bit, by attribute.
        """
        return {name: [[value, bit] for value, bit in bits.items()] for name, bits in self.bit_of.items()}

    @classmethod
    def from_config(cls, config: Mapping[str, Sequence[Sequence[Any]]]) -> "Attributes":
        """The attributes of a configuration.

        Args:
            config: What `get_config` returned.

        Returns:
            Attributes.
        """
        return cls({name: dict(map(tuple, pairs)) for name, pairs in config.items()})


def _checked(value: Any, name: str, known: Iterable[str | int], who: str = "a candidate has") -> str | int:
    if not isinstance(value, str | int):
        raise ArgumentError(
            f"{who} {value!r} in attribute {name!r}; expected text, integers or bools: "
            "put numbers such as prices into ranges, and make years that came as floats integers (pandas: "
            ".astype('Int64'))."
        )
    other = next(iter(known), value)
    if _kind(value) != _kind(other):
        raise ArgumentError(
            f"{who} {value!r} in attribute {name!r}, whose values are such as {other!r}; expected "
            f"{_kind(other)}: the values of an attribute are of one kind."
        )
    return value


def _kind(value: str | int) -> str:
    if isinstance(value, bool):
        return "bools"
    return "text" if isinstance(value, str) else "integers"


def _each(values: Any, name: str) -> list[list[Any]]:
    """The values of each candidate, as plain Python values."""
    if not is_list(values):
        raise ArgumentError(
            f"attribute {name!r} came as {values!r}; expected a list with an entry for each candidate."
        )
    column: Any = values
    if hasattr(column, "isna"):  # pandas, which has several kinds of nothing
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
