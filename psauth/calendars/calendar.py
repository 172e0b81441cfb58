"""Calendar: which moments are working time, and how many hours of it lie between two, one by one or for whole columns."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from psauth.exceptions import ArgumentError, needs_extra
from psauth.export.zones import named_zone
from psauth.reading.arguments import moment, shown

if TYPE_CHECKING:
    from ibis.expr.types import Table

WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
DAYS: Final = tuple(name[:3] for name in WEEKDAYS)
WORKDAYS: Final = "Mon-Fri"
OFFICE_HOURS: Final = "09:00-17:00"
FIRST_YEAR: Final = 2010
LAST_YEAR: Final = 2049
"""Working time is known for these years; hours from or to a moment outside of them are missing. Process Street began in 2014."""

_TIME: Final = re.compile(r"(\d{1,2})(?::(\d{2}))?")
_DASH: Final = re.compile(r"\s*[-–—]\s*")
_MIDNIGHT: Final = 24 * 60
_DAY: Final = 86_400
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""From which moments are counted in SQL."""
_SECOND: Final = 1_000_000
"""In microseconds, as the tables have their moments."""

Shift = tuple[int, int]
"""From when to when is worked, in minutes after the midnight before it begins; an end after 1,440 is on the next day."""


class Calendar:
    """Working time: weekdays, hours, holidays, and the time zone in which these are meant.

    A shift over midnight belongs to the day on which it begins. Hours are hours that pass: a night in which the clocks go
    forward has one less. A time that the clocks show twice is the first one, and one that they leave out is counted on from
    the times before it (RFC 5545, 3.3.5).

    Parameters:
        days: "Mon-Fri", "Sun-Thu", "Mon, Wed, Fri", or a list of such names.
        hours: "09:00-17:00"; with a break, "08:00-12:00, 13:00-17:00"; over midnight, "22:00-06:00"; "00:00-24:00"; or a
            list of such texts.
        holidays: days on which nobody works: dates, or a country, "DE", or a part of one, "US-CA", whose public holidays
            the package `holidays` knows.
        zone: an IANA name, "Europe/Berlin"; without one, the zone of this machine.

    Errors: ArgumentError for a day, a time, a country or a zone that is none; MissingExtra where a country is named and
    psauth[analysis] is not installed.

    >>> calendar = psauth.Calendar("Mon-Fri", "09:00-17:00", ["2026-12-25"], "Europe/Berlin")
    >>> calendar
    Calendar(days='Mon-Fri', hours='09:00-17:00', holidays=['2026-12-25'], zone='Europe/Berlin')
    >>> calendar.hours("2026-12-24 15:00+01:00", "2026-12-28 10:00+01:00")
    3.0
    """

    def __init__(
        self,
        days: str | Iterable[str] = WORKDAYS,
        hours: str | Iterable[str] = OFFICE_HOURS,
        holidays: str | Iterable[date | str] = (),
        zone: str | ZoneInfo | None = None,
    ) -> None:
        self.days: Final = _weekdays(days)
        """The days of the week on which somebody works: 0 is Monday."""
        self.shifts: Final = _shifts(hours)
        """From when to when, in minutes after midnight."""
        self.zone: Final = named_zone(zone).key
        """The name of the time zone."""
        self.country: Final = holidays.strip().upper() if isinstance(holidays, str) and holidays.strip() else None
        """The country whose public holidays these are, or None."""
        self.holidays: Final = _public_holidays(self.country) if self.country else _dates(holidays)
        """The days on which nobody works."""

    def hours(self, start: Any, end: Any) -> float:
        """The working hours between two moments; negative where the end comes first, and missing (NaN) where one is missing.

        Parameters:
            start, end: moments, or texts in ISO 8601; without a zone they are taken for UTC.

        Errors: ArgumentError for what is no moment.

        >>> psauth.Calendar(zone="UTC").hours("2026-11-27 16:00", "2026-11-30 10:00")
        2.0
        """
        seconds = np.array([_seconds(start), _seconds(end)])
        before = self._worked_until(seconds)
        return float(before[1] - before[0]) / 3600

    def add_hours(self, table: Table, name: str, start: str, end: str) -> Table:
        """A table with one column more: the working hours between two of its columns, as one expression.

        Two joins with a small table of this calendar's days, whatever lies between the two moments.

        Parameters:
            table: an Ibis table.
            name: what the new column is called.
            start, end: its columns of moments. Where one is missing, or is of a year that no calendar knows, so are the hours.

        >>> report = ps.sync(progress=False)
        >>> runs = ps.mirror.runs
        >>> runs = psauth.Calendar(zone="UTC").add_hours(runs, "hours", "created_date", "updated_date")
        >>> bool(runs.to_pandas()["hours"].ge(0).all())
        True
        """
        import ibis

        joined, worked = table, []
        for number, column in enumerate((start, end)):
            at, day = f"_at_{number}", f"_day_{number}"
            joined = joined.mutate(**{at: joined[column].delta(EPOCH, unit="microsecond")})
            # Moments of no known day have a row too: each finds exactly one, and such a join is the fastest that DuckDB has.
            whole = joined[at] // (_DAY * _SECOND)
            known = whole.between(self._days_of_utc["day"].min().item(), self._days_of_utc["day"].max().item())
            joined = joined.mutate(**{day: known.ifelse(whole, self._no_day)})
            joined = joined.inner_join(self._days_table.rename(f"_{{name}}_{number}"), day)
        for number in (0, 1):
            in_day = joined[f"_at_{number}"] - joined[f"_day_{number}"] * (_DAY * _SECOND)
            until = joined[f"_worked_{number}"]
            for shift in range(len(self._days_of_utc.columns) // 2 - 1):
                begin, lasts = joined[f"_begin_{shift}_{number}"], joined[f"_lasts_{shift}_{number}"]
                until += ibis.greatest(ibis.least(in_day - begin, lasts), 0)
            worked.append(until)
        hours = (worked[1] - worked[0]).cast("float64") / float(3600 * _SECOND)  # else Spark counts in decimals
        return joined.select(*table.columns, **{name: hours})

    def to_json(self) -> dict[str, Any]:
        """What `Calendar(**…)` makes the same calendar of."""
        holidays = self.country or [day.isoformat() for day in sorted(self.holidays)]
        return {"days": self._days(), "hours": self._hours(), "holidays": holidays, "zone": self.zone}

    def __str__(self) -> str:
        """As it is said beside a figure."""
        holidays = f"holidays of {self.country}" if self.country else f"{len(self.holidays) or 'no'} holidays"
        return f"{self._days()} {self._hours()}, {holidays}, {self.zone}".replace("-", "–", 2)

    def __repr__(self) -> str:
        return f"Calendar({', '.join(f'{name}={value!r}' for name, value in self.to_json().items())})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Calendar) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @property
    def _key(self) -> tuple[object, ...]:
        return self.days, self.shifts, self.holidays, self.zone

    def _days(self) -> str:
        first, last = self.days[0], self.days[-1]
        if len(self.days) > 2 and self.days == tuple(range(first, last + 1)):
            return f"{DAYS[first]}-{DAYS[last]}"
        return ", ".join(DAYS[day] for day in self.days)

    def _hours(self) -> str:
        return ", ".join(f"{_clock(begin)}-{_clock(end)}" for begin, end in self.shifts)

    @functools.cached_property
    def _periods(self) -> tuple[np.ndarray, np.ndarray]:
        """When working time begins and when it ends, in seconds since 1970: one after the other, apart from each other."""
        zone = ZoneInfo(self.zone)
        day, last = date(FIRST_YEAR, 1, 1) - timedelta(days=2), date(LAST_YEAR, 12, 31) + timedelta(days=2)
        every: list[tuple[float, float]] = []
        while day <= last:
            if day.weekday() in self.days and day not in self.holidays:
                midnight = datetime(day.year, day.month, day.day)
                for minutes in self.shifts:
                    begin, end = ((midnight + timedelta(minutes=m)).replace(tzinfo=zone).timestamp() for m in minutes)
                    every.append((begin, end))
            day += timedelta(days=1)
        every.sort()
        begins: list[float] = []
        ends: list[float] = []
        for begin, end in every:
            if ends and begin <= ends[-1]:  # a shift that goes on where, or before, the one before it ends
                ends[-1] = max(ends[-1], end)
            elif begin < end:
                begins.append(begin)
                ends.append(end)
        return np.array(begins), np.array(ends)

    def _worked_until(self, seconds: np.ndarray) -> np.ndarray:
        """The working seconds up to each moment, counted from the first period; NaN outside the years."""
        begins, ends = self._periods
        whole = np.concatenate([[0.0], np.cumsum(ends - begins)])
        at = np.searchsorted(begins, seconds, side="right") - 1  # the last period that has begun
        under_way = np.minimum(seconds, ends[np.maximum(at, 0)]) - begins[np.maximum(at, 0)]
        worked = np.where(at < 0, 0.0, whole[np.maximum(at, 0)] + under_way)
        first, until = _bounds()
        return np.where((seconds >= first) & (seconds < until), worked, np.nan)

    @functools.cached_property
    def _days_of_utc(self) -> pd.DataFrame:
        """What was worked before each day of UTC, and begin and length of each shift in it; in microseconds."""
        first, until = _bounds()
        midnights = np.arange(first, until, _DAY)
        begins, ends = self._periods
        cut = np.unique(np.concatenate([begins, midnights]))  # so that no period goes on from one day into the next
        period = np.searchsorted(begins, cut, side="right") - 1
        lasts = np.minimum(ends[period], np.append(cut[1:], np.inf)) - cut
        is_worked = (lasts > 0) & (period >= 0) & (cut >= first) & (cut < until)
        cut, lasts = cut[is_worked], lasts[is_worked]
        day = ((cut - first) // _DAY).astype(int)
        shift = np.arange(len(day)) - np.searchsorted(day, day)
        columns = {"day": midnights / _DAY / _SECOND, "worked": self._worked_until(midnights)}
        for number in range(shift.max(initial=-1) + 1):
            this = shift == number
            for name, values in (("begin", cut - midnights[day]), ("lasts", lasts)):
                column = columns[f"{name}_{number}"] = np.zeros(len(midnights))
                column[day[this]] = values[this]
        return pd.DataFrame({name: np.rint(values * _SECOND).astype("int64") for name, values in columns.items()})

    @property
    def _no_day(self) -> int:
        """Stands for the day of a moment whose working time is not known."""
        return int(self._days_of_utc["day"].min()) - 1

    @functools.cached_property
    def _days_table(self) -> Table:
        """The days, and behind them a row for all moments of other days, in which nothing is known."""
        import ibis
        import pyarrow as pa

        days = pa.Table.from_pandas(self._days_of_utc, preserve_index=False)
        other = pa.Table.from_pylist([{"day": self._no_day}], schema=days.schema)
        return ibis.memtable(pa.concat_tables([days, other]))  # Arrow: of frames it asks pandas what that deprecates


@functools.cache
def _bounds() -> tuple[float, float]:
    """The moments between which working time is known, in seconds since 1970."""
    first, until = (datetime(year, 1, 1, tzinfo=UTC).timestamp() for year in (FIRST_YEAR, LAST_YEAR + 1))
    return first, until


def _seconds(value: Any) -> float:
    """A moment in seconds since 1970; NaN where it is missing."""
    if value is None or (not isinstance(value, str) and pd.api.types.is_scalar(value) and pd.isna(value)):
        return float("nan")
    return (moment(value) - EPOCH).total_seconds()


def _weekdays(days: str | Iterable[str]) -> tuple[int, ...]:
    names = days.split(",") if isinstance(days, str) else list(days)
    chosen: set[int] = set()
    for name in names:
        ends = [_weekday(end) for end in _DASH.split(str(name).strip())]
        if None in ends or len(ends) > 2:
            raise ArgumentError(
                f"days={shown(days)} cannot be used: {shown(name)} is no day of the week. Expected a range like 'Mon-Fri', "
                "or names like 'Mon, Wed, Fri'."
            )
        first, last = ends[0] or 0, ends[-1] or 0
        chosen |= {(first + n) % 7 for n in range((last - first) % 7 + 1)}
    if not chosen:
        raise ArgumentError(f"days={shown(days)} names no day. Expected a range like 'Mon-Fri'.")
    return tuple(sorted(chosen))


def _weekday(name: str) -> int | None:
    short = name.strip().capitalize()[:3]
    return (
        DAYS.index(short)
        if short in DAYS and WEEKDAYS[DAYS.index(short)].startswith(name.strip().capitalize())
        else None
    )


def _shifts(hours: str | Iterable[str]) -> tuple[Shift, ...]:
    texts = hours.split(",") if isinstance(hours, str) else list(hours)
    shifts = []
    for text in texts:
        ends = [minutes for end in _DASH.split(str(text).strip()) if (minutes := _minutes(end)) is not None]
        if len(ends) != 2 or ends[0] == _MIDNIGHT:
            raise ArgumentError(
                f"hours={shown(hours)} cannot be used: {shown(text)} is no span of time. Expected one like '09:00-17:00', "
                "with a break '08:00-12:00, 13:00-17:00', over midnight '22:00-06:00'."
            )
        begin, end = ends
        shifts.append((begin, end if end > begin else end + _MIDNIGHT))
    if not shifts:
        raise ArgumentError(f"hours={shown(hours)} names no time. Expected a span like '09:00-17:00'.")
    return tuple(sorted(shifts))


def _minutes(text: str) -> int | None:
    """A time of day in minutes after midnight; None for what is none."""
    parts = _TIME.fullmatch(text.strip())
    minutes = int(parts[1]) * 60 + int(parts[2] or 0) if parts else _MIDNIGHT + 1
    return minutes if minutes <= _MIDNIGHT and (parts is None or int(parts[2] or 0) < 60) else None


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}" if minutes <= _MIDNIGHT else _clock(minutes - _MIDNIGHT)


def _dates(days: str | Iterable[date | str]) -> frozenset[date]:
    chosen = set()
    for day in days:
        try:  # '01.06.2026' is one day to some, and another to others
            chosen.add(day if type(day) is date else moment(day).date())
        except ArgumentError:
            raise ArgumentError(
                f"holidays=… cannot be used: {shown(day)} is no date. Expected dates like '2026-12-25', or a country like 'DE'."
            ) from None
    return frozenset(chosen)


def _public_holidays(country: str) -> frozenset[date]:
    with needs_extra("analysis", f"holidays={country!r}"):
        import holidays
    name, _, part = country.upper().partition("-")
    try:
        return frozenset(holidays.country_holidays(name, subdiv=part or None, years=range(FIRST_YEAR, LAST_YEAR + 1)))
    except NotImplementedError:
        raise ArgumentError(
            f"holidays={country!r} cannot be used: the package `holidays` does not know that country, or that part of it. "
            "Expected a code like 'DE' or 'US-CA', or the dates themselves."
        ) from None
