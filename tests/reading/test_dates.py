"""Dates: which texts are dates, and that each is read by itself, whatever stands beside it."""

from datetime import UTC, datetime

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from psauth.reading.dates import date_of, is_day
from psauth.reading.frames import FITTED, dates, times

READ = {
    "2026-11-20T09:14:03.120Z": datetime(2026, 11, 20, 9, 14, 3, 120_000),
    "2026-11-20T09:14:03Z": datetime(2026, 11, 20, 9, 14, 3),
    "2026-11-20T09:14Z": datetime(2026, 11, 20, 9, 14),
    "2026-11-20T09Z": datetime(2026, 11, 20, 9),
    "2026-11-20 09:14:03": datetime(2026, 11, 20, 9, 14, 3),
    "2026-11-20t09:14:03z": datetime(2026, 11, 20, 9, 14, 3),
    " 2026-11-20 ": datetime(2026, 11, 20),
    "2026-11-20T09:14:03+05:30": datetime(2026, 11, 20, 3, 44, 3),
    "2026-11-20T09:14:03-0800": datetime(2026, 11, 20, 17, 14, 3),
    "2026-11-20T09:14:03+05": datetime(2026, 11, 20, 4, 14, 3),
    "2026-11-20T09:14:03 -05:00": datetime(2026, 11, 20, 14, 14, 3),
    "2026-11-20T09:14:03,5Z": datetime(2026, 11, 20, 9, 14, 3, 500_000),
    "2026-11-20T09:14:03.123456789Z": datetime(2026, 11, 20, 9, 14, 3, 123_456),
    "1969-12-31T23:59:59.999Z": datetime(1969, 12, 31, 23, 59, 59, 999_000),
    "2500-01-01T00:00:00Z": datetime(2500, 1, 1),
    "0001-01-01": datetime(1, 1, 1),
    "9999-12-31T23:59:59.999999Z": datetime(9999, 12, 31, 23, 59, 59, 999_999),
    "2024-02-29": datetime(2024, 2, 29),
}
NOT_READ = [
    "", " ", "soon", "now", "today", "20.11.2026", "11/20/2026", "2026-13-45", "2026-02-30T00:00:00Z", "2025-02-29", "2026-11",
    "2026-11-20T24:00:00Z", "2026-11-20T23:59:60Z", "2026-W10-1", "2026W101", "2026-060", "20261120", "20261120T091403Z",
    "0000-01-01", "0000-01-01T00:00:00Z", "-0001-01-01", "12026-01-01", "+12026-01-01T00:00:00Z", "10000-01-01",
    "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "1763629200", "1763629200000", "1763629200.5",
    "2026-11-20T09:14:03+24:00", "2026-11-20T09:14:03+05:60", "2026-11-20T09:14:03[Europe/Vienna]", "2026-11-20 09:14 CET",
    "2026-11-20T09:14:03 Europe/Vienna", "2026-11-20T09:14:03.Z", "٢٠٢٦-١١-٢٠", "2026-11-20Z", "2026-11-20T", "NaT", "null",
]  # fmt: skip


@pytest.mark.parametrize("text", READ)
def test_a_calendar_day_with_or_without_a_time_is_a_date(text):
    assert date_of(text) == READ[text].replace(tzinfo=UTC)
    assert times([text])[0] == pd.Timestamp(READ[text], tz="UTC")


@pytest.mark.parametrize("text", NOT_READ)
def test_anything_else_is_none(text):
    assert date_of(text) is None
    assert times([text]).isna().all()


def test_a_day_has_no_time_of_day():
    assert [text for text in READ if is_day(text)] == [" 2026-11-20 ", "0001-01-01", "2024-02-29"]
    assert not any(map(is_day, NOT_READ))


@pytest.mark.parametrize("odd", [*NOT_READ, *READ, None, 7, True, 1763629200, [], {"value": "x"}], ids=repr)
def test_no_value_changes_its_neighbours(odd):
    texts = [*READ, odd, *reversed(READ)]
    expected = [pd.Timestamp(moment, tz="UTC") for moment in READ.values()]
    read = times(texts)
    assert read[: len(READ)].tolist() == expected
    assert read[len(READ) + 1 :].tolist() == expected[::-1]
    assert str(read.dtype) == "datetime64[us, UTC]"


def test_what_could_not_be_read_and_what_is_a_day_have_their_places():
    read = dates(["2026-11-20", None, "soon", "2026-11-20T00:00:00Z", 1763629200, "", "2026-W10-1"])
    assert read.days == [0]
    assert read.unreadable == {2: "soon", 4: "1763629200", 6: "2026-W10-1"}


def test_places_count_through_a_long_column():
    texts = ["2026-11-20T09:14:03Z"] * (3 * FITTED)
    texts[1], texts[2 * FITTED], texts[-1] = "soon", "2026-11-20", "never"
    read = dates(texts)
    assert (read.days, read.unreadable) == ([2 * FITTED], {1: "soon", 3 * FITTED - 1: "never"})
    assert read.moments.notna().sum() == 3 * FITTED - 2


shapes = st.from_regex(
    r"[0-9]{4}-[01][0-9]-[0-3][0-9]([T ][0-2][0-9](:[0-6][0-9](:[0-6][0-9](\.[0-9]{1,9})?)?)?(Z|[+-][0-2][0-9](:?[0-6][0-9])?)?)?",
    fullmatch=True,
)
texts = st.one_of(
    st.text(max_size=12), shapes, st.datetimes().map(str), st.dates().map(str), st.sampled_from([*READ, *NOT_READ])
)


@pytest.mark.slow
@given(texts)
def test_what_arrow_reads_is_read_the_same_one_by_one(text):
    try:
        moment = pc.cast(pa.array([text]), pa.timestamp("us", "UTC")).cast(pa.int64())[0].as_py()
    except (pa.ArrowInvalid, UnicodeEncodeError):
        return
    epoch, read = datetime(1970, 1, 1, tzinfo=UTC), date_of(text)
    if read is None:  # the year 0, and what an offset carries out of the years 1 to 9999
        assert not -62_135_596_800_000_000 <= moment <= 253_402_300_799_999_999
    else:
        assert (read - epoch).total_seconds() == pytest.approx(moment / 1e6, abs=1e-5)
        assert round((read - epoch).microseconds) == moment % 1_000_000


@pytest.mark.slow
@given(st.lists(texts, max_size=6))
def test_each_text_is_read_by_itself(column):
    alone = [times([text])[0] for text in column]
    together = times(column).tolist()
    assert [None if pd.isna(m) else m for m in together] == [None if pd.isna(m) else m for m in alone]
