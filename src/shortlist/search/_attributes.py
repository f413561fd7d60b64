"""Encode candidate attributes as integers: a bit for each category, a column for each number."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, final

import numpy as np

from shortlist.errors import ArgumentError, must
from shortlist.ids import as_array, is_list

__all__ = ["Attributes", "Where", "ordered_integers"]

Where = Mapping[str, Any]
"""Required value of each attribute by name: a value, a list of values of which one is enough, or a range as a
tuple `(lowest, highest)`, both ends included, None for no limit on that side."""

_WORD = 32
_LIVE = 0
"""Bit set for every candidate that was not removed."""

_MISSING = np.int32(-(2**31))
"""Encoding of a missing number, below that of every other number."""

_HIGHEST = np.int32(2**31 - 1)


@final
class Attributes:
    """Map attribute values to columns of int32. Immutable; `encode` returns an extended copy.

    Categories are strings, integers or bools and take one bit per value, 32 to a column; bit 0 marks
    candidates that were not removed. Numbers are floats; each attribute takes one column after those of the
    bits, with integers that sort like the float32 numbers.

    A candidate matches if it has at least one of the required values of each categorical attribute, and if
    each of its numbers lies in the required range.

    Args:
        bit_of: Bit by attribute and category.
        numbers: Names of the attributes that are numbers, in the order of their columns.

    Example:
        >>> attributes, table = Attributes().encode({"kind": ["shoe", "hat"], "price": [20.5, 7.0]}, 2)
        >>> attributes.num_columns, attributes.bit_of, attributes.numbers
        (2, {'kind': {'shoe': 1, 'hat': 2}}, ('price',))
        >>> table[:, 0].tolist()
        [3, 5]
    """

    def __init__(
        self, bit_of: Mapping[str, Mapping[Any, int]] | None = None, numbers: Sequence[str] = ()
    ) -> None:
        self.bit_of, self.numbers = ({} if bit_of is None else bit_of), tuple(numbers)

    @property
    def num_words(self) -> int:
        """Number of columns of bits."""
        return 1 + sum(map(len, self.bit_of.values())) // _WORD

    @property
    def num_columns(self) -> int:
        """Number of columns per candidate."""
        return self.num_words + len(self.numbers)

    @property
    def names(self) -> list[str]:
        """Names of the attributes, categories first."""
        return [*self.bit_of, *self.numbers]

    def encode(self, columns: Mapping[str, Any], num_candidates: int) -> tuple["Attributes", np.ndarray]:
        """Encode candidates, first adding attributes and categories that are new.

        Args:
            columns: Entries by attribute, one per candidate: a value, a list of categories, or None. An
                attribute that is new here is a number if an entry is a float, otherwise a category.
            num_candidates: Number of candidates.

        Returns:
            Extended attributes, and `[num_candidates, num_columns]`, int32.

        Raises:
            ArgumentError: If an entry is neither a string, integer, bool nor float, an attribute mixes types,
                or a column is not a list with one entry per candidate.
        """
        bit_of = {name: dict(bits) for name, bits in self.bit_of.items()}
        free = itertools.count(1 + sum(map(len, bit_of.values())))
        numbers = {name: np.full(num_candidates, np.nan, "float32") for name in self.numbers}
        rows: list[int] = []
        bits: list[int] = []
        for name, values in columns.items():
            entries = _entries(values, name)
            if len(entries) != num_candidates:
                raise ArgumentError(
                    must(
                        f"attribute {name!r}",
                        f"have one entry for each of the {num_candidates} candidates",
                        got=len(entries),
                        fix="Pass a list as the entry of a candidate with several values",
                    )
                )
            if name in numbers or (name not in bit_of and any(isinstance(v, float) for v in entries)):
                numbers[name] = _as_numbers(entries, name)
                continue
            known = bit_of.setdefault(name, {})
            for row, entry in enumerate(entries):
                for value in _alternatives(entry):
                    if _checked(value, name, known) not in known:
                        known[value] = next(free)
                    rows.append(row)
                    bits.append(known[value])
        attributes = Attributes(bit_of, tuple(numbers))
        words = np.zeros((num_candidates, attributes.num_words), "uint32")
        words[:, 0] = 1 << _LIVE
        every = np.array(bits, "int64")
        cells = np.array(rows, "int64"), every // _WORD
        np.bitwise_or.at(words, cells, np.uint32(1) << (every % _WORD).astype("uint32"))
        encoded = [ordered_integers(of_all)[:, None] for of_all in numbers.values()]
        return attributes, np.concatenate([words.view("int32"), *encoded], axis=1)

    def require(self, where: Where) -> tuple[np.ndarray, np.ndarray | None]:
        """Encode required values.

        Args:
            where: Required values by attribute. A value that no candidate has matches nothing.

        Returns:
            Groups of bits `[num_groups, num_columns]`, int32: a candidate needs at least one bit of each
            group, and the first group is bit 0. And the lowest and highest value of each column
            `[2, num_columns]`, int32, or None if no number is restricted.

        Raises:
            ArgumentError: If an attribute is unknown, or a value has another type than its attribute.
        """
        groups = np.zeros((1, self.num_columns), "uint32")
        groups[0, 0] = 1 << _LIVE
        limits = None
        for name, values in where.items():
            if name in self.numbers:
                if limits is None:
                    limits = np.repeat([[_MISSING], [_HIGHEST]], self.num_columns, axis=1)
                limits[:, self.num_words + self.numbers.index(name)] = _limits(values, name)
                continue
            if name not in self.bit_of:
                raise ArgumentError(
                    must(
                        "where",
                        f"name attributes of the candidates, {sorted(self.names) or 'which have none'}",
                        got=repr(name),
                        fix="Pass attributes together with the candidates",
                    )
                )
            group = np.zeros((1, self.num_columns), "uint32")
            for bit in self._bits(name, values):
                group[0, bit // _WORD] |= np.uint32(1 << (bit % _WORD))
            groups = np.concatenate([groups, group])
        return groups.view("int32"), limits

    def _bits(self, name: str, values: Any) -> list[int]:
        known = self.bit_of[name]
        if isinstance(values, tuple):
            lowest, highest = _range(values, name)
            other = next((value for value in known if _kind(value) != "integers"), None)
            if other is not None:
                requirement = f"hold {_kind(other)} such as {other!r}"
                fix = "Pass a list to match any of several values"
                got = f"the range {values!r}"
                raise ArgumentError(must(f"where: attribute {name!r}", requirement, got=got, fix=fix))
            return [bit for value, bit in known.items() if lowest <= value <= highest]
        asked = [None] if values is None else _alternatives(values)
        return [known[value] for value in asked if _checked(value, name, known, "where: ") in known]

    def require_of_each(
        self, wheres: Where | Sequence[Where], num_queries: int
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Encode the required values of each query, as `require` does.

        Args:
            wheres: One dict for all queries, or a list with one dict per query.
            num_queries: Number of queries.

        Returns:
            `[n, num_groups, num_columns]` and `[n, 2, num_columns]` or None, with n = 1 for one
            dict, else n = num_queries.

        Raises:
            ArgumentError: If there is not one dict per query.
        """
        is_for_all = isinstance(wheres, Mapping)
        each: list[Any] = [wheres] if is_for_all else list(wheres)
        if not all(isinstance(where, Mapping) for where in each):
            raise ArgumentError(must("where", "be a dict such as {'genre': 'drama'}", got=repr(wheres)))
        required = [self.require(where) for where in each]
        if len(required) != (1 if is_for_all else num_queries):
            requirement = f"hold one dict for each of the {num_queries} queries, or be one dict for all"
            raise ArgumentError(must("where", requirement, got=f"{len(required)} entries"))
        most = max((len(groups) for groups, _ in required), default=1)
        padded = np.repeat(self.require({})[0][None], most, axis=1).repeat(len(required), axis=0)
        limits = np.tile(np.array([[_MISSING], [_HIGHEST]]), (len(required), 1, self.num_columns))
        for number, (groups, own) in enumerate(required):
            padded[number, : len(groups)] = groups
            if own is not None:
                limits[number] = own
        return padded, limits if any(own is not None for _, own in required) else None

    def widen(self, table: np.ndarray, before: "Attributes") -> np.ndarray:
        """Add columns to a table that was encoded before attributes and categories were added.

        Args:
            table: `[num_candidates, before.num_columns]`.
            before: Attributes that encoded it.

        Returns:
            `[num_candidates, num_columns]`.
        """
        words, numbers = table[:, : before.num_words], table[:, before.num_words :]
        words = np.pad(words, [(0, 0), (0, self.num_words - before.num_words)])
        new = (0, len(self.numbers) - len(before.numbers))
        return np.concatenate([words, np.pad(numbers, [(0, 0), new], constant_values=_MISSING)], axis=1)

    def get_config(self) -> dict[str, Any]:
        """Return values for JSON: `[value, bit]` pairs by attribute, and the names of numbers."""
        pairs = {name: [[value, bit] for value, bit in bits.items()] for name, bits in self.bit_of.items()}
        return {"categories": pairs, "numbers": list(self.numbers)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "Attributes":
        """Restore attributes from the result of `get_config`."""
        pairs = config["categories"].items()
        return cls({name: dict(map(tuple, of)) for name, of in pairs}, config["numbers"])


def ordered_integers(numbers: np.ndarray) -> np.ndarray:
    """Map float32 numbers to int32 in the same order; NaN is below all others.

    Args:
        numbers: Any shape, float32.

    Returns:
        Same shape, int32.

    Example:
        >>> (np.diff(ordered_integers(np.float32([np.nan, -np.inf, -2, 0, 1e-9, 3]))) > 0).tolist()
        [True, True, True, True, True]
    """
    bits = (numbers + np.float32(0)).view("int32")  # + 0 makes -0 and 0 equal
    # Negative floats have descending bits below their sign bit.
    return np.where(np.isnan(numbers), _MISSING, np.where(bits < 0, bits ^ _HIGHEST, bits))


def _limits(asked: Any, name: str) -> list[int]:
    """Return the lowest and highest encoded number that matches."""
    ends = _range(asked, name) if isinstance(asked, tuple) else (asked, asked)
    if not all(map(_is_number, ends)):
        raise _not_a_range(asked, name)
    return ordered_integers(np.array(ends, "float32")).tolist()


def _range(asked: tuple[Any, ...], name: str) -> tuple[float, float]:
    if len(asked) != 2 or not all(end is None or _is_number(end) for end in asked):
        raise _not_a_range(asked, name)
    return -np.inf if asked[0] is None else asked[0], np.inf if asked[1] is None else asked[1]


def _is_number(end: Any) -> bool:
    return isinstance(end, int | float | np.number) and not isinstance(end, bool) and not np.isnan(end)


def _not_a_range(asked: Any, name: str) -> ArgumentError:
    requirement = "be a number or a range of numbers (lowest, highest), None for no limit"
    fix = "Pass a list to match any of several categories"
    return ArgumentError(must(f"where: attribute {name!r}", requirement, got=repr(asked), fix=fix))


def _as_numbers(entries: list[Any], name: str) -> np.ndarray:
    for entry in entries:
        if entry is not None and (isinstance(entry, bool) or not isinstance(entry, int | float)):
            raise ArgumentError(
                must(
                    f"attribute {name!r}", "hold one number per candidate, as it has floats", got=repr(entry)
                )
            )
    return np.array([np.nan if entry is None else entry for entry in entries], "float32")


def _checked(value: Any, name: str, known: Iterable[str | int], source: str = "") -> str | int:
    if not isinstance(value, str | int):
        raise ArgumentError(
            must(
                f"{source}attribute {name!r}",
                "hold strings, integers or bools",
                got=repr(value),
                fix="An attribute holds numbers, matched by ranges, if its first values include a float",
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


def _entries(values: Any, name: str) -> list[Any]:
    """Return the entry of each candidate, with NumPy scalars converted to Python."""
    if not is_list(values):
        raise ArgumentError(
            must(f"attribute {name!r}", "be a list with one entry per candidate", got=repr(values))
        )
    column: Any = values
    if hasattr(column, "isna"):  # pandas has several missing values: None, NaN, NaT and NA
        column = column.astype(object).where(column.notna(), None)
    entries = as_array(column)
    plain = entries.tolist() if isinstance(entries, np.ndarray) else list(entries)
    return [_scalar(entry) for entry in plain]


def _scalar(value: Any) -> Any:
    is_scalar = isinstance(value, np.generic) or (isinstance(value, np.ndarray) and not value.ndim)
    return value.item() if is_scalar else value


def _alternatives(value: Any) -> list[Any]:
    if value is None:
        return []
    if isinstance(value, np.ndarray) and value.ndim:
        return value.tolist()
    if isinstance(value, list | tuple | set | frozenset | range):
        return [_scalar(one) for one in value]
    return [_scalar(value)]
