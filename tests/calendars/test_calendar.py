"""Working time: by value and by column the same, and the same as a slow look at every minute."""

import datetime as dt
import random
from zoneinfo import ZoneInfo

import ibis
import pandas as pd
import pyarrow as pa
import pytest

from psauth.analysis.running import run
from psauth.calendars.calendar import Calendar
from psauth.exceptions import ArgumentError

MINUTE = pd.Timedelta(minutes=1)


def by_the_minute(calendar, start, end):
    """Working hours as somebody would count them who has the time: each minute that lies in a shift."""
    zone = ZoneInfo(calendar.zone)
    first, last = (moment.tz_convert(zone).date() for moment in (start, end))
    worked = set()
    for days in range(-2, (last - first).days + 3):
        day = first + dt.timedelta(days=days)
        if day.weekday() not in calendar.days or day in calendar.holidays:
            continue
        for begin, until in calendar.shifts:
            midnight = dt.datetime.combine(day, dt.time())
            bounds = [(midnight + dt.timedelta(minutes=m)).replace(tzinfo=zone).timestamp() for m in (begin, until)]
            worked |= set(range(round(bounds[0]) // 60, round(bounds[1]) // 60))
    asked = range(round(start.timestamp()) // 60, round(end.timestamp()) // 60)
    return sum(minute in worked for minute in asked) / 60


def a_table(frame):
    return ibis.memtable(pa.Table.from_pandas(frame))


def in_columns(calendar, pairs):
    frame = pd.DataFrame(pairs, columns=["a", "b"]).astype("datetime64[us, UTC]")
    table = calendar.add_hours(a_table(frame.reset_index(names="n")), "hours", "a", "b")
    return run(table.order_by("n"))["hours"].tolist()


def utc(text):
    return pd.Timestamp(text, tz="UTC")


CALENDARS = [
    Calendar(zone="UTC"),
    Calendar(zone="Europe/Berlin", holidays=["2026-04-03", "2026-04-06"]),
    Calendar("Sun-Thu", "08:00-12:00, 13:00-17:30", zone="Asia/Riyadh"),
    Calendar("Mon-Fri", "22:00-06:00", ["2026-03-27", "2026-12-25"], "America/New_York"),
    Calendar("Mon, Wed, Sat", "00:00-24:00", zone="Australia/Lord_Howe"),
    Calendar("Mon-Sun", ["06:00-14:00", "13:30-22:00"], zone="Asia/Kathmandu"),
    Calendar("Fri-Mon", "02:15-02:45, 23:00-02:30", zone="Europe/London"),
]


@pytest.mark.parametrize("calendar", CALENDARS, ids=str)
def test_hours_are_those_of_a_look_at_every_minute(calendar):
    """Around the nights in which clocks change, and anywhere in two years."""
    rng = random.Random(str(calendar))
    pairs = []
    for _ in range(60):
        near = utc(rng.choice(["2026-03-29", "2026-10-25", "2026-03-08", "2026-11-01", "2026-04-05", "2026-10-04"]))
        start = (near + rng.uniform(-5, 5) * pd.Timedelta(days=1)).floor("min")
        pairs.append((start, (start + rng.expovariate(1 / 3) * pd.Timedelta(days=1)).floor("min")))
    expected = [by_the_minute(calendar, *pair) for pair in pairs]
    assert [calendar.hours(*pair) for pair in pairs] == pytest.approx(expected)
    assert in_columns(calendar, pairs) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2026-11-27 16:00", "2026-11-30 10:00", 2.0),  # a Friday, and the Monday after it
        ("2026-11-28 03:00", "2026-11-29 23:00", 0.0),  # a weekend
        ("2026-11-27 10:00", "2026-11-27 10:00", 0.0),
        ("2026-11-27 12:00", "2026-11-27 11:30", -0.5),
        ("2026-11-27 09:00:00.250", "2026-11-27 09:00:00.750", 0.5 / 3600),
    ],
)
def test_hours_of_an_office(start, end, hours):
    calendar = Calendar(zone="UTC")
    assert calendar.hours(start, end) == pytest.approx(hours)
    assert in_columns(calendar, [(utc(start), utc(end))]) == pytest.approx([hours])


@pytest.mark.parametrize(("day", "hours"), [("2026-03-28", 7), ("2026-10-24", 9), ("2026-11-28", 8)])
def test_a_night_in_which_the_clocks_change_has_the_hours_that_pass(day, hours):
    calendar = Calendar("Sat", "22:00-06:00", zone="Europe/Berlin")
    start = pd.Timestamp(f"{day} 12:00", tz="Europe/Berlin")
    assert calendar.hours(start, start + pd.Timedelta(days=1)) == hours


def test_a_shift_over_midnight_belongs_to_the_day_on_which_it_begins():
    calendar = Calendar("Mon-Fri", "22:00-06:00", ["2026-12-25"], "UTC")
    assert calendar.hours("2026-11-28 00:00", "2026-11-28 12:00") == 6, "Saturday morning is worked: Friday's shift"
    assert calendar.hours("2026-11-30 00:00", "2026-11-30 12:00") == 0, "Monday morning is not: Sunday has none"
    assert calendar.hours("2026-12-25 00:00", "2026-12-26 12:00") == 6, "the holiday's own shift is left out"


def test_hours_are_missing_where_a_moment_is_and_outside_the_years():
    calendar = Calendar(zone="UTC")
    pairs = [(pd.NaT, utc("2026-01-01")), (utc("2026-01-01"), pd.NaT), (utc("1999-01-01"), utc("2026-01-01"))]
    pairs += [(utc("2026-01-01"), utc("2077-01-01")), (utc("2010-01-01"), utc("2049-12-31 23:59"))]
    assert pd.isna(in_columns(calendar, pairs)[:4]).all()
    assert in_columns(calendar, pairs)[4] > 80_000
    assert pd.isna(calendar.hours(None, "2026-01-01"))
    assert pd.isna(calendar.hours("1999-01-01", "2026-01-01"))


def test_all_columns_of_a_table_stay_and_other_moments_do_not_matter():
    frame = pd.DataFrame(
        {"worked_0": [1], "day": ["x"], "a": [utc("2026-11-27 10:00")], "b": [utc("2026-11-27 11:00")]}
    )
    table = Calendar(zone="UTC").add_hours(a_table(frame), "hours", "a", "b")
    assert run(table).to_dict("list") | {"a": 0, "b": 0} == {
        "worked_0": [1],
        "day": ["x"],
        "a": 0,
        "b": 0,
        "hours": [1.0],
    }


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ("mon-fri", "Mon-Fri"),
        ("Monday – Friday", "Mon-Fri"),
        ("Fri-Mon", "Mon, Fri, Sat, Sun"),
        (["Tue", "thursday"], "Tue, Thu"),
        ("Sat", "Sat"),
    ],
)
def test_days_as_people_write_them(days, said):
    assert Calendar(days, zone="UTC").to_json()["days"] == said


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        ("9-17", "09:00-17:00"),
        ("8:30–12, 13-17:15", "08:30-12:00, 13:00-17:15"),
        (["22:00-06:00"], "22:00-06:00"),
        ("0-24", "00:00-24:00"),
    ],
)
def test_hours_as_people_write_them(hours, said):
    assert Calendar(hours=hours, zone="UTC").to_json()["hours"] == said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            {"days": "Mon-Fry"},
            r"days='Mon-Fry' cannot be used: 'Mon-Fry' is no day of the week\. Expected a range like 'Mon-Fri'",
        ),
        ({"days": []}, r"days=\[\] names no day"),
        ({"days": "M"}, "is no day of the week"),
        ({"hours": "9"}, r"hours='9' cannot be used: '9' is no span of time\. Expected one like '09:00-17:00'"),
        ({"hours": "9-25"}, "'9-25' is no span of time"),
        ({"hours": "9:70-10"}, "is no span of time"),
        ({"hours": []}, "names no time"),
        ({"holidays": ["Christmas"]}, r"'Christmas' is no date\. Expected dates like '2026-12-25', or a country"),
        ({"holidays": ["01.06.2026"]}, r"'01\.06\.2026' is no date"),  # June to some, January to others
        ({"holidays": ["24.12.2026"]}, r"'24\.12\.2026' is no date"),
        ({"holidays": [20261225]}, "20261225 is no date"),
        ({"holidays": "XX"}, r"holidays='XX' cannot be used: the package `holidays` does not know that country"),
        ({"zone": "Europe/Berln"}, r"no time zone 'Europe/Berln'.*Did you mean 'Europe/Berlin'"),
    ],
)
def test_what_cannot_be_used_is_said(arguments, words):
    with pytest.raises(ArgumentError, match=words):
        Calendar(**{"zone": "UTC"} | arguments)


