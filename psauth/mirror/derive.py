"""Derive: the parts of tables out of a moment of the store, month by month and in pieces, so that a store of any size fits."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from typing import Final, TypeVar

import pandas as pd

from psauth.calendars.calendars import Calendars
from psauth.mirror import forms, rows
from psauth.mirror.columns import (
    CHANGES,
    CHILDREN,
    FACTS,
    FORM_VALUES,
    LAYOUTS,
    RECORDS,
    RULES,
    RUNS,
    WHOLE,
    Layout,
    nouns_of,
    to_arrow,
    to_pandas,
)
from psauth.mirror.drafts import Draft, Drafts
from psauth.mirror.fact_tables import FactTables
from psauth.mirror.publication import Content, Published
from psauth.mirror.records import Record, StoredList
from psauth.mirror.snapshot import Snapshot
from psauth.mirror.turner import Turner
from psauth.reading.names import Names

T = TypeVar("T")

PIECE: Final = 1024
"""Records in memory at once, about: as they were answered, as a frame, and as rows of a file."""
BLOCK: Final = 100_000
"""Changes in one part of their table."""
CALENDARS: Final = "calendars"
"""The note of the calendars that somebody set."""
BY_PERSON: Final = "by-person"
"""The part of the assignments that come from the lists of people's tasks, which belong to no month."""


