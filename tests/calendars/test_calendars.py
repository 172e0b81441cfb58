"""Calendars: the default, and one of its own for a workflow."""

import ibis
import pyarrow as pa
import pytest

from psauth.analysis.running import run
from psauth.calendars.calendar import Calendar
from psauth.calendars.calendars import Calendars

OFFICE = Calendar("Mon-Fri", "09:00-17:00", zone="UTC")
ALWAYS = Calendar("Mon-Sun", "00:00-24:00", zone="UTC")
NIGHT = Calendar("Mon-Fri", "22:00-06:00", zone="Europe/Berlin")


def a_table(*workflow_ids):
    """A row a workflow, each from Monday noon to Tuesday noon."""
    moments = pa.array([1_795_435_200_000_000] * len(workflow_ids), pa.timestamp("us", "UTC"))
    day_after = pa.array([1_795_521_600_000_000] * len(workflow_ids), pa.timestamp("us", "UTC"))
    return ibis.memtable(
        pa.table({"workflow_id": pa.array(workflow_ids, pa.string()), "start": moments, "end": day_after})
    )


def hours(calendars, *workflow_ids):
    frame = run(calendars.add_hours(a_table(*workflow_ids), "hours", "start", "end"))
    assert list(frame.columns) == ["workflow_id", "start", "end", "hours"]
    frame["key"] = frame["workflow_id"].fillna("none")
    return frame.set_index("key")["hours"].to_dict()


def test_each_workflow_is_counted_by_its_own_and_all_others_by_the_default():
    calendars = Calendars(OFFICE, {"a": ALWAYS, "b": NIGHT})
    assert hours(calendars, "a", "b", "c") == {"a": 24.0, "b": 8.0, "c": 8.0}


def test_a_row_without_a_workflow_is_counted_by_the_default():
    assert hours(Calendars(OFFICE, {"a": ALWAYS}), "a", None) == {"a": 24.0, "none": 8.0}


def test_without_calendars_of_workflows_no_workflow_is_needed():
    table = a_table("a").drop("workflow_id")
    assert run(Calendars(ALWAYS).add_hours(table, "hours", "start", "end"))["hours"].tolist() == [24.0]


def test_a_calendar_of_a_workflow_can_be_taken_away():
    calendars = Calendars(OFFICE).with_calendar(ALWAYS, "a")
    assert calendars.of("a") == ALWAYS
    assert calendars.with_calendar(None, "a") == Calendars(OFFICE)
    assert calendars.with_calendar(NIGHT).of("b") == NIGHT
    assert calendars.with_calendar(NIGHT).of("a") == ALWAYS


@pytest.mark.parametrize("calendars", [Calendars(OFFICE), Calendars(NIGHT, {"a": OFFICE, "b": ALWAYS})])
def test_what_was_noted_makes_the_same_calendars(calendars):
    assert Calendars.from_json(calendars.to_json()) == calendars


def test_what_is_said_beside_a_figure():
    assert str(Calendars(OFFICE)) == "Mon–Fri 09:00–17:00, no holidays, UTC"
    assert str(Calendars(OFFICE, {"a": ALWAYS})).endswith("; 1 workflow has a calendar of its own")
    assert str(Calendars(OFFICE, {"a": ALWAYS, "b": NIGHT})).endswith("; 2 workflows have calendars of their own")
