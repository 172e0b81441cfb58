"""Few: what stands in the place of a percentile, and that no more of a group is held for it."""

import ibis
import pyarrow as pa
import pytest

from psauth.analysis.few import few_values, percentiles
from psauth.analysis.running import run, sql


def answer(*values):
    """The median and the few values of one group."""
    rows = ibis.memtable(pa.table({"group": pa.array(["g"] * len(values)), "x": pa.array(values, pa.float64())}))
    expression = rows.group_by("group").aggregate(**percentiles(rows.x, median=0.5), few=few_values(rows.x))
    frame = run(expression)
    few = frame["few"].iloc[0]
    return frame["median"].astype(object).where(frame["median"].notna(), None).iloc[0], None if few is None else [*few]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([7.0], (None, [7.0])),
        ([3.0, None, 1.0], (None, [1.0, 3.0])),
        ([2.0, 2.0, -1.0, 9.0], (None, [-1.0, 2.0, 2.0, 9.0])),
        ([5.0, 1.0, 2.0, 4.0, 3.0], (3.0, None)),
        ([None, None], (None, None)),
    ],
)
def test_up_to_four_stand_there_themselves_the_smallest_first(values, expected):
    assert answer(*values) == expected


def test_a_group_is_not_held_as_a_list_for_the_few_that_are_shown():
    rows = ibis.table({"group": "string", "x": "float64"}, name="rows")
    text = sql(rows.group_by("group").aggregate(few=few_values(rows.x)))
    assert "MIN(" in text
    assert "ARRAY_AGG" not in text


def test_other_pieces_of_lists_are_as_they_are_written():
    rows = ibis.memtable(pa.table({"x": pa.array([4.0, 1.0, 3.0, 2.0])}))
    of_group = rows.x.collect().sort()
    expression = rows.aggregate(middle=of_group[1:3], all_but_last=of_group[0:-1], from_second=of_group[1:])
    assert [[*value] for value in run(expression).iloc[0]] == [[2.0, 3.0], [1.0, 2.0, 3.0], [2.0, 3.0, 4.0]]
