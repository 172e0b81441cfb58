"""Sentences: what an answer says, in plain words. Each takes the frame of the question of its name, and names its count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final

import pandas as pd

from psauth.analysis.few import FEWEST
from psauth.analysis.questions.at_risk import ENOUGH, LATE_ALREADY, LIKELY_IN_TIME, LIKELY_LATE, TOO_LITTLE
from psauth.analysis.questions.sla_fit import SUGGESTED, WORKDAYS
from psauth.analysis.questions.template_health import (
    BROKEN_ORDER,
    EMPTY_FIELD,
    HIDDEN_TASK,
    IDLE_RULE,
    NOBODYS_TASK,
    SKIPPED_TASK,
)
from psauth.charts.figures import long_text, share_text
from psauth.charts.lettering import name_of
from psauth.words import counted

LONGEST_NAME: Final = 60
"""Characters of a name that stand in a sentence."""
SURE: Final = 0.05
"""A p-value below it is called more than chance."""
COMPARED: Final = 4
"""So many periods are compared with as many before them."""
LENGTHS: Final = {
    "day": pd.DateOffset(days=1),
    "week": pd.DateOffset(weeks=1),
    "month": pd.DateOffset(months=1),
}
KINDS: Final = {
    EMPTY_FIELD: ("field that nobody filled in", "fields that nobody filled in"),
    HIDDEN_TASK: ("task that was always hidden", "tasks that were always hidden"),
    SKIPPED_TASK: ("task that was always skipped", "tasks that were always skipped"),
    IDLE_RULE: ("rule that never held", "rules that never held"),
    NOBODYS_TASK: ("task that is assigned to nobody in open runs", "tasks that are assigned to nobody in open runs"),
    BROKEN_ORDER: ("pair of tasks whose order was never followed", "pairs of tasks whose order was never followed"),
}


def about(subject: str, sentence: str) -> str:
    """A sentence with what it is about before it: `Purchase Request: 9 of 41 open runs …`."""
    return f"{_name(subject)}: {sentence[:1].lower()}{sentence[1:]}"


# Time ---------------------------------------------------------------------------------------------------------------


def run_times(frame: pd.DataFrame) -> str:
    """How long finished runs took, and how many are open."""
    if frame.empty:
        return "No run was started."
    hours = frame["hours"].dropna()
    is_open, is_archived = (int((frame["status"] == status).sum()) for status in ("Active", "Archived"))
    others = [f"{is_open:,} {_is(is_open)} open" if is_open else "none is open"]
    if is_archived:
        others.append(f"{is_archived:,} {_was(is_archived)} archived")
    rest = _all(others)
    if hours.empty:
        return f"No run is finished yet; {rest}."
    finished = counted(len(hours), "run")
    if len(hours) < FEWEST:
        said = f"Only {finished} {_is(len(hours))} finished, too few for a median: {_took(hours)}; {rest}."
    else:
        half, most = (long_text(float(hours.quantile(share))) for share in (0.5, 0.85))
        said = f"Half of the {len(hours):,} finished runs took at most {half}, 85% at most {most}; {rest}."
    estimated = int(frame["finished_estimated"].fillna(False).sum())
    return said + (f" Of {estimated:,} of the finished ones the end is an estimate." if estimated else "")


def median_run_time(frame: pd.DataFrame) -> str:
    """The median with open runs counted; of one workflow."""
    if frame.empty:
        return "No run was started."
    row = frame.iloc[0]
    runs = int(row["finished"] + row["unfinished"])
    if pd.isna(row["median_hours"]):
        finished = int(row["finished"])
        return f"What half of {counted(runs, 'run')} take cannot be said yet: {finished:,} {_is(finished)} finished."
    between = ""
    if pd.notna(row["lower"]) and pd.notna(row["upper"]):
        between = f" (with 95% certainty between {long_text(row['lower'])} and {long_text(row['upper'])})"
    return (
        f"With unfinished runs counted for what is known of them ({int(row['unfinished']):,} of {runs:,}), half take at most "
        f"{long_text(row['median_hours'])}{between}."
    )


def throughput(frame: pd.DataFrame, every: str, now: pd.Timestamp) -> str:
    """How many runs came and went in the last periods that are over, compared with as many before them.

    every: "day", "week" or "month", as the frame was asked for. now: which moment it is, which tells the periods that are over.
    """
    if frame.empty:
        return "No run was started or ended."
    under_way = int(frame["in_progress"].iloc[-1])
    over = frame[frame["period"] + LENGTHS[every] <= now]
    many = min(COMPARED, len(over) // 2)
    end = f"; {counted(under_way, 'run')} {_is(under_way)} under way."
    if not many:
        return f"There are not yet two whole {every}s to compare{end}"
    newer, older = over.iloc[-many:], over.iloc[-2 * many : -many]
    length = every if many == 1 else f"{many} {every}s"
    parts: list[str] = []
    compared = False
    for column, verb in (("arrivals", "started"), ("departures", "ended")):
        one, other = int(newer[column].sum()), int(older[column].sum())
        part = f"{one:,} {verb}" if parts else f"{counted(one, 'run')} {_was(one)} {verb}"
        if min(one, other) >= FEWEST:
            part += f", {_beside(one - other, '' if compared else f'in the {length} before')}"
            compared = True
        parts.append(part)
    said = f"In the last {f'whole {every}' if many == 1 else f'{many} whole {every}s'} {', and '.join(parts)}"
    return f"{said}{'' if compared else f', too few to compare with the {length} before'}{end}"


def bottlenecks(frame: pd.DataFrame) -> str:
    """Which task the most time goes into; of one workflow."""
    named = _longest(frame)
    if named is None:
        return "No task was completed, or none took any time."
    top = frame.iloc[0]
    times = counted(int(top["count"]), "time")
    if pd.isna(top["median_hours"]):
        return f"The most time goes into {named} (completed {times}, too few for a median)."
    return f"The most time goes into {named}; the median of {times} is {long_text(top['median_hours'])}."


def ageing(frame: pd.DataFrame) -> str:
    """How many open runs are older than nearly all finished ones were; of one workflow."""
    if frame.empty:
        return "No run is open."
    runs, finished = counted(len(frame), "open run"), int(frame["count"].max())
    oldest = long_text(frame["age_hours"].max())
    if frame["percentile"].isna().all():
        return f"The oldest of {runs} is {oldest} old; {counted(finished, 'finished run')} {_is(finished)} too few to compare with."
    old = int((frame["percentile"] >= 95).sum())
    return f"{_or_none(old)} of {runs} {_is(old or 1)} older than 95% of the {finished:,} finished ones were; the oldest is {oldest} old."


# Late ---------------------------------------------------------------------------------------------------------------


def at_risk(frame: pd.DataFrame, bottlenecks: pd.DataFrame | None = None) -> str:
    """How many open runs will likely be late, and which task the most time goes into.

    bottlenecks: the answer of that question for the same workflow; without it, no task is named.
    """
    if frame.empty:
        return "No open run has a due date."
    verdicts = frame["verdict"].value_counts()
    already, likely, unknown = (int(verdicts.get(each, 0)) for each in (LATE_ALREADY, LIKELY_LATE, TOO_LITTLE))
    runs = f"{counted(len(frame), 'open run')} with a due date"
    if unknown == len(frame):
        return (
            f"Whether {runs} will be late cannot be said: under {ENOUGH} runs like {'it' if unknown == 1 else 'them'} "
            "were finished."
        )
    if likely:
        said = f"{likely:,} of {runs} will likely be late"
        said += f", {already:,} more {_is(already)} late already" if already else ""
    elif already == len(frame):
        every = {1: "The only", 2: "Both"}.get(already, f"All {already:,}")
        said = f"{every} open {'run' if already == 1 else 'runs'} with a due date {_is(already)} late already"
    elif already:
        said = f"{already:,} of {runs} {_is(already)} late already, and no other is likely to be"
    else:
        said = f"None of {runs} is likely to be late"
    if unknown:
        said += f"; of {unknown:,} too little is known"
    named = None if bottlenecks is None or not likely + already else _longest(bottlenecks)
    return f"{said}; the most time goes into {named}." if named else f"{said}."


def calibration(frame: pd.DataFrame) -> str:
    """What the chances of runs to end late were worth in the past."""
    rows = frame.set_index("verdict")["count"]
    late = (frame.set_index("verdict")["share_late"] * rows).round()
    known = [each for each in (LIKELY_LATE, LIKELY_IN_TIME) if rows.get(each, 0) >= FEWEST]
    if not known:
        return "What these chances were worth in the past cannot be said: of too few runs is known what became of them."
    parts = [f"of {counted(int(rows[each]), 'run')} called {each}, {int(late[each]):,} ended late" for each in known]
    return f"Looking back, {_all(parts)}."


def overdue(frame: pd.DataFrame) -> str:
    """How many tasks are late now, by how much, and with whom the most are."""
    if frame.empty:
        return "No task is overdue."
    late = frame["late_hours"].dropna()
    said = f"{counted(len(frame), 'task')} {_is(len(frame))} overdue"
    if len(late) >= FEWEST:
        said += f", half of them by {long_text(late.median())} or more"
    elif len(late):
        said += f", by {_all(long_text(hours) for hours in sorted(late))}"
    people = Counter(
        email for emails in frame["user_emails"].dropna() for email in dict.fromkeys(str(emails).split(", "))
    )
    nobodys = int(frame["user_emails"].isna().sum())
    if people:
        said += f"; {_most(people)}"
    return said + (f"; {nobodys:,} {_is(nobodys)} assigned to nobody." if nobodys else ".")


def workload(frame: pd.DataFrame) -> str:
    """With whom the most open tasks are."""
    if frame.empty:
        return "No task is open."
    people = frame[frame["user_email"].notna()]
    nobodys = int(frame.loc[frame["user_email"].isna(), "open"].sum())
    if people.empty:
        return f"{counted(nobodys, 'open task')} {_is(nobodys)} assigned to nobody, and none to anybody."
    with_open = dict(zip(people["user_email"], people["open"].astype(int), strict=True))
    with_late = {
        email: late for email, late in zip(people["user_email"], people["overdue"].astype(int), strict=True) if late
    }
    one = len(with_open) == 1
    said = f"{counted(len(with_open), 'person').replace('persons', 'people')} {'has' if one else 'have'} open tasks; {_most(with_open)}"
    said += f"; of those that are overdue {_most(with_late)}" if with_late else "; none of theirs is overdue"
    return said + (f"; {nobodys:,} {_is(nobodys)} assigned to nobody." if nobodys else ".")


def load_ahead(frame: pd.DataFrame) -> str:
    """Who has more due in the next days than this person usually completes in as many."""
    if frame.empty:
        return "Nothing is due in the next days."
    days = int(frame["day"].nunique())
    span = "today" if days == 1 else f"in the next {days} days"
    is_known = frame["user_email"].notna()
    of_person = frame[is_known].groupby("user_email").agg(due=("due", "sum"), usual=("usual", "sum"))
    if of_person.empty:
        nobodys = int(frame["due"].sum())
        return f"{counted(nobodys, 'task')} {_is(nobodys)} due {span}, assigned to nobody."
    over = (of_person["due"] - of_person["usual"]).sort_values(ascending=False, kind="stable")
    many = int((over > 0).sum())
    has = "has" if many < 2 else "have"
    said = f"{_or_none(many)} of {_people(len(over))} {has} more due {span} than usually completed in that time"
    if not many:
        return f"{said}."
    top = of_person.loc[over.index[0]]
    return f"{said}; furthest over is {_name(over.index[0])}: {int(top['due']):,} due, and usually {top['usual']:,.0f} completed."


def drift(frame: pd.DataFrame) -> str:
    """How many due dates moved, which way, and in whose runs the most did."""
    if frame.empty:
        return "No due date was seen to move."
    hours = frame["drift_hours"]
    later, earlier = hours[hours > 0], hours[hours < 0]
    back, gone = int((hours == 0).sum()), int(hours.isna().sum())
    parts = []
    if len(later) >= FEWEST:
        parts.append(f"{len(later):,} to a later date, half of these by {long_text(later.median())} or more")
    elif len(later):
        parts.append(f"{len(later):,} to a later date (by {_all(long_text(each) for each in sorted(later))})")
    parts += [f"{len(earlier):,} to an earlier date"] if len(earlier) else []
    parts += [f"{back:,} there and back"] if back else []
    parts += [f"{gone:,} {_was(gone)} taken away"] if gone else []
    said = f"{counted(len(frame), 'due date')} {_was(len(frame))} seen to move: {_all(parts)}"
    owners = Counter(frame["owner_email"].dropna())
    return f"{said}; {_most(owners, 'in runs of')}." if owners else f"{said}."


def on_time(frame: pd.DataFrame) -> str:
    """How many tasks were completed in time, and how many of them only because the date moved."""
    count = int(frame["count"].sum())
    if not count:
        return "No completed task has a due date."
    moved, unobserved = int(frame["moved"].sum()), int(frame["unobserved"].sum())
    in_time = int(frame["on_time"].sum()) + moved
    share = f" ({share_text(in_time / count)})" if count >= FEWEST else ""
    said = (
        f"{_or_none(in_time)} of {counted(count, 'completed task')} with a due date {_was(in_time or 1)} in time{share}"
    )
    if unobserved == count:
        return f"{said}, by the dates as they stand: whether these moved before is not known."
    if moved == in_time == 1:
        said += ", and only because the date moved"
    elif moved:
        of_these = f" ({share_text(moved / in_time)})" if in_time >= FEWEST else ""
        said += f", {moved:,} of these{of_these} only because the date moved"
    elif in_time:
        said += ", none of them only because the date was seen to move"
    if unobserved:
        said += f"; of {unobserved:,} it is not known whether it did"
    return f"{said}."


def sla_fit(frame: pd.DataFrame) -> str:
    """Which rule for a due date is met least, and what would be."""
    if frame.empty:
        return "No rule sets a due date."
    rules = counted(len(frame), "rule")
    known = frame[(frame["count"] >= FEWEST) & frame["share_met"].notna()]
    if known.empty:
        return f"How well {rules} for due dates {'fits' if len(frame) == 1 else 'fit'} cannot be said: none was seen {FEWEST} times."
    unmet = int((100 * known["share_met"] < SUGGESTED).sum())
    if not unmet:
        return f"Of {_rules(len(known))} none was met in under {SUGGESTED}% of the cases."
    least = known.sort_values("share_met", kind="stable").iloc[0]
    said = (
        f"{unmet:,} of {_rules(len(known))} {_was(unmet)} met in under {SUGGESTED}% of the cases; least that of "
        f"{_quoted(least['name'])}, {_offset(least['offset_hours'], least)}: by {int(least['met']):,} of {int(least['count']):,}"
    )
    if pd.notna(least["suggested_hours"]):
        said += f". {SUGGESTED}% took at most {_offset(least['suggested_hours'], least)}"
    return f"{said}."


# Changes and causes -------------------------------------------------------------------------------------------------


def before_after(frame: pd.DataFrame) -> str:
    """Whether runs take longer or shorter under the latest revision than under the one before."""
    if frame.empty:
        return "No run was started under a revision that is known."
    if len(frame) == 1:
        return "Runs were started under one revision of the template alone: there is nothing to compare."
    before, after = frame.iloc[-2], frame.iloc[-1]
    runs = f"{_runs_under(after)}, and {_runs_under(before)}"
    difference, p_value = after["difference"], after["p_value"]
    if pd.isna(difference) or pd.isna(p_value):
        return f"What the latest revision changed cannot be said yet: there are {runs}."
    said = f"Under revision {_name(after['revision'])} the median run takes "
    if round(abs(difference) * 60) == 0:
        said += f"as long as under {_name(before['revision'])}"
    else:
        said += f"{long_text(abs(difference))} {'more' if difference > 0 else 'less'} than under {_name(before['revision'])}"
        said += ": more than chance would explain" if p_value < SURE else ", which chance alone may explain"
    said += f" (p {_p(p_value)}; {runs})"
    migrated = int(before["migrated"] + after["migrated"])
    return (
        f"{said}. {counted(migrated, 'run')} that {_was(migrated)} migrated {_is(migrated)} left out."
        if migrated
        else f"{said}."
    )


def drivers(frame: pd.DataFrame) -> str:
    """Which answer goes with slow runs most surely: an association."""
    if frame.empty:
        return "No answer was given often enough to compare the runs that have it with others."
    answers = counted(len(frame), "answer")
    slower = frame[(frame["p_corrected"] < SURE) & (frame["ratio"] > 1)]
    if slower.empty:
        return f"None of {answers} that {_was(len(frame))} compared goes with slower runs more clearly than chance may explain."
    top = slower.sort_values("p_corrected", kind="stable").iloc[0]
    return (
        f"Of {answers} that {_was(len(frame))} compared, {len(slower):,} {'goes' if len(slower) == 1 else 'go'} with slower "
        f"runs, most surely {_quoted(top['label'])}: {_quoted(top['answer'])}, with which {counted(int(top['runs']), 'run')} "
        f"took {top['ratio']:.1f} times as long as {int(top['other_runs']):,} others, by their medians. This is an "
        "association, and not a cause."
    )


def approval_loops(frame: pd.DataFrame) -> str:
    """How many decisions are rejections, where the most are, and how long a decision takes there."""
    decided = int(frame["decided"].sum())
    if not decided:
        return "No approval was decided."
    rejected = int(frame["rejected"].sum())
    share = f" ({share_text(rejected / decided)})" if decided >= FEWEST else ""
    verb = "are rejections" if rejected > 1 else "is a rejection"
    said = f"{_or_none(rejected)} of {counted(decided, 'decision')} {verb}{share}"
    if rejected:
        top = frame.sort_values("rejected", ascending=False, kind="stable").iloc[0]
        said += f", the most at {_quoted(top['name'])}: {int(top['rejected']):,} of {int(top['decided']):,}"
    timed = frame[frame["median_hours"].notna()]
    if len(timed):
        slow = timed.sort_values("median_hours", ascending=False, kind="stable").iloc[0]
        said += (
            f"; decisions take longest at {_quoted(slow['name'])}, {long_text(slow['median_hours'])} in the median of "
            f"{int(slow['timed']):,}"
        )
    repeated = int(frame["repeated"].fillna(0).sum())
    return said + (f"; {repeated:,} {_was(repeated)} seen decided more than once." if repeated else ".")


# The process --------------------------------------------------------------------------------------------------------


def conformance(conforming: pd.DataFrame, pairs: pd.DataFrame) -> str:
    """How many runs follow the order of the template, and where it is broken most.

    conforming: the answer of that question; pairs: that of conformance.
    """
    runs, follow = int(conforming["runs"].sum()), int(conforming["conforming"].sum())
    if not runs:
        return "No finished run completed two tasks of the template, so none can follow or break its order."
    share = f" ({share_text(follow / runs)})" if runs >= FEWEST else ""
    verb = "follow" if follow > 1 else "follows"
    said = f"{_or_none(follow)} of {counted(runs, 'finished run')} {verb} the order of the template{share}"
    broken = pairs[pairs["broken"] > 0].sort_values("broken", ascending=False, kind="stable")
    if broken.empty:
        return f"{said}."
    top = broken.iloc[0]
    return (
        f"{said}; the most often {_quoted(top['later'])} is completed before {_quoted(top['earlier'])}, in "
        f"{int(top['broken']):,} of {counted(int(top['count']), 'run')}."
    )


def variants(frame: pd.DataFrame) -> str:
    """How many orders there are, and how many runs went the most frequent one."""
    if frame.empty:
        return "No run is finished yet."
    runs, most = int(frame["count"].sum()), int(frame["count"].iloc[0])
    if len(frame) == 1:
        return (
            f"Every one of {counted(runs, 'finished run')} went the same way." if runs > 1 else "One run is finished."
        )
    enough = int((frame["covered"] < 0.8 - 1e-9).sum()) + 1
    return (
        f"{counted(runs, 'finished run')} went {len(frame):,} ways: {most:,} the most frequent one; {enough:,} "
        f"{'way makes' if enough == 1 else 'ways make'} up 80%."
    )


def template_health(frame: pd.DataFrame) -> str:
    """What templates have that runs do not use."""
    if frame.empty:
        return f"Nothing in templates that was seen {FEWEST} times or more is unused."
    found = frame["kind"].value_counts()
    parts = [f"{int(found[kind]):,} {KINDS[kind][int(found[kind]) != 1]}" for kind in KINDS if kind in found]
    return f"{counted(len(frame), 'finding')} about templates: {_all(parts)}."


# Words --------------------------------------------------------------------------------------------------------------


def _longest(frame: pd.DataFrame) -> str | None:
    """The task with the most time, and its share; None where no time was spent."""
    if frame.empty or pd.isna(frame["share"].iloc[0]):
        return None
    top = frame.iloc[0]
    return f"the wait until {_quoted(top['name'])} is done, {share_text(top['share'])} of all task time"


def _name(value: Any) -> str:
    """A name of the service on one line, not too long."""
    name = name_of(value)
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1].rstrip() + "…"


def _quoted(value: Any) -> str:
    return f"'{_name(value)}'"


def _most(of_people: Any, preposition: str = "with") -> str:
    """Who has the most: `the most are with ann@example.com: 6`."""
    most = max(of_people.values())
    names = sorted(str(name) for name, count in of_people.items() if count == most)
    shown = [_name(name) for name in names[:2]]
    if len(names) > len(shown):
        shown = [shown[0], counted(len(names) - 1, "other")]
    return f"the most are {preposition} {_all(shown)}: {int(most):,}{' each' if len(names) > 1 else ''}"


def _all(parts: Iterable[str]) -> str:
    """`one, two and three`."""
    every: Sequence[str] = list(parts)
    return every[0] if len(every) == 1 else f"{', '.join(every[:-1])} and {every[-1]}"


def _or_none(number: int) -> str:
    return f"{number:,}" if number else "None"


def _took(hours: pd.Series) -> str:
    return f"{'it' if len(hours) == 1 else 'they'} took {_all(long_text(each) for each in sorted(hours))}"


def _is(number: int) -> str:
    return "is" if number == 1 else "are"


def _was(number: int) -> str:
    return "was" if number == 1 else "were"


def _people(number: int) -> str:
    return f"{number:,} {'person' if number == 1 else 'people'}"


def _rules(number: int) -> str:
    return f"{counted(number, 'rule')} for due dates"


def _beside(difference: int, before: str) -> str:
    """`3 more than in the week before`; without a `before`, `3 more`."""
    if not difference:
        return f"as many as {before}" if before else "as many"
    more = f"{abs(difference):,} {'fewer' if difference < 0 else 'more'}"
    return f"{more} than {before}" if before else more


def _offset(hours: float, rule: pd.Series) -> str:
    """The offset of a rule, as long as it is counted."""
    days = " of Monday to Friday" if rule["day_handling"] == WORKDAYS else ""
    return f"{long_text(abs(hours))}{days}{' before the date it counts from' if hours < 0 else ''}"


def _runs_under(row: pd.Series) -> str:
    return f"{counted(int(row['runs']), 'run')} under {_name(row['revision'])}"


def _p(value: float) -> str:
    return f"= {value:.2g}" if value >= 0.001 else "< 0.001"
