"""The three kinds of ids (str, bytes, int64) and exact conversion of whatever holds them."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeAlias

import numpy as np
import pyarrow as pa

from shortlist.errors import FeatureError, must
from shortlist.typing import ArrayLike, ItemId

__all__ = ["PADDING", "IdKind", "as_array", "exact_ids", "id_array", "id_kind", "is_list"]

IdKind: TypeAlias = Literal["str", "bytes", "int64"]
"""Type of an id."""

PADDING: dict[IdKind, ItemId] = {"str": "", "bytes": b"", "int64": -1}
"""Value that fills up lists of ids, by kind."""

_KIND_OF_DTYPE: dict[str, IdKind] = {"U": "str", "T": "str", "S": "bytes", "i": "int64", "u": "int64"}
_KIND_OF_TYPE: dict[type, IdKind] = {str: "str", bytes: "bytes", int: "int64", np.integer: "int64"}
_PYTHON_TYPE: dict[IdKind, type] = {"str": str, "bytes": bytes, "int64": int}
_REQUIREMENT = "be all str, all bytes or all integers"


def as_array(values: ArrayLike) -> np.ndarray:
    r"""Convert values to a NumPy array that holds each of them exactly.

    Lists become object arrays, because NumPy's text dtypes drop trailing NULs.

    Args:
        values: Array, tensor, Arrow array, pandas or polars column, list, other iterable, or one id.

    Example:
        >>> as_array(["a", "b\0"])
        array(['a', 'b\x00'], dtype=object)
    """
    if isinstance(values, np.ndarray):
        return values
    if hasattr(values, "to_arrow"):  # polars, whose own arrays hold integers with nulls as floats
        values = values.to_arrow()
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return _from_arrow(values)
    if isinstance(values, str | bytes | int):
        return np.array(values, dtype=object)
    if hasattr(values, "__array__"):
        return np.asarray(values)
    return np.array(list(values), dtype=object)


def _from_arrow(values: pa.Array | pa.ChunkedArray) -> np.ndarray:
    is_number = pa.types.is_integer(values.type) or pa.types.is_floating(values.type)
    is_time = pa.types.is_timestamp(values.type) or pa.types.is_date(values.type)
    if is_time or (is_number and not values.null_count):
        return np.asarray(values)
    # Through Python values: NumPy turns integers with nulls into floats, and 2**53 + 1 into 2**53.
    array = np.empty(len(values), dtype=object)
    array[:] = values.to_pylist()
    return array


def is_list(values: Any) -> bool:
    """Tell whether `as_array` takes `values` as a column: text is one value, a mapping none.

    Example:
        >>> [is_list(values) for values in (["a"], "a", 1, np.array(1), {"a": 1})]
        [True, False, False, False, False]
    """
    is_one = isinstance(values, str | bytes | Mapping) or getattr(values, "shape", None) == ()
    return isinstance(values, Iterable) and not is_one


def id_kind(array: np.ndarray) -> IdKind | None:
    """Return the kind of the ids in an array, or None if it is empty.

    Raises:
        FeatureError: If a value is not an id, or the ids are of several kinds.

    Example:
        >>> id_kind(np.array([7, 8])), id_kind(np.array(["a"])), id_kind(np.array([]))
        ('int64', 'str', None)
    """
    if array.size == 0:
        return None
    if array.dtype != object:
        kind = _KIND_OF_DTYPE.get(array.dtype.kind)
        return kind or _refuse(array, {array.dtype.type})
    types = set(map(type, array.ravel().tolist()))
    kinds = {_kind_of_type(cls) for cls in types}
    if len(kinds) > 1 or None in kinds:
        return _refuse(array, types)
    return kinds.pop()


def _kind_of_type(cls: type) -> IdKind | None:
    return next(
        (kind for base, kind in _KIND_OF_TYPE.items() if issubclass(cls, base) and cls is not bool), None
    )


def _refuse(array: np.ndarray, types: set[type]) -> Any:
    flat = array.ravel().tolist()
    if types & {list, tuple, np.ndarray}:
        row = next(row for row, value in enumerate(flat) if isinstance(value, list | tuple | np.ndarray))
        fix = "Declare a feature of lists as Categories, or give each id a row of its own (DataFrame.explode)"
        raise FeatureError(must("ids", _REQUIREMENT, got=f"a list in row {row}, {flat[row]!r}", fix=fix))
    if len(types) == 1:
        got = f"{types.pop().__name__} values such as {flat[0]!r}"
        fix = "Convert them with str(id) or int(id)"
    else:
        first: dict[type, Any] = {}
        for value in flat:
            first.setdefault(type(value), value)
        got = " and ".join(f"{cls.__name__} such as {value!r}" for cls, value in first.items())
        fix = "Convert all of them to one kind, such as [str(id) for id in ids]"
    raise FeatureError(must("ids", _REQUIREMENT, got=got, fix=fix))


def exact_ids(array: np.ndarray) -> list[ItemId]:
    """Return the ids of an array as a flat list of `str`, `bytes` or `int`.

    Raises:
        FeatureError: For what `id_kind` refuses, integers outside int64 and text that is not valid Unicode.
    """
    kind = id_kind(array)
    if kind is None:
        return []
    ids: list[Any] = list(map(_PYTHON_TYPE[kind], array.ravel().tolist()))
    if kind == "int64" and not -(2**63) <= min(ids) <= max(ids) < 2**63:
        bad = min(ids) if min(ids) < -(2**63) else max(ids)
        raise FeatureError(must("integer ids", "fit int64", got=bad, fix="Use str ids instead"))
    if kind == "str":
        _check_unicode(ids)
    return ids


def _check_unicode(ids: list[str]) -> None:
    try:
        "".join(ids).encode()
    except UnicodeEncodeError:
        bad = next(text for text in ids if any("\ud800" <= character <= "\udfff" for character in text))
        fix = "Use bytes ids instead"
        raise FeatureError(must("text ids", "be valid Unicode", got=repr(bad), fix=fix)) from None


def id_array(values: ArrayLike) -> np.ndarray:
    """Convert ids to the array type of their kind: int64, or object holding `str` or `bytes`.

    Raises:
        FeatureError: For what `exact_ids` refuses.

    Example:
        >>> id_array([7, 8]).dtype, id_array(["a"]).dtype
        (dtype('int64'), dtype('O'))
    """
    array = as_array(values)
    dtype = np.int64 if id_kind(array) == "int64" else object
    return np.array(exact_ids(array), dtype=dtype).reshape(array.shape)