class Derivation:
    """Writes into drafts what changed since the last publication, `before`."""

    def __init__(self, snap: Snapshot, drafts: Drafts, before: Content | None) -> None:
        self._snap, self._drafts, self._before = snap, drafts, before
        self._workflows = {str(r.get("id")): r for each in snap.lists("workflows") for r in each.records}
        self._users = [record for each in snap.lists("users") for record in each.records]
        self._known: dict[str, str | None] = {key: record.get("name") for key, record in self._workflows.items()}
        self._known |= {str(user.get("id")): user.get("username") for user in self._users}
        self._months = snap.months()
        self.whole = self._months.pop("", 0)
        self._whole_is_same = before is not None and before.whole == self.whole
        self.names = {} if before is None else dict(before.names)
        self.forms = {} if before is None else dict(before.forms)
        self.wide = {} if before is None else dict(before.wide)
        self.calendars = _calendars(snap, before)
        """What working hours are in this copy."""
        self.ages: dict[str, tuple[datetime, datetime]] = {}
        """Table → when the oldest and the latest of what it is derived from was asked for; tables of nothing have none."""

    def run(self) -> None:
        """All tables."""
        written = self._derive_months()
        self._derive_forms(written)
        self._derive_whole()
        self._derive_facts()
        self._derive_data_sets()
        self._derive_changes()
        self._note_ages()

    def _note_ages(self) -> None:
        """How old each table is, also where what was asked for again was as before."""
        known = self._snap.spans()
        for name in self._drafts.by_name:
            spans = [known[noun] for noun in _nouns_of(name) if noun in known]
            if spans:
                self.ages[name] = min(oldest for oldest, _ in spans), max(latest for _, latest in spans)

    # Runs and what is in them -----------------------------------------------------------------------------------

    def _mark(self, month: str) -> str:
        """What the rows of a month are derived from: its lists, and what the names in it are now."""
        names = {key: self._known.get(key) for key in self.names.get(month, ())}
        return f"{self._months[month]} {_digest(names)}"

    def _derive_months(self) -> set[str]:
        """All runs and what is in them; returns the months whose form values were written."""
        drafts = {layout.name: self._drafts.open(layout) for layout in (RUNS, *CHILDREN.values())}
        written = set()
        for month in self._months:
            needy = {name: draft for name, draft in drafts.items() if draft.needs(month, self._mark(month))}
            if needy:
                self._derive_month(month, needy)
            if "form_values" in needy:
                written.add(month)
        self._derive_people(drafts["assignments"])
        for name, draft in drafts.items():
            draft.keep_only([*self._months, *([BY_PERSON] if name == "assignments" else [])])
            draft.finish()
        return written

    def _derive_month(self, month: str, drafts: Mapping[str, Draft]) -> None:
        names = Names()
        names.learn("workflows", self._workflows.values())
        names.learn("users", self._users)
        workflow_of: dict[str, str | None] = {}
        used: set[str] = set()
        for run in self._snap.runs(month):
            names.learn("runs", [run.record])
            workflow_of[run.run_id] = run.record.get("workflowId")
            audit = run.record.get("audit")
            used |= {
                str(workflow_of[run.run_id]),
                str(audit.get("createdById") if isinstance(audit, Mapping) else None),
            }
        self.names[month] = {key: self._known.get(key) for key in sorted(used)}
        if "runs" in drafts:
            drafts["runs"].begin(month, self._mark(month))
            for piece in pieces(self._snap.runs(month), PIECE):
                drafts["runs"].append(rows.of_runs(piece, names))
        for noun, layout in CHILDREN.items():
            if noun in drafts:
                drafts[noun].begin(month, self._mark(month))
                for some in self._in_order(noun, workflow_of):
                    frame = rows.of_lists(noun, some, names)
                    drafts[noun].append(to_arrow(frame, layout.fields))
                    if noun == "form_values":
                        self._note_fields(frame, workflow_of)

    def _in_order(self, noun: str, workflow_of: Mapping[str, str | None]) -> Iterator[list[StoredList]]:
        """The lists of a month in pieces, those of one workflow together: who reads that one skips the others."""
        run_ids = sorted(workflow_of, key=lambda run_id: (str(workflow_of[run_id]), run_id))
        return rows.in_pieces(self._snap.lists_of(noun, run_ids), PIECE)

    def _derive_people(self, draft: Draft) -> None:
        mark = draft.mark(BY_PERSON) if self._whole_is_same else self._mark_of("assigned_tasks", "users")
        if draft.needs(BY_PERSON, mark):
            users = {str(user.get("email")).casefold(): user for user in self._users}
            draft.begin(BY_PERSON, mark or self._mark_of("assigned_tasks", "users"))
            for piece in rows.in_pieces(self._snap.lists("assigned_tasks"), PIECE):
                draft.append(rows.of_people(piece, users))

    # Form values, a table a workflow ------------------------------------------------------------------------------

    def _note_fields(self, tidy: pd.DataFrame, workflow_of: Mapping[str, str | None]) -> None:
        for workflow_id, fields in forms.fields_in(tidy, workflow_of).items():
            self.forms[workflow_id] = forms.merged(self.forms.get(workflow_id, ()), fields)

    def _derive_forms(self, written: Collection[str]) -> None:
        """Form values, one row a run; `written` are the months whose values are new."""
        templates = {each.owner: each.records for each in self._snap.lists("form_fields")}
        fields = {w: forms.of_template(known, templates.get(w, ())) for w, known in sorted(self.forms.items())}
        drafts: dict[str, Draft] = {}
        before: dict[str, Collection[str]] = {}
        for workflow_id in fields:
            name = self._name_table("form_values", workflow_id, self._workflows)
            drafts[workflow_id] = self._drafts.open(forms.layout_of(name, fields[workflow_id]))
            known = self._published(name)
            before[workflow_id] = () if known is None else known.parts.keys()
        turner = Turner({w: (draft, fields[w]) for w, draft in drafts.items()})
        for month in self._months:
            mark = self._mark(month)
            needy = {w for w, draft in drafts.items() if draft.needs(month, mark)}
            if month not in written:
                needy = {w for w in needy if month in before[w]}
            if needy:
                workflow_of = self._workflows_of_runs(month)
                turner.begin(month, mark, needy & set(workflow_of.values()))
                for table in self._drafts.by_name["form_values"].rows(month):
                    tidy = to_pandas(table, FORM_VALUES.fields)
                    turner.append(tidy, tidy["run_id"].map(workflow_of))
                for workflow_id in needy.difference(workflow_of.values()):
                    drafts[workflow_id].drop(month)
        turner.finish()
        for draft in drafts.values():
            draft.keep_only(self._months)

    def _workflows_of_runs(self, month: str) -> dict[str, str]:
        pairs: dict[str, str] = {}
        for table in self._drafts.by_name["runs"].rows(month):
            pairs.update(zip(table["run_id"].to_pylist(), table["workflow_id"].to_pylist(), strict=True))
        return pairs

    def _name_table(self, prefix: str, key: str, records: Mapping[str, Record]) -> str:
        """The name of the table of a workflow or data set; the one that it has, if it has one."""
        if key not in self.wide:
            name = records.get(key, {}).get("name")
            text = name if isinstance(name, str) else None
            self.wide[key] = forms.table_name(prefix, text, key, self.wide.values())
        return self.wide[key]

    def _published(self, name: str) -> Published | None:
        """A table as it was published last."""
        return None if self._before is None else self._before.tables.get(name)

    # What belongs to no run -----------------------------------------------------------------------------------------

    def _derive_whole(self) -> None:
        for noun, layout in WHOLE.items():
            self._derive_one(layout, (noun,))
        self._derive_one(RULES, nouns_of(RULES.name))
        self._derive_one(RECORDS, ("records",))

    def _derive_one(self, layout: Layout, nouns: Sequence[str]) -> None:
        draft = self._drafts.open(layout)
        mark = draft.mark("") if self._whole_is_same else self._mark_of(*nouns)
        if not draft.needs("", mark):
            return
        draft.begin("", mark or self._mark_of(*nouns))
        for noun in nouns:
            for piece in rows.in_pieces(self._snap.pieces(noun, PIECE), PIECE):
                draft.append(rows.of_whole(layout.name, noun, piece))
        draft.finish()

    def _mark_of(self, *nouns: str) -> str:
        return _digest([(noun, *each) for noun in nouns for each in self._snap.digests(noun)])

    def _derive_facts(self) -> None:
        """What figures are made of. It takes the rows of the months from the tables, so these come first."""
        with closing(FactTables(self._drafts, self.calendars)) as tables:
            orders = dict(self._snap.digests("workflow_tasks"))
            emails = {str(user.get("id")): str(user.get("email")) for user in self._users}
            marks = {}
            for month in self._months:
                ids = self.names.get(month, {})
                marks[month] = tables.mark(self._mark(month), ids, [orders, emails])
            tables.derive(marks)

    def _derive_data_sets(self) -> None:
        """The records of each data set, with a column a field."""
        needy = {owner for owner in self._snap.ages("records") if not self._stands(owner)}
        if not needy:
            return
        data_sets = {str(r.get("id")): r for each in self._snap.lists("data_sets") for r in each.records}
        for stored in self._snap.lists("records"):
            if stored.owner not in needy:
                continue
            listed = data_sets.get(stored.owner, {}).get("fields")
            fields = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
            table, columns = rows.of_data_set(stored, fields)
            draft = self._drafts.open(Layout(self._name_table("records", stored.owner, data_sets), columns))
            mark = _digest([stored.digest, fields])
            if draft.needs("", mark):
                draft.begin("", mark)
                draft.append(table)
                draft.finish()

    def _stands(self, data_set_id: str) -> bool:
        """Whether the table of a data set can stay as it is, which needs no look at its records."""
        known = self._published(self.wide.get(data_set_id, ""))
        if known is None or not self._whole_is_same:
            return False
        draft = self._drafts.open(known.layout)
        return not draft.needs("", draft.mark(""))

    def _derive_changes(self) -> None:
        """What changed, in blocks by number: only in the last block, and behind it, can there be more."""
        draft = self._drafts.open(CHANGES)
        start = 0
        if draft.parts and not any(draft.needs(part, draft.mark(part)) for part in draft.parts):
            last = max(draft.parts)
            start = int(last) * BLOCK
            if next(iter(self._snap.changes(int(draft.mark(last) or 0))), None) is None:
                return
        block = -1
        for piece in pieces(self._snap.changes(max(0, start - 1)), PIECE):
            for number in sorted({change.id // BLOCK for change in piece}):
                some = [change for change in piece if change.id // BLOCK == number]
                if number != block:
                    draft.begin(f"{number:06}", "")
                    block = number
                draft.append(rows.of_changes(some))
                draft.remark(str(some[-1].id))
        draft.finish()


def pieces(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of so many."""
    piece: list[T] = []
    for item in items:
        piece.append(item)
        if len(piece) == size:
            yield piece
            piece = []
    if piece:
        yield piece


def _nouns_of(name: str) -> Sequence[str]:
    """What a table is derived from, as the store calls it."""
    if name in FACTS:
        return ("runs", "tasks")
    if name in LAYOUTS:
        return (name, *nouns_of(name))
    return ("records",) if name.startswith("records_") else ("form_values",)


def _calendars(snap: Snapshot, before: Content | None) -> Calendars:
    """Those that somebody set; else what the copy had from its beginning, when the zone was that of the first machine."""
    noted = snap.note(CALENDARS)
    if noted is not None:
        return Calendars.from_json(json.loads(noted))
    return Calendars() if before is None else before.calendars


def _digest(content: object) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=True)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
