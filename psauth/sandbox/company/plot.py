"""The plot: what the company's records tell who asks them. Tests know it, and the notebooks find it.

It is told of the workflow "Purchase Request", around the company's anchor, and for every seed:

- A bottleneck: the wait for "Approve the purchase" takes more than half of all task time.
- A revision that made things better: 150 days ago revision 3.0 was published, with which that approval takes a quarter of
  the time. Revision 2.0, 290 days ago, changed nothing. A few old runs are still being migrated.
- An office that goes with slow runs: what is bought for São Paulo takes almost twice as long at every step. Nothing else that
  is asked in the form makes a difference. (A purchase that begins before a weekend takes longer by the clock.)
- Deadlines that drift: Rafael Núñez moves the due dates of purchases that he started when they come near, and others do so
  now and then. That happens when `Company.let_deadlines_slip` is called, between two looks at the company.
- An approver who rejects: Desmond Achebe rejects every third purchase or more, Margit Halvorsen hardly any.
- A rule that never fires: it shows a field for a cost centre that was closed, and that nobody can choose any more.
- A person overloaded next week: Aiko Tanaka stands in for her colleagues in operations, who are away. What is theirs and due
  in the days after the anchor is with her, in every workflow.
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

# Days before the anchor on which each revision was begun and published.
REVISIONS: Final = ((640, 632), (517, 512), (155, 150))
_QUICKER: Final = 1 / 4  # the approval's time under the latest revision

SLOW_OFFICE: Final = "São Paulo"
_SLOWER: Final = 2.5

_REJECTS: Final = {"Desmond Achebe": 1.7, "Margit Halvorsen": 0.25}  # times as often as the step says
PUT_AWAY: Final = 0.9  # of what is rejected for good; the rest is left lying
SLIPPER: Final = "Rafael Núñez"
_LEAVE_IT_TO_HIM: Final = ("Mehmet Yıldız", "Sinéad O'Brien")  # what they need he buys
_OTHERS_SLIP: Final = 0.1  # chance that somebody else moves a date
_NEAR: Final = (-45 * DAY, 8 * DAY)  # due dates that are moved, from now
_FINISHED: Final = 0.6  # of the runs whose dates moved
STAND_IN: Final = "Aiko Tanaka"
_AWAY: Final = 9 * DAY  # after the anchor


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
    if draw > (1 if owner.name == SLIPPER else _OTHERS_SLIP) or not any(since < due < until for due in dues):
        return None
    return Slip(since, until, due_after(now, workdays), is_finished)


class Plot:
    """How the plot bends what is drawn for the runs of a company."""

    def __init__(self, staff: Staff, anchor: int) -> None:
        self._anchor = anchor
        self._better_since = anchor - REVISIONS[-1][1] * DAY
        by_name = {person.name: person for person in staff.members}
        self._stand_in, self._slipper = by_name[STAND_IN], by_name[SLIPPER]

    def starter(self, drawn: Person) -> Person:
        """Who starts a run that this person would start."""
        return self._slipper if drawn.name in _LEAVE_IT_TO_HIM else drawn

    def pace(self, story: Story) -> float:
        """How many times as long each step takes."""
        return _SLOWER if story["office"] == SLOW_OFFICE else 1.0

    def hurry(self, step: Step, created: int) -> float:
        """How many times as long this step takes in a run that was started at `created`."""
        return _QUICKER if step.kind == "Approval" and created >= self._better_since else 1.0

    def rejects(self, step: Step, who: Person) -> float:
        """How often somebody rejects."""
        return step.reject * _REJECTS.get(who.name, 1.0)

    def stand_in(self, step: Step, due: int | None, done: int | None) -> Person | None:
        """Who has a task in place of the person it would be with."""
        if step.role != self._stand_in.role or due is None or not self._anchor < due <= self._anchor + _AWAY:
            return None
        return self._stand_in if done is None or done > self._anchor else None
