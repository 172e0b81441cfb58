"""The plot: what there is to find in the company's records. Tests know it, and the notebooks find it.

It is told of the workflow "Purchase Request", around the company's anchor. The larger the company, the clearer: the 3,000 runs
that it has by default show all of it.

- A bottleneck. More than half of all task time passes until "Approve the purchase" is done.
- A revision that made things better. Since revision 3.0, published 150 days before the anchor, the approval takes a quarter of
  the time that it took under 2.0. Some runs are being migrated still.
- An office that goes with slow runs. What São Paulo buys takes two and a half times as much work at every step, and about
  twice as long by the clock. No other answer in the form matters.
- Deadlines that drift. Rafael Núñez, who starts most purchases, moves the due dates of his runs when they are near, and then
  finishes some of them; others do so now and then. It happens when `Company.let_deadlines_slip` is called: only who looked
  before and looks again can see it.
- An approver who rejects. Desmond Achebe rejects nearly every third purchase, Margit Halvorsen hardly any.
- A rule that never fires. It shows the field "Quotes" for a cost centre that nobody can choose: the print shop was closed.
- A person overloaded next week. Yusuf Al-Sayed of the front office stands in for operations: what that team has open in any
  workflow is with him. He has completed little of that kind before.

What `at_risk` says of open purchases is mixed. Its history is mostly that of revision 2.0, so it is a little too gloomy for
them; over all workflows it is calibrated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from psauth.sandbox.company.people import Person, Staff
from psauth.sandbox.company.story import Story
from psauth.sandbox.company.templates import Step
from psauth.sandbox.company.worktime import DAY, due_after

WORKFLOW: Final = "Purchase Request"

REVISIONS: Final = ((640, 632), (517, 512), (155, 150))
"""On how many days before the anchor each revision was begun, and published."""
_QUICKER: Final = 1 / 4  # times as long an approval takes under the latest of them

_SLOW_OFFICE: Final = "São Paulo"
_SLOWER: Final = 2.5  # times as long each step takes

_REJECTS: Final = {"Desmond Achebe": 1.7, "Margit Halvorsen": 0.25}  # times as often as the step says
PUT_AWAY: Final = 0.9
"""Of the runs that are rejected for good; the others are left lying."""

_SLIPPER: Final = "Rafael Núñez"
_LEAVE_IT_TO_HIM: Final = ("Mehmet Yıldız", "Sinéad O'Brien")  # what they need he buys
_OTHERS_SLIP: Final = 0.1  # chance that somebody else moves a date
_NEAR: Final = (-45 * DAY, 8 * DAY)  # due dates that are moved, from now
_FINISHED: Final = 0.6  # of the runs whose dates are moved

_STAND_IN: Final = "Yusuf Al-Sayed"
_AWAY: Final = "ops"  # the team that he stands in for
_HANDED_OVER: Final = (-60 * DAY, 12 * DAY)  # due dates of the tasks, from the anchor


@dataclass(frozen=True, slots=True)
class IdleRule:
    """A rule that shows the field `shows` where `asks` is `value`, which nobody answers."""

    asks: str
    value: str
    shows: str


IDLE_RULE: Final = IdleRule("Cost centre", "4105 Print shop", "Quotes")


@dataclass(frozen=True, slots=True)
class Slip:
    """The due dates between `since` and `until` are moved `to` a later day, and the run is finished then or not."""

    since: int
    until: int
    to: int
    is_finished: bool


def slip(seed: str, owner: Person, now: int, dues: Sequence[int]) -> Slip | None:
    """How the deadlines of a run slip that has these due dates still; None where they do not."""
    rng = Random(f"{seed}/slip")
    draw, workdays, is_finished = rng.random(), rng.randrange(9, 16), rng.random() < _FINISHED
    since, until = now + _NEAR[0], now + _NEAR[1]
    if draw > (1 if owner.name == _SLIPPER else _OTHERS_SLIP) or not any(since < due < until for due in dues):
        return None
    return Slip(since, until, due_after(now, workdays), is_finished)


class Plot:
    """How the plot bends what is drawn for the runs of a company."""

    def __init__(self, staff: Staff, anchor: int) -> None:
        self._anchor = anchor
        self._better_since = anchor - REVISIONS[-1][1] * DAY
        by_name = {person.name: person for person in staff.members}
        self._stand_in, self._slipper = by_name[_STAND_IN], by_name[_SLIPPER]

    def starter(self, drawn: Person) -> Person:
        """Who starts a run that this person would start."""
        return self._slipper if drawn.name in _LEAVE_IT_TO_HIM else drawn

    def pace(self, story: Story) -> float:
        """How many times as long each step takes."""
        return _SLOWER if story["office"] == _SLOW_OFFICE else 1.0

    def hurry(self, step: Step, created: int) -> float:
        """How many times as long this step takes in a run that was started at `created`."""
        return _QUICKER if step.kind == "Approval" and created >= self._better_since else 1.0

    def rejects(self, step: Step, who: Person) -> float:
        """How often somebody rejects."""
        return step.reject * _REJECTS.get(who.name, 1.0)

    def stand_in(self, step: Step, due: int | None, done: int | None) -> Person | None:
        """Who has a task in place of the person it would be with."""
        since, until = _HANDED_OVER
        if step.role != _AWAY or due is None or not since < due - self._anchor <= until:
            return None
        return self._stand_in if done is None or done > self._anchor else None
