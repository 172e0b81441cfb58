"""People: who has how many open tasks, and what will be due of them day by day."""

from __future__ import annotations

from typing import Any, Final

import altair as alt
import numpy as np
import pandas as pd

from psauth.charts.checks import Wanted, checked, moments, numbers, whole
from psauth.charts.lettering import name_of, shortened, width
from psauth.charts.palette import colours
from psauth.charts.theme import SMALL, TEXT, WIDTH, bars, dressed, rules, tips, words
from psauth.words import counted

WORKLOAD: Final = Wanted("workload", "ps.analysis.workload(…)", ("user_email", "open", "overdue"))
LOAD_AHEAD: Final = Wanted("load_ahead", "ps.analysis.load_ahead(…)", ("user_email", "day", "due", "usual"))
NOBODY: Final = "nobody"
"""Who has the tasks that no one is assigned to."""
MOST: Final = 20
"""People with a bar of their own."""
MOST_AHEAD: Final = 12
DAYS: Final = 14
_NAMES: Final = 230
_SPACE: Final = 12
_ROW: Final = 26
_HEAD: Final = 26


def workload(frame: pd.DataFrame, *, subject: str | None = None, dark: bool = False) -> alt.LayerChart:
    """Open tasks by person, those that are overdue first in each bar.

    Parameters:
        frame: as ps.analysis.workload(…) gives it. A task counts for each of its assignees.
        subject: what it is about, such as the workflow's name; it stands before the subtitle.
        dark: for a dark page.

    Errors: ArgumentError for a frame without rows or without a column that is needed.
    """
    c = colours(dark=dark)
    people, left_out = whole(checked(frame, WORKLOAD), ["open", "overdue"], WORKLOAD)
    people = people.sort_values(["open", "overdue"], ascending=False, kind="stable").reset_index(drop=True)
    shown, rest = people.head(MOST), people.iloc[MOST:]
    rows = [
        _person(name_of(p["user_email"], missing=NOBODY), p["open"], p["overdue"]) for p in shown.to_dict("records")
    ]
    begin = max(width(row["name"], TEXT) for row in rows) + _SPACE
    end, most = 560.0, max(float(people["open"].max()), 1.0)
    if len(rest):
        rows.append(
            _person(
                counted(len(rest), "more person").replace("persons", "people"),
                rest["open"].sum(),
                rest["overdue"].sum(),
            )
        )
    height = _HEAD + _ROW * len(rows)
    parts: list[dict[str, Any]] = []
    for n, row in enumerate(rows):
        row["y"] = _HEAD + _ROW * (n + 0.5)
        if n == MOST:
            continue
        reach = [begin + (end - begin) * min(row[part], row["open"]) / most for part in ("overdue", "open")]
        at = {"y": row["y"] - 8, "y2": row["y"] + 8}
        parts.append({**row, **at, "x": reach[0], "x2": max(reach[1], reach[0] + 1), "colour": c.pale})
        if row["overdue"]:
            parts.append({**row, **at, "x": begin, "x2": reach[0] - 1, "colour": c.very_late})
    tip = tips(full="Person", open_text="Open tasks", overdue_text="Overdue among them")
    figures = {"open": (640, "open_text", c.text), "overdue": (WIDTH, "overdue_text", c.text)}
    layers = [
        rules([{"x": 0, "x2": WIDTH, "y": _HEAD - 2, "y2": _HEAD - 2}], height, c.lines),
        bars(parts, height, tooltip=tip),
        words(
            [{**row, "x": begin - _SPACE, "text": row["name"]} for row in rows],
            height,
            c.text,
            align="right",
            tooltip=tip,
        ),
    ]
    for head, (x, field, colour) in figures.items():
        layers.append(words([{"x": x, "y": _HEAD / 2 - 3, "text": head}], height, c.quiet, align="right", size=SMALL))
        layers.append(
            words([{"x": x, "y": row["y"], "text": row[field]} for row in rows], height, colour, align="right")
        )
    said = (
        f"{_people(len(people))} with {int(people['open'].sum()):,} open in all, for a task counts for each of its assignees; "
        "the first, red part of a bar is overdue"
    )
    return dressed(
        layers,
        title=_workload_title(people),
        subtitle=said + (f"; {_people(left_out)} without figures left out" if left_out else ""),
        subject=subject,
        colours=c,
        height=height,
    )


def _person(full: str, many: float, overdue: float) -> dict[str, Any]:
    return {
        "name": shortened(full, _NAMES, TEXT),
        "full": full,
        "open": float(many),
        "overdue": float(overdue),
        "open_text": f"{many:,.0f}",
        "overdue_text": f"{overdue:,.0f}" if overdue else "–",
    }


def _workload_title(people: pd.DataFrame) -> str:
    """About a person: the tasks of all are fewer than those of each added up, where some have several assignees."""
    if not people["overdue"].sum():
        return "No open task is overdue"
    first = people.sort_values("overdue", ascending=False, kind="stable").iloc[0]
    overdue, many = int(first["overdue"]), int(first["open"])
    name = shortened(name_of(first["user_email"], missing=NOBODY), _NAMES, TEXT)
    most = "" if len(people) == 1 else ", the most of all"
    return f"{overdue:,} of {counted(many, 'open task')} with {name} {'is' if overdue == 1 else 'are'} overdue{most}"


