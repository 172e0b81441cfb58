"""Logs written by hand: runs and their tasks as frames like those of psauth, in a few words each."""

import json

import pandas as pd

from psauth.analysis.running import run as answer_of
from psauth.mirror.columns import LAYOUTS, TYPES
from psauth.reading.frames import TIME_DTYPE

NOW = "2026-11-20 12:00"


class Log:
    """A company's runs, as somebody writes them down; `tables` is what an analysis takes."""

    def __init__(self):
        self._rows = {name: [] for name in LAYOUTS}

    def run(
        self,
        run_id,
        started,
        *tasks,
        status="Completed",
        updated=None,
        due=None,
        workflow="Purchase",
        by="ann",
        migration="Inactive",
    ):
        """A run; each task is (id, when completed or None) or a dict of more."""
        self._add(
            "runs", run_id=run_id, name=f"Run {run_id}", workflow_id=f"w-{workflow}", workflow_name=workflow, status=status,
            created_date=started, updated_date=updated or started, created_by_id=by, due_date=due,
            migration_status=migration,
        )  # fmt: skip
        for each in tasks:
            task = {"task_id": each[0], "completed": each[1]} if isinstance(each, tuple) else dict(each)
            self._task(run_id, **task)
        return self

    def _task(self, run_id, task_id, completed=None, due=None, hidden=False, stopped=False, by=None, to=(), name=None):
        if completed is not None and by is None:
            by = "ann@example.com"
        self._add(
            "tasks", run_id=run_id, task_id=task_id, name=name or task_id.title(), task_type="Standard", hidden=hidden,
            stopped=stopped, due_date=due, completed_date=completed, completed_by_email=by,
        )  # fmt: skip
        for email in to:
            self._add("assignments", run_id=run_id, task_id=task_id, email=email)

    def template(self, *task_ids, workflow="Purchase"):
        """The order of a template's tasks."""
        for place, task_id in enumerate(task_ids, 1):
            self._add(
                "workflow_tasks", task_id=task_id, name=task_id.title(), workflow_id=f"w-{workflow}", order_tree=str(place)
            )  # fmt: skip
        return self

    def users(self, **emails):
        """Users by their ids."""
        for user_id, email in emails.items():
            self._add("users", user_id=user_id, email=email)
        return self

    def approval(self, run_id, task_id, status, at, by="boss@example.com", subject=None):
        """A decision; its id is made of the run, the task, and the subject."""
        self._add(
            "approvals", approval_id=f"{run_id}/{task_id}/{subject}", run_id=run_id, approval_task_id=task_id,
            subject_task_id=subject, status=status, reviewed_by_email=by, updated_date=at,
        )  # fmt: skip
        return self

    def change(self, noun, run_id, key, column, old, new, seen=("2026-11-18", "2026-11-19")):
        """A value that the copy saw to change between two looks; `old` and `new` are written as JSON, None: there was none."""
        old, new = (None if value is None else json.dumps(value) for value in (old, new))
        number = len(self._rows["changes"]) + 1
        self._add(
            "changes", change_id=number, noun=noun, owner=run_id, run_id=run_id, key=key, column=column, old=old, new=new,
            seen_before=seen[0], seen_at=seen[1],
        )  # fmt: skip
        return self

    def due_rule(self, task_id, offset, source="ChecklistStartDate", workflow="Purchase", **more):
        """The rule for the due date of a task; None for that of the run."""
        rule = {"sourceType": source, "offsetDirection": "After", "dueOffset": offset} | more
        rule = {"businessDaysHandlingMode": "AllDays"} | rule
        return self._rule(None, "due_date", workflow, task_id, {"rule": rule})

    def show_rule(self, rule_id, *groups, action="Show", to=(), workflow="Purchase"):
        """A rule that shows tasks: groups of conditions (field, operator, value), one of which must hold as a whole."""
        keys = ("widgetId", "operator", "value")
        either = [{"and": [dict(zip(keys, leaf, strict=True)) for leaf in group]} for group in groups]
        return self._rule(
            rule_id,
            "logic",
            workflow,
            None,
            {"id": rule_id, "condition": {"or": either}, "action": action, "targets": {"taskIds": to}},
        )

    def _rule(self, rule_id, kind, workflow, task_id, rule):
        self._add(
            "rules", rule_id=rule_id, kind=kind, workflow_id=f"w-{workflow}", revision_id="v1", task_id=task_id,
            rule=json.dumps(rule),
        )  # fmt: skip
        return self

    def schedule(self, next_run, workflow="Purchase"):
        """A schedule, and when it starts its next run."""
        self._add("schedules", schedule_id="s", workflow_id=f"w-{workflow}", next_run_date=next_run)
        return self

    def field(self, field_id, kind="Text", workflow="Purchase"):
        """A field of a template's form."""
        self._add(
            "form_fields", field_id=field_id, label=field_id.title(), field_type=kind, workflow_id=f"w-{workflow}"
        )
        return self

    def option(self, field_id, label, value):
        """A choice of a field: what people read, and what the service keeps."""
        self._add("field_options", field_id=field_id, label=label, value=value)
        return self

    def value(self, run_id, task_id, field_id, value, date=None, items=None):
        """What was filled in."""
        self._add(
            "form_values", run_id=run_id, task_id=task_id, field_id=field_id, value=value, date=date, items=items
        )  # fmt: skip
        return self

    def revision(self, version, created, updated=None, status="Revised", workflow="Purchase"):
        """A revision of a template."""
        self._add(
            "revisions", revision_id=f"v{version}", version=version, workflow_id=f"w-{workflow}", status=status,
            created_date=created, updated_date=updated or created,
        )  # fmt: skip
        return self

    def filled(self, run_id, field_id, field_type, value=None, number=None, items=None, label=None):
        """What somebody typed into a form."""
        self._add(
            "form_values", run_id=run_id, field_id=field_id, label=label or field_id.title(), field_type=field_type,
            value=value, number=number, items=items,
        )  # fmt: skip
        return self

    def answered(self, run_id, task_id, field_id, field_type, value=None, number=None, date=None, items=None):
        """An answer in a form, with all that the copy has of one."""
        self._add(
            "form_values", run_id=run_id, task_id=task_id, field_id=field_id, label=field_id.title(), field_type=field_type,
            value=value, number=number, date=date, items=items,
        )  # fmt: skip
        return self

    def changed(self, noun, run_id, column, old, new, seen_at, key=None):
        """What the copy saw change; old and new are JSON."""
        number = len(self._rows["changes"]) + 1
        self._add(
            "changes", change_id=number, noun=noun, owner=run_id, run_id=run_id, key=key or run_id, column=column, old=old,
            new=new, seen_before=seen_at, seen_at=seen_at,
        )  # fmt: skip
        return self

    def _add(self, table, **row):
        self._rows[table].append(row)

    @property
    def tables(self):
        """Frames by name; of what was not written down there is none, but for runs and tasks."""
        frames = {}
        for name, rows in self._rows.items():
            if rows or name in ("runs", "tasks"):
                frames[name] = frame_of(name, rows)
        return frames


