"""Raw values of a batch, checked and brought to one shape and type."""

from datetime import UTC, date, datetime
from typing import Any

import numpy as np

from shortlist.errors import FeatureError, must
from shortlist.ids import as_array
from shortlist.typing import ArrayLike

__all__ = ["check_any", "check_finite", "integers_of_bools", "is_whole", "numbers", "scalars", "seconds"]

_TIMES = (date, np.datetime64)  # a datetime is a date, and pandas' Timestamp is a datetime
_BOOLS = (bool, np.bool_)


def scalars(values: ArrayLike) -> np.ndarray:
    """Return one value per row.

    Args:
        values: `[batch]` or `[batch, 1]`.

    Returns:
        `[batch]`.

    Raises:
        FeatureError: If values have another shape, or a row has no value.

    Example:
        >>> scalars([["a"], ["b"]])
        array(['a', 'b'], dtype=object)
    """
    array = as_array(values)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        fix = {0: "Put one value into a list", 2: "Declare a feature of lists as Categories"}.get(
            array.ndim, "The data looks batched twice; remove one batch()"
        )
        raise FeatureError(must("values", "have shape [batch] or [batch, 1]", got=array.shape, fix=fix))
    if array.dtype == object:
        missing = [row for row, value in enumerate(array.tolist()) if value is None]
        if missing:
            got = f"none in row {missing[0]}{_more(len(missing))}"
            raise FeatureError(must("rows", "have a value", got=got, fix="Fill in or drop such rows"))
    return array


def _more(num_rows: int) -> str:
    return f" (and {num_rows - 1} more)" if num_rows > 1 else ""


def integers_of_bools(array: np.ndarray) -> np.ndarray:
    """Return booleans `[n]` as the integers 0 and 1, and anything else as it is; None stays None.

    Example:
        >>> integers_of_bools(np.array([True, False]))
        array([1, 0])
    """
    if array.dtype == bool:
        return array.astype(np.int64)
    if array.dtype != object:
        return array
    values = array.tolist()
    if not isinstance(next((value for value in values if value is not None), None), _BOOLS):
        return array
    if not all(value is None or isinstance(value, _BOOLS) for value in values):
        return array
    return np.array([None if value is None else int(value) for value in values], dtype=object)


def numbers(values: ArrayLike) -> np.ndarray:
    """Return one finite number per row, as float64; integers beyond 2^53 are rounded.

    Args:
        values: Integers, floats or times, `[batch]` or `[batch, 1]`; times become seconds since 1970 in UTC.

    Returns:
        `[batch]`, float64.

    Raises:
        FeatureError: If values have another shape or type, or a row is missing, NaN or infinite.

    Example:
        >>> numbers([1, 2.5])
        array([1. , 2.5])
    """
    array = seconds(scalars(values))
    wrong = [cls for cls in _types(array) if not _is_numeric(cls)]
    if wrong and array.size:
        raise FeatureError(
            must("values", "be integers, floats or times", got=_kind_name(wrong[0]), fix=_fix(wrong[0]))
        )
    array = array.astype(np.float64)
    check_finite(array)
    return array


def _types(array: np.ndarray) -> set[type]:
    return {array.dtype.type} if array.dtype != object else set(map(type, array.ravel().tolist()))


def _is_numeric(cls: Any) -> bool:
    is_number = issubclass(cls, int | float | np.integer | np.floating)
    return is_number and cls not in (bool, np.timedelta64)  # integers to Python and NumPy


def _kind_name(cls: type) -> str:
    return cls.__name__.rstrip("_")


def _fix(cls: type) -> str:
    if issubclass(cls, _BOOLS):
        return "Declare booleans as a Category"
    if issubclass(cls, list | tuple | np.ndarray):
        return "Declare a feature of lists as Categories"
    return "Convert them, or declare the feature as a Category"


def is_whole(values: ArrayLike) -> bool:
    """Tell whether numbers are of an integer type.

    Example:
        >>> is_whole([1, 2]), is_whole([1.0, 2.0])
        (True, False)
    """
    return all(issubclass(cls, int | np.integer) for cls in _types(as_array(values)))


def check_finite(array: np.ndarray) -> None:
    """Check that all numbers are finite.

    Raises:
        FeatureError: If one is not; the message names the first row.
    """
    bad = np.flatnonzero(~np.isfinite(array))
    if bad.size:
        got = f"{array[bad[0]]} in row {bad[0]}{_more(bad.size)}"
        raise FeatureError(must("values", "be finite", got=got, fix="Fill in or drop such rows"))


def check_any(num_values: int) -> None:
    """Check that there are values to fit on.

    Raises:
        FeatureError: If there are none.
    """
    if not num_values:
        raise FeatureError(must("values", "hold at least one row to fit on", got="none"))


def seconds(array: np.ndarray) -> np.ndarray:
    """Return dates and times as seconds since 1970-01-01T00:00:00Z, and anything else as it is.

    Times without a zone count as UTC.

    Args:
        array: `[batch]`, datetime64, or objects such as `datetime` and `date`.

    Returns:
        `[batch]`: float64, NaN for a missing time; the same array if not all values are times.

    Example:
        >>> seconds(np.array(["1970-01-02T00:00:01.5"], dtype="datetime64[ms]"))
        array([86401.5])
    """
    if array.dtype == object and array.size and all(isinstance(value, _TIMES) for value in array.tolist()):
        array = np.array([_in_utc(value) for value in array.tolist()], dtype="datetime64[us]")
    if array.dtype.kind != "M":
        return array
    return (array - np.datetime64(0, "s")) / np.timedelta64(1, "s")


def _in_utc(value: Any) -> Any:
    if value != value:
        return np.datetime64("NaT")
    is_zoned = isinstance(value, datetime) and value.tzinfo is not None
    return value.astimezone(UTC).replace(tzinfo=None) if is_zoned else value
