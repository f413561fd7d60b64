"""Ids as the user has them, brought to plain Python values without losing a bit."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeAlias

import numpy as np
import pyarrow as pa

from shortlist.errors import FeatureError
from shortlist.typing import ArrayLike, ItemId

__all__ = ["IdKind", "as_array", "exact_ids", "id_array", "id_kind", "is_list"]

IdKind: TypeAlias = Literal["str", "bytes", "int64"]
"""What an id is made of."""

_KIND_OF_DTYPE: dict[str, IdKind] = {"U": "str", "T": "str", "S": "bytes", "i": "int64", "u": "int64"}
_KIND_OF_TYPE: dict[type, IdKind] = {str: "str", bytes: "bytes", int: "int64", np.integer: "int64"}
_EXACT: dict[IdKind, type] = {"str": str, "bytes": bytes, "int64": int}


def as_array(values: ArrayLike) -> np.ndarray:
    r"""Values as a NumPy array that holds each of them exactly.

    A list becomes an object array: NumPy's own text dtypes drop the NULs at the end of a text.

    Args:
        values: An array, tensor, Arrow array, pandas or polars column, list or other iterable, or one id.

    Returns:
        An array of the same shape.

    Example:
        >>> as_array(["a", "b\0"])
        array(['a', 'b\x00'], dtype=object)
    """
    if isinstance(values, np.ndarray):
        return values
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return _from_arrow(values)
    if hasattr(values, "to_arrow"):  # a polars column, whose own array turns integers with nulls into floats
        return _from_arrow(values.to_arrow())
    if isinstance(values, str | bytes | int):
        return np.array(values, dtype=object)
    if hasattr(values, "__array__"):
        return np.asarray(values)
    return np.array(list(values), dtype=object)


def is_list(values: Any) -> bool:
    """Whether values are several, not one: of a text the letters would be taken, of a dict the keys.

    Args:
        values: Anything.

    Returns:
        True for what `as_array` takes as a column.

    Example:
        >>> [is_list(values) for values in (["a"], "a", 1, np.array(1), {"a": 1})]
        [True, False, False, False, False]
    """
    is_one = isinstance(values, str | bytes | Mapping) or getattr(values, "shape", None) == ()
    return isinstance(values, Iterable) and not is_one


def _from_arrow(values: pa.Array | pa.ChunkedArray) -> np.ndarray:
    is_number = pa.types.is_integer(values.type) or pa.types.is_floating(values.type)
    is_time = pa.types.is_timestamp(values.type) or pa.types.is_date(values.type)
    if is_time or (is_number and not values.null_count):
        return np.asarray(values)
    # Through Python values: NumPy turns integers with nulls into floats, and 2^53 + 1 into 2^53.
    array = np.empty(len(values), dtype=object)
    array[:] = values.to_pylist()
    return array


def id_kind(array: np.ndarray) -> IdKind | None:
    """What the ids of an array are made of; None where there is none.

    Raises:
        FeatureError: The array holds something that is no id, or ids of two kinds.

    Example:
        >>> id_kind(np.array([7, 8])), id_kind(np.array(["a"])), id_kind(np.array([]))
        ('int64', 'str', None)
    """
    if array.size == 0:
        return None
    if array.dtype != object:
        return _KIND_OF_DTYPE.get(array.dtype.kind) or _refuse(array, str(array.dtype))
    kinds = {_kind_of_type(array, cls) for cls in set(map(type, array.ravel().tolist()))}
    return kinds.pop() if len(kinds) == 1 else _refuse(array, " and ".join(sorted(kinds)))


def _kind_of_type(array: np.ndarray, cls: type) -> IdKind:
    for base, kind in _KIND_OF_TYPE.items():
        if issubclass(cls, base) and cls is not bool:
            return kind
    return _refuse(array, cls.__name__)


def _refuse(array: np.ndarray, found: str) -> Any:
    raise FeatureError(
        f"got ids of {found} (array of shape {array.shape}), expected all str, all bytes or all integers: "
        "give each row an id and convert the others (str(id), int(id))"
    )


def exact_ids(array: np.ndarray) -> list[ItemId]:
    """The ids of an array as a flat list of `str`, `bytes` or `int`, checked to be ones that can be kept.

    Raises:
        FeatureError: What `id_kind` refuses, an integer outside int64, or text that is no valid Unicode.
    """
    kind = id_kind(array)
    flat = array.ravel().tolist()
    if kind is None:
        return []
    exact = list(map(_EXACT[kind], flat))
    _check_storable(exact, kind)
    return exact


def id_array(values: ArrayLike) -> np.ndarray:
    """Ids as the one array type of their kind: int64, or object holding `str` or `bytes`.

    Raises:
        FeatureError: What `exact_ids` refuses.

    Example:
        >>> id_array([7, 8]).dtype, id_array(["a"]).dtype
        (dtype('int64'), dtype('O'))
    """
    array = as_array(values)
    dtype = np.int64 if id_kind(array) == "int64" else object
    return np.array(exact_ids(array), dtype=dtype).reshape(array.shape)


def _check_storable(ids: list[Any], kind: IdKind) -> None:
    if kind == "int64" and not -(2**63) <= min(ids) <= max(ids) < 2**63:
        bad = min(ids) if min(ids) < -(2**63) else max(ids)
        raise FeatureError(f"got the id {bad}, expected integers that fit int64: use str ids instead")
    if kind == "str":
        _check_unicode(ids)


def _check_unicode(ids: list[str]) -> None:
    try:
        "".join(ids).encode()
    except UnicodeEncodeError:
        bad = next(text for text in ids if any("\ud800" <= character <= "\udfff" for character in text))
        raise FeatureError(f"got the id {bad!r}, which is no valid Unicode: use bytes ids instead") from None