@pytest.mark.parametrize("value", ["x", "01.06.2026", 5])
def test_hours_are_between_moments_that_all_read_alike(value):
    with pytest.raises(ArgumentError, match="is not a date. Expected"):
        Calendar(zone="UTC").hours("2026-11-27 16:00", value)


def test_a_calendar_is_a_value():
    calendar = Calendar("Mon-Thu", "08:00-12:00", ["2026-12-24", dt.date(2026, 12, 31)], "Europe/Vienna")
    again = Calendar(**calendar.to_json())
    assert (again, hash(again)) == (calendar, hash(calendar))
    assert again != Calendar("Mon-Thu", "08:00-12:00", ["2026-12-24"], "Europe/Vienna")
    assert str(calendar) == "Mon–Thu 08:00–12:00, 2 holidays, Europe/Vienna"
    assert str(Calendar(zone="UTC")) == "Mon–Fri 09:00–17:00, no holidays, UTC"
    assert eval(repr(calendar)) == calendar


def test_the_public_holidays_of_a_country_and_a_part_of_it():
    germany, bavaria = (Calendar(holidays=code, zone="Europe/Berlin") for code in ("de", "DE-BY"))
    assert dt.date(2026, 10, 3) in germany.holidays
    assert dt.date(2026, 1, 6) in bavaria.holidays - germany.holidays
    assert str(bavaria).endswith("holidays of DE-BY, Europe/Berlin")
    assert Calendar(**bavaria.to_json()) == bavaria
