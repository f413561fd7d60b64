"""The values of a batch as they come, checked and brought to one shape."""

from typing import Any

import numpy as np

from shortlist.errors import FeatureError
from shortlist.features._times import without_times
from shortlist.ids import as_array
from shortlist.typing import ArrayLike

__all__ = ["check_any", "check_finite", "is_whole", "numbers", "scalars"]


def scalars(values: ArrayLike) -> np.ndarray:
    """One value a row.

    Args:
        values: `[batch]` or `[batch, 1]`.

    Returns:
        `[batch]`.

    Raises:
        FeatureError: Values of another shape, or a row without a value.

    Example:
        >>> scalars([["a"], ["b"]])
        array(['a', 'b'], dtype=object)
    """
    array = as_array(values)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise FeatureError(
            f"got values of shape {array.shape}, expected [batch] or [batch, 1]: {_advice(array)}"
        )
    _check_no_nulls(array)
    return array


def _advice(array: np.ndarray) -> str:
    if array.ndim == 0:
        return "put the one value into a list"
    if array.ndim == 2:
        return "declare lists as Categories"
    return "it looks batched twice; take one batch() away"


def _check_no_nulls(array: np.ndarray) -> None:
    if array.dtype == object:
        missing = [row for row, value in enumerate(array.tolist()) if value is None]
        if missing:
            raise FeatureError(f"row {missing[0]} has no value{_more(len(missing))}: fill or drop such rows")


def _more(num_rows: int) -> str:
    return f" (and {num_rows - 1} more)" if num_rows > 1 else ""


def numbers(values: ArrayLike) -> np.ndarray:
    """One finite number a row; integers beyond 2^53 are rounded to the nearest float64, times to seconds.

    Args:
        values: Integers, floats or times, `[batch]` or `[batch, 1]`; times become seconds since 1970 in UTC.

    Returns:
        `[batch]`, float64.

    Raises:
        FeatureError: Values of another shape or type, or a row that is missing, NaN or infinite.

    Example:
        >>> numbers([1, 2.5])
        array([1. , 2.5])
    """
    array = without_times(scalars(values))
    _check_numeric(array)
    array = array.astype(np.float64)
    check_finite(array)
    return array


def is_whole(values: ArrayLike) -> bool:
    """Whether numbers are of an integer type.

    Args:
        values: Numbers.

    Example:
        >>> is_whole([1, 2]), is_whole([1.0, 2.0])
        (True, False)
    """
    return all(issubclass(cls, int | np.integer) for cls in _types(as_array(values)))


def _types(array: np.ndarray) -> set[type]:
    return {array.dtype.type} if array.dtype != object else set(map(type, array.ravel().tolist()))


def check_finite(array: np.ndarray) -> None:
    """Refuses NaN and infinity, and names the first row.

    Raises:
        FeatureError: A number is not finite.
    """
    bad = np.flatnonzero(~np.isfinite(array))
    if bad.size:
        raise FeatureError(
            f"row {bad[0]} is {array[bad[0]]}{_more(bad.size)}, expected finite numbers: "
            "fill or drop such rows"
        )


def _check_numeric(array: np.ndarray) -> None:
    wrong = [cls for cls in _types(array) if not _is_numeric(cls)]
    if wrong and array.size:
        raise FeatureError(
            f"got {wrong[0].__name__} values, expected integers, floats or times: convert them first"
        )


def _is_numeric(cls: Any) -> bool:
    is_number = issubclass(cls, int | float | np.integer | np.floating)
    return is_number and cls not in (bool, np.timedelta64)  # both are integers to Python or NumPy


def check_any(num_values: int) -> None:
    """Refuses to learn from nothing.

    Args:
        num_values: How many values there were.

    Raises:
        FeatureError: There were none.
    """
    if not num_values:
        raise FeatureError("got no values to learn from, expected at least one row")