def frame_of(name, rows):
    """Rows as a frame whose columns are those of psauth's frames."""
    columns = {field.name: field for field in LAYOUTS[name].fields}
    names = list(rows[0]) if rows else [column for column in columns if column not in ("gone",)]
    frame = pd.DataFrame(rows, columns=names)
    for column in names:
        kind = columns[column].kind
        if kind == "time":
            frame[column] = pd.to_datetime(frame[column], utc=True, format="ISO8601").astype(TIME_DTYPE)
        elif kind == "flag":
            frame[column] = frame[column].astype("boolean")
        elif TYPES[kind] == TYPES["text"]:
            frame[column] = frame[column].astype("str").where(frame[column].notna())
    return frame


def answer(question, log, **options):
    """The answer to a question about a log at NOW."""
    options.setdefault("now", NOW)
    return answer_of(question(log.tables if isinstance(log, Log) else log, **options))


def rows(frame, *columns):
    """Some columns as tuples; what is missing is None, moments are texts in UTC without seconds."""

    def plain(value):
        if isinstance(value, list):
            return value
        if pd.isna(value):
            return None
        return f"{value:%Y-%m-%d %H:%M}" if isinstance(value, pd.Timestamp) else value

    return [tuple(map(plain, row)) for row in frame[list(columns)].itertuples(index=False)]
