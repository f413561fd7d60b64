"""Seconds since 1970, by Python's own calendar."""

from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortlist.errors import FeatureError
from shortlist.features import Buckets, Number
from shortlist.features._values import is_whole, numbers, seconds

TIMES = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1))
MOMENTS = [datetime(2024, 2, 29, 12, 30, 1), datetime(1969, 12, 31)]
SECONDS = [moment.replace(tzinfo=UTC).timestamp() for moment in MOMENTS]


@given(times=st.lists(TIMES, min_size=1), unit=st.sampled_from(["us", "ns"]))
def test_seconds_are_those_of_python(times, unit):
    expected = [time.replace(tzinfo=UTC).timestamp() for time in times]
    assert seconds(np.array(times, f"datetime64[{unit}]")).tolist() == pytest.approx(expected, abs=1e-6)
    assert seconds(np.array(times, dtype=object)).tolist() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    "column",
    [
        MOMENTS,
        [moment.replace(tzinfo=UTC).astimezone(timezone(timedelta(hours=-5))) for moment in MOMENTS],
        [np.datetime64(moment, "s") for moment in MOMENTS],
        pd.Series(MOMENTS),
        pd.Series(MOMENTS).dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo"),
        pl.Series(MOMENTS),
        pa.array(MOMENTS),
        pa.chunked_array([pa.array(MOMENTS, pa.timestamp("ns", "Europe/Paris"))]),
        np.array(MOMENTS, "datetime64[s]")[:, None],
    ],
)
def test_every_container_of_times(column):
    assert numbers(column).tolist() == SECONDS
    assert not is_whole(column)
    learned = Number("when").fit(column)
    assert learned == Number("when").fit(SECONDS)
    np.testing.assert_array_equal(learned.encode(column), learned.encode(SECONDS))
    assert Buckets("when", num_buckets=2).fit(column).encode(column).tolist() == [1, 0]


def test_days_begin_at_midnight():
    days = [date(1970, 1, 2), date(1969, 12, 31)]
    for column in (days, pa.array(days), pa.array(days, pa.date64()), np.array(days, "datetime64[D]")):
        assert numbers(column).tolist() == [86400, -86400]


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (pd.Series([MOMENTS[0], None]), "values must be finite, got nan in row 1"),
        (pa.array([MOMENTS[0], None], pa.timestamp("ns")), "values must be finite, got nan in row 1"),
        ([MOMENTS[0], pd.NaT], "values must be finite, got nan in row 1"),
        ([MOMENTS[0], None], "rows must have a value, got none in row 1"),
        ([MOMENTS[0], 3], "values must be integers, floats or times, got datetime"),
        (np.array([3], "timedelta64[s]"), "values must be integers, floats or times, got timedelta64"),
    ],
)
def test_what_is_no_time_is_refused(column, message):
    with pytest.raises(FeatureError, match=f"column 'when': {message}"):
        Number("when").fit(column)
