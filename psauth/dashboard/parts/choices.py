"""Choices: what a person chooses stands in the address, so that a reload, a bookmark and the back button keep it."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import pandas as pd
import streamlit as st
from streamlit.errors import StreamlitAPIException

from psauth.dashboard import state
from psauth.dashboard.loading import nouns as loaders
from psauth.dashboard.parts import waiting
from psauth.dashboard.parts.columns import WORDS
from psauth.dashboard.parts.text import clean
from psauth.reading.arguments import ID_SHAPE
from psauth.reading.endpoints import RUN_STATUSES, TASK_STATUSES

ALL_WORKFLOWS: Final = "all"
"""Chosen where the runs of every workflow are meant, and not just none chosen yet."""


@dataclass(frozen=True)
class Choice:
    """A choice of one. `name` stands in the address, with the words of what is chosen; the first option is the usual one."""

    name: str
    label: str
    options: Mapping[str, str]
    width: int = 160
    typed: bool = False
    """Whether something else may be typed in: an e-mail address."""
    pills: bool = False
    """Whether all options stand there side by side, below the other choices."""

    @property
    def usual(self) -> str:
        """What is chosen when the address says nothing."""
        return next(iter(self.options))

    def find(self, text: str) -> str | None:
        """The option that a text in the address means: its value or its words, in any case; None when there is none."""
        if text in self.options or not text:
            return text or self.usual
        for value, words in self.options.items():
            if _same(words) == _same(text):
                return value
        return text if self.typed and "@" in text else None


RUN_STATUS: Final = Choice(
    state.STATUS, "Status", {"": "Any status", **{status: status for status in RUN_STATUSES}}, width=135
)
TASK_STATUS: Final = Choice(
    state.STATUS, "Status", {"": "Any status", **{s: WORDS.get(s, s) for s in TASK_STATUSES}}, width=150
)
DUE: Final = Choice(state.DUE, "Due", {"": "Due any time", "overdue": "Overdue"}, width=135)
SINCE: Final = Choice(
    state.SINCE,
    "Created",
    {"": "Any time", "7": "Last 7 days", "30": "Last 30 days", "90": "Last 90 days", "365": "Last year"},
    width=145,
)
NEWEST: Final = Choice(state.NEWEST, "How many", {"200": "Newest 200", "1000": "Newest 1,000", "all": "All"}, width=150)
OF_RUNS: Final = Choice(
    state.NEWEST,
    "How many runs",
    {"100": "Newest 100 runs", "500": "Newest 500 runs", "1000": "Newest 1,000 runs"},
    width=185,
)
BY_RUN: Final = Choice(state.LAYOUT, "Layout", {"run": "One row a run", "value": "One row a value"}, width=170)
BY_VALUE: Final = Choice(state.LAYOUT, "Layout", {"value": "One row a value", "run": "One row a run"}, width=170)
RECORDS: Final = Choice(state.ALL, "How many", {"": "First 1,000", "yes": "All records"}, width=150)
SEARCH: Final = Choice(state.SEARCH, "Search", {"": ""})
"""Any words; drawn as a field of its own."""


def any_workflow() -> Choice:
    """A choice of a workflow by its name, or of all."""
    return Choice(state.WORKFLOW, "Workflow", {"": "All workflows", **_workflow_names()}, width=240)


def some_workflow() -> Choice:
    """A choice of a workflow by its name, of all, or of none yet."""
    options = {"": "Choose a workflow", ALL_WORKFLOWS: "All workflows", **_workflow_names()}
    return Choice(state.WORKFLOW, "Workflow", options, width=240)


def assignee() -> Choice:
    """A choice of a person: anybody, one of those that were read already, or any e-mail address."""
    people = loaders.known_people(state.here())
    options = {"": "Assigned to anybody"}
    if people is not None:
        people = people.dropna(subset=["email"])
        options |= dict(zip(people["email"], person_words(people), strict=True))
    return Choice(state.ASSIGNEE, "Assignee", options, width=300, typed=True)


def workflow_names(workflows: pd.DataFrame) -> dict[str, str]:
    """The name of each workflow by its id; with the id, where two are called the same."""
    names = workflows["name"].fillna("Without a name")
    # The widget tells its options apart by their words.
    names = names.where(~names.duplicated(keep=False), names + " (" + workflows["workflow_id"] + ")")
    return dict(zip(workflows["workflow_id"], names, strict=True))


def person_words(people: pd.DataFrame) -> list[str]:
    """The words for each person, as the address has them: name and e-mail address."""
    names = people["username"].fillna("")
    return [f"{name} {email}".strip() for name, email in zip(names, people["email"], strict=True)]


def show(choices: Sequence[Choice], plain: Sequence[str] = ()) -> None:
    """The choices of a view, in one row. The view ends here when the address asks for something that there is not.

    `plain` are further names that the address of this view may have: the ids of things.
    """
    asked = _asked()
    if (problem := _problem(asked, choices, plain)) is not None:
        say_problem(problem)
        st.stop()
    chosen = {choice.name: value for choice in choices if (value := _find(choice, asked)) is not None}
    _spell_out(choices, chosen, asked)
    if not state.has_chosen():
        state.choose(chosen)
    with st.container(horizontal=True, key="choices"):
        for choice in choices:
            if choice is SEARCH:
                _search_field()
            elif not choice.pills:
                _select_box(choice)
    for choice in choices:
        if choice.pills:
            _pills(choice)


def since() -> str | None:
    """The day from which on runs are wanted, by UTC."""
    days = state.chosen(state.SINCE)
    return f"{datetime.now(UTC) - timedelta(days=int(days)):%Y-%m-%d}" if days else None


def email() -> str | None:
    """The e-mail address of the person whose tasks are wanted."""
    words = state.chosen(state.ASSIGNEE).split()
    return words[-1] if words else None


def has(name: str) -> bool:
    """Whether something is chosen under this name: by the widget, or by the address before there is one."""
    return bool(state.chosen(name) if state.has_chosen() else st.query_params.get(name))


def named(name: str) -> str | None:
    """The id that stands in the address under this name."""
    return st.query_params.get(name) or None


def _workflow_names() -> dict[str, str]:
    names = workflow_names(waiting.ready(loaders.workflows(state.here())).frame)
    return dict(sorted(names.items(), key=lambda pair: pair[1].casefold()))


def _select_box(choice: Choice) -> None:
    st.selectbox(
        choice.label,
        list(choice.options),
        format_func=lambda value: choice.options.get(value, value),
        key=choice.name,
        bind="query-params",
        accept_new_options=choice.typed,
        label_visibility="collapsed",
        width=choice.width,
    )


def _pills(choice: Choice) -> None:
    st.pills(
        choice.label,
        list(choice.options),
        required=True,
        format_func=lambda value: choice.options[value],
        key=choice.name,
        bind="query-params",
        label_visibility="collapsed",
    )


def _search_field() -> None:
    st.text_input(
        SEARCH.label,
        key=SEARCH.name,
        bind="query-params",
        placeholder="Search",
        label_visibility="collapsed",
        icon=":material/search:",
    )


def _problem(asked: Mapping[str, list[str]], choices: Sequence[Choice], plain: Sequence[str]) -> str | None:
    """What the address asks for and there is not, if anything."""
    by_name = {choice.name: choice for choice in choices}
    for name, texts in asked.items():
        if name not in by_name and name not in plain:
            return f"It names “{name}”, which means nothing here."
        if len(texts) > 1:
            return (
                f"It names “{name}” {len(texts)} times: {', '.join(f'“{text}”' for text in texts)}. Once was expected."
            )
        if name in plain and not ID_SHAPE.fullmatch(texts[0]):
            return f"It names “{texts[0]}” as {name}, which is no id."
        if name in by_name and _find(by_name[name], asked) is None:
            return f"It asks for “{texts[0]}” under “{name}”, and there is no such thing."
    return None


def say_problem(problem: str) -> None:
    st.header("The address of this view leads to nothing")
    st.text(clean(problem))
    if st.button("Show everything", type="primary"):
        state.forget_choices()
        st.query_params.clear()
        st.rerun()


def _find(choice: Choice, asked: Mapping[str, list[str]]) -> str | None:
    text = asked.get(choice.name, [""])[-1]
    return text if choice is SEARCH else choice.find(text)


def _asked() -> dict[str, list[str]]:
    """What the address asks for, by the names in it."""
    words = state.take_asked()
    if words is None:
        return {name: st.query_params.get_all(name) for name in st.query_params}
    if _write(words):
        st.rerun()
    return {name: [text] for name, text in words.items()}


def _write(words: Mapping[str, str]) -> bool:
    """Write the address, unless a widget holds on to a name in it: what is chosen then gets there by that widget."""
    try:
        st.query_params.from_dict(words)
    except StreamlitAPIException:
        return False
    return True


def _spell_out(choices: Sequence[Choice], chosen: Mapping[str, str], asked: Mapping[str, list[str]]) -> None:
    """Have the address say in words what it says by an id: a widget takes only the words that it shows.

    That is done by the next run: in this one, widgets that were drawn before may still hold on to the names.
    """
    words = {c.name: c.options[value] for c in choices if c is not SEARCH and (value := chosen[c.name]) in c.options}
    wanted = {name: words.get(name, texts[-1]) for name, texts in asked.items()}
    if wanted != {name: texts[-1] for name, texts in asked.items()}:
        state.forget_choices()
        state.keep_asked(wanted)
        st.rerun()


def _same(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip().casefold()
