"""Answers: what the local copy says of a workflow, or of all together, a chapter at a time."""

from __future__ import annotations

import streamlit as st

from psauth.dashboard import state
from psauth.dashboard.loading import answers
from psauth.dashboard.parts import chapters, choices, waiting


def show() -> None:
    """The view."""
    copy = chapters.copy()
    workflow, since = state.chosen(state.WORKFLOW) or None, choices.since()
    chapters.facts(copy, workflow, since)
    chapter = answers.chapter_called(state.chosen(state.CHAPTER), of_one=workflow is not None)
    if chapter is None:
        st.write("This can be said of one workflow alone. Choose one above.")
        return
    found = waiting.found(answers.ask(state.here(), copy, workflow, since, chapter))
    chapters.show(found, chapter.definitions())


show()
