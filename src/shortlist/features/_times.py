"""Dates and times as numbers."""

from datetime import UTC, date, datetime
from typing import Any

import numpy as np

__all__ = ["without_times"]

_TIMES = (date, np.datetime64)  # a datetime is a date, and a Timestamp of pandas is a datetime


def without_times(array: np.ndarray) -> np.ndarray:
    """Dates and times as seconds since 1970 began in UTC, and everything else as it is.

    `seconds = (time - 1970-01-01T00:00:00Z) / 1 s`, in float64; a time without a zone is taken as UTC.

    Args:
        array: `[batch]`, datetime64, or objects such as `datetime` and `date`.

    Returns:
        `[batch]`: float64, NaN where there is no time, or what came when not all values are times.

    Example:
        >>> without_times(np.array(["1970-01-02T00:00:01.5"], dtype="datetime64[ms]"))
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
