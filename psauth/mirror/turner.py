"""Turner: form values as they are published, a row a value, into the tables of their workflows, a row a run.

To turn a few values takes about as long as to turn many, so those of several months are turned together. A month with more
is turned in pieces, so that no more than some are in memory.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import pandas as pd

from psauth.mirror import forms
from psauth.mirror.drafts import Draft
from psauth.mirror.publication import FormField

MOST: Final = 8192
"""Values that wait to be turned, about."""


class Turner:
    """Takes the form values of one month after the other. All values of a run must come in one frame."""

    def __init__(self, tables: Mapping[str, tuple[Draft, Sequence[FormField]]]) -> None:
        """`tables`: the draft of each workflow's table, and the fields of its form."""
        self._tables = tables
        self._workflows: Collection[str] = ()
        self._month = ""
        self._marks: dict[str, str] = {}
        self._waiting: dict[str, dict[str, list[pd.DataFrame]]] = {}
        self._count = 0

    def begin(self, month: str, mark: str, workflows: Collection[str]) -> None:
        """The values that follow are of this month; those of other workflows are passed over.

        `mark`: what the month is derived from. Each of these workflows gets its part, though it should have no value.
        """
        for workflow_id, (draft, _) in self._tables.items():
            if workflow_id not in self._waiting:
                draft.finish()  # nothing more comes of the month before
        self._month, self._workflows = month, workflows
        self._marks[month] = mark
        for workflow_id in workflows:
            self._waiting.setdefault(workflow_id, {})[month] = []

    def append(self, tidy: pd.DataFrame, workflow_ids: pd.Series) -> None:
        """Values, and the workflow of each."""
        for workflow_id, values in tidy.groupby(workflow_ids, sort=False):
            if workflow_id in self._workflows:
                self._waiting.setdefault(str(workflow_id), {}).setdefault(self._month, []).append(values)
                self._count += len(values)
        if self._count >= MOST:
            self._turn()

    def finish(self) -> None:
        """Turn what waits, and make the files whole."""
        self._turn()
        for draft, _ in self._tables.values():
            draft.finish()

    def _turn(self) -> None:
        for workflow_id, by_month in self._waiting.items():
            draft, fields = self._tables[workflow_id]
            frames = [frame for frames in by_month.values() for frame in frames]
            rows = forms.widened(pd.concat(frames), fields, draft.layout) if frames else None
            above = 0
            for month, values in by_month.items():
                if draft.part != month:
                    draft.begin(month, self._marks[month])
                if rows is not None and values:
                    count = pd.concat([frame["run_id"] for frame in values]).nunique()
                    draft.append(rows.slice(above, count))  # runs stand in the order in which their values came
                    above += count
                if month != self._month:
                    draft.finish()
        self._waiting, self._count = {}, 0