def load_ahead(frame: pd.DataFrame, *, subject: str | None = None, dark: bool = False) -> alt.LayerChart:
    """Tasks that will be due, by person and day, beside what the person usually completes in a day.

    Parameters:
        frame: as ps.analysis.load_ahead(…) gives it; the first 14 days are drawn.
        subject: what it is about, such as the workflow's name; it stands before the subtitle.
        dark: for a dark page.

    Errors: ArgumentError for a frame without rows or without a column that is needed.
    """
    c = colours(dark=dark)
    tasks, left_out = whole(checked(frame, LOAD_AHEAD), ["due"], LOAD_AHEAD)
    tasks = tasks.assign(
        who=[name_of(email, missing=NOBODY) for email in tasks["user_email"]],
        day=moments(tasks, "day", LOAD_AHEAD).dt.floor("D"),
        usual=numbers(tasks, "usual", LOAD_AHEAD),
    ).dropna(subset="day")
    if tasks.empty:
        raise LOAD_AHEAD.refuse("no row has a day.")
    first = tasks["day"].min()
    tasks = tasks[tasks["day"] < first + pd.Timedelta(days=DAYS)]
    days = [first + pd.Timedelta(days=n) for n in range(DAYS)]
    table = tasks.pivot_table(index="who", columns="day", values="due", aggfunc="sum").reindex(columns=days).fillna(0)
    usual = tasks.groupby("who")["usual"].max()
    order = table.sum(axis=1).sort_values(ascending=False, kind="stable").index
    shown = order[:MOST_AHEAD]
    names = {who: shortened(who, 190, TEXT) for who in shown}
    begin = max(width(name, TEXT) for name in names.values()) + _SPACE
    end = 600.0
    step = (end - begin) / DAYS
    row_height, head = 54, 36
    height = head + row_height * len(shown)
    known = usual.reindex(shown).to_numpy(dtype=float)
    most = max(float(table.loc[shown].to_numpy().max()), float(np.nanmax(known, initial=0.0)), 1.0)
    each = (row_height - 24) / most
    parts, lines, counts_, bases, ends = [], [], [], [], []
    for n, who in enumerate(shown):
        base = head + row_height * (n + 1) - 16
        bases.append({"x": begin, "x2": end, "y": base, "y2": base})
        a_day = known[n]
        has_usual = not np.isnan(a_day)
        if has_usual:
            lines.append({"x": begin, "x2": end, "y": base - a_day * each, "y2": base - a_day * each})
        for k, day in enumerate(days):
            due = float(table.loc[who, day])
            left, top = begin + k * step, base - due * each
            if due:
                over = has_usual and due > a_day
                parts.append(
                    {"x": left + 3, "x2": left + step - 3, "y": top, "y2": base, "colour": c.late if over else c.pale}
                    | {"who": who, "day": f"{day:%a} {day.day} {day:%b}", "due": f"{due:,.0f}", "usual": _usual(a_day)}
                )
                counts_.append({"x": left + step / 2, "y": base + 8, "text": f"{due:,.0f}"})
        ends.append({"y": base - 10, "due": f"{table.loc[who].sum():,.0f}", "usual": _usual(a_day)})
    heads = [{"x": begin + (k + 0.5) * step, "y": 8, "text": f"{day:%a}"[:2]} for k, day in enumerate(days)]
    heads += [{"x": begin + (k + 0.5) * step, "y": 22, "text": f"{day.day}"} for k, day in enumerate(days)]
    tip = tips(who="Person", day="Day", due="Tasks due", usual="Usually completed a day")
    layers = [
        rules(bases, height, c.lines),
        bars(parts, height, tooltip=tip),
        rules(lines, height, c.accent, dash=True),
        words(counts_, height, c.quiet, align="center", size=10),
        words(
            [{"x": begin - _SPACE, "y": e["y"], "text": names[w]} for e, w in zip(ends, shown, strict=True)],
            height,
            c.text,
            align="right",
        ),
        words(heads, height, c.quiet, align="center", size=SMALL),
    ]
    for field, x, title in (("due", 644, "due"), ("usual", WIDTH, "usual a day")):
        layers.append(words([{"x": x, "y": 22, "text": title}], height, c.quiet, align="right", size=SMALL))
        layers.append(words([{"x": x, "y": e["y"], "text": e[field]} for e in ends], height, c.text, align="right"))
    return dressed(
        layers,
        title=_ahead_title(table, usual),
        subtitle=_ahead_subtitle(table, order, first, left_out),
        subject=subject,
        colours=c,
        height=height,
    )


def _usual(a_day: float) -> str:
    return "not known" if np.isnan(a_day) else f"{a_day:.1f}".removesuffix(".0")


def _ahead_title(table: pd.DataFrame, usual: pd.Series) -> str:
    values = table.to_numpy(dtype=float)
    row, column = np.unravel_index(int(values.argmax()), values.shape)
    who, day = table.index[int(row)], pd.Timestamp(table.columns[int(column)])
    due, a_day = float(values[row, column]), float(usual.get(who, np.nan))
    said = f"{shortened(str(who), 230, TEXT)} has {counted(int(due), 'task')} due on {day:%A} {day.day} {day:%B}"
    return said if np.isnan(a_day) else f"{said}; usual is {_usual(a_day)} a day"


def _ahead_subtitle(table: pd.DataFrame, order: pd.Index, first: pd.Timestamp, left_out: int) -> str:
    said = f"{counted(int(table.to_numpy().sum()), 'task')} of {_people(len(table))} due in {DAYS} days from {first:%Y-%m-%d}; "
    said += "dashed: what the person usually completes in a day; days above it stand out"
    if len(order) > MOST_AHEAD:
        rest = int(table.loc[order[MOST_AHEAD:]].to_numpy().sum())
        said += f"; {_people(len(order) - MOST_AHEAD)} with {counted(rest, 'task')} more are not drawn"
    return said + (f"; {counted(left_out, 'row')} without figures left out" if left_out else "")


def _people(many: int) -> str:
    return f"{many:,} {'person' if many == 1 else 'people'}"
