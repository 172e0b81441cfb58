"""Menu: the views in their order, what they are called, and what can be chosen on each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import streamlit as st

from psauth.dashboard import state
from psauth.dashboard.loading import nouns as loaders
from psauth.dashboard.parts import chapters, choices, waiting
from psauth.dashboard.parts.choices import Choice


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A view: its file, its title, and, where there is a table, what can be chosen.

    `plain` are the ids that its address may name, `heading` is its title where that depends on the address, `lights` is
    the view that the menu shows as open when this one has no line there.
    """

    file: str
    title: str
    icon: str | None = None
    path: str | None = None
    first: bool = False
    choices: Callable[[], Sequence[Choice]] = tuple
    plain: tuple[str, ...] = ()
    heading: Callable[[], str | None] | None = None
    lights: str | None = None

    def page(self) -> Any:
        """The view as Streamlit knows it."""
        return st.Page(
            f"views/{self.file}.py",
            title=self.title,
            icon=self.icon,
            url_path=self.path,
            default=self.first,
            visibility="hidden" if self.lights else "visible",
        )


def of_tasks() -> Sequence[Choice]:
    """Of one run, its tasks; of a person, all that are assigned; else those of the newest runs."""
    narrower = (choices.TASK_STATUS, choices.DUE)
    if choices.named(state.RUN):
        return (*narrower, choices.SEARCH)
    if choices.has(state.ASSIGNEE):
        return (choices.any_workflow(), choices.assignee(), *narrower, choices.SEARCH)
    return (choices.some_workflow(), choices.assignee(), *narrower, choices.OF_RUNS, choices.SEARCH)


def of_form_values() -> Sequence[Choice]:
    """Of one run, a row a value; else a row a run, of the newest runs."""
    if choices.named(state.RUN):
        return (choices.BY_VALUE, choices.SEARCH)
    return (choices.some_workflow(), choices.OF_RUNS, choices.BY_RUN, choices.SEARCH)


def of_answers() -> Sequence[Choice]:
    """What the local copy is asked; the view ends here when there is none."""
    chapters.copy()
    return (choices.any_workflow(), choices.SINCE, chapters.choice())


def data_set_name() -> str | None:
    """The name of the data set in the address, where one is named; the view ends here when there is no such one."""
    data_set = choices.named(state.DATA_SET)
    if data_set is None:
        return None
    sets = waiting.ready(loaders.data_sets(state.here())).frame
    names = sets.loc[sets["data_set_id"] == data_set, "name"]
    if names.empty:
        choices.say_problem(f"It names the data set “{data_set}”, and there is none of this id.")
        st.stop()
    name = names.iloc[0]
    return name if isinstance(name, str) and name.strip() else "Records"


MENU: Final = (
    Entry(
        file="workflows",
        title="Workflows",
        icon=":material/account_tree:",
        first=True,
        choices=lambda: (choices.SEARCH,),
    ),
    Entry(
        file="runs",
        title="Runs",
        icon=":material/play_circle:",
        choices=lambda: (choices.any_workflow(), choices.RUN_STATUS, choices.SINCE, choices.NEWEST, choices.SEARCH),
    ),
    Entry(file="tasks", title="Tasks", icon=":material/task_alt:", choices=of_tasks, plain=(state.RUN,)),
    Entry(
        file="form_values",
        title="Form values",
        icon=":material/edit_note:",
        path="form-values",
        choices=of_form_values,
        plain=(state.RUN,),
    ),
    Entry(file="answers", title="Answers", icon=":material/insights:", choices=of_answers),
    Entry(
        file="data_sets",
        title="Data sets",
        icon=":material/database:",
        path="data-sets",
        choices=lambda: (choices.SEARCH,),
    ),
    Entry(
        file="records",
        title="Records",
        choices=lambda: (choices.RECORDS, choices.SEARCH),
        plain=(state.DATA_SET,),
        heading=data_set_name,
        lights="data-sets",
    ),
    Entry(file="people", title="People", icon=":material/group:", choices=lambda: (choices.SEARCH,)),
    Entry(file="sync", title="Sync", icon=":material/sync:"),
    Entry(file="connection", title="Connection", icon=":material/link:"),
)
