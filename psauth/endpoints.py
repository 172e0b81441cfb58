"""Endpoints: a declared table of what can be read as a DataFrame, and how its records become columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Dtype = Literal["text", "time", "flag", "category"]


@dataclass(frozen=True)
class Column:
    """One column: its name, the dotted path in the record it is taken from, and what it holds.

    `known` are the values of a category that the service documents; others are kept as they come.
    """

    name: str
    path: str
    dtype: Dtype = "text"
    known: tuple[str, ...] = ()


@dataclass(frozen=True)
class Endpoint:
    """One noun: its list's path, the key its records stand under, what identifies a record, and its columns."""

    noun: str
    path: str
    list_key: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]


def person(prefix: str, path: str) -> tuple[Column, ...]:
    """A nested person, flattened: names before addresses, as people are read."""
    return (
        Column(f"{prefix}_username", f"{path}.username"),
        Column(f"{prefix}_email", f"{path}.email"),
        Column(f"{prefix}_id", f"{path}.id"),
    )


# The browser address of a record stands among its links, marked type "App".
APP_LINK: Final = "links[App]"
RUN_STATUSES: Final = ("Active", "Completed", "Archived")
TASK_STATUSES: Final = ("NotCompleted", "Completed")
TASK_TYPES: Final = ("Standard", "Approval", "AI", "Code")
MIGRATION_STATUSES: Final = ("Inactive", "Scheduled", "Migrating")

WORKFLOWS: Final = Endpoint(
    noun="workflows",
    path="/workflows",
    list_key="workflows",
    key=("id",),
    columns=(
        Column("workflow_id", "id"),
        Column("name", "name"),
        Column("description", "description"),
        Column("created_date", "audit.createdDate", "time"),
        *person("created_by", "audit.createdBy"),
        Column("updated_date", "audit.updatedDate", "time"),
        *person("updated_by", "audit.updatedBy"),
        Column("link", APP_LINK),
    ),
)

RUNS: Final = Endpoint(
    noun="runs",
    path="/workflow-runs/list",
    list_key="data",
    key=("id",),
    columns=(
        Column("run_id", "id"),
        Column("name", "name"),
        Column("workflow_id", "workflowId"),
        Column("status", "status", "category", RUN_STATUSES),
        Column("created_date", "audit.createdDate", "time"),
        Column("created_by_id", "audit.createdById"),
        Column("updated_date", "audit.updatedDate", "time"),
        Column("updated_by_id", "audit.updatedById"),
        Column("due_date", "dueDate", "time"),
        Column("shared", "shared", "flag"),
        Column("migration_status", "migrationStatus", "category", MIGRATION_STATUSES),
        Column("link", APP_LINK),
    ),
)

TASKS: Final = Endpoint(
    noun="tasks",
    path="/workflow-runs/{run_id}/tasks",
    list_key="tasks",
    key=("workflowRunId", "id"),  # the id alone is the template's, and the same in every run
    columns=(
        Column("task_id", "id"),
        Column("name", "name"),
        Column("run_id", "workflowRunId"),
        Column("status", "status", "category", TASK_STATUSES),
        Column("task_type", "taskType", "category", TASK_TYPES),
        Column("hidden", "hidden", "flag"),
        Column("stopped", "stopped", "flag"),
        Column("due_date", "dueDate", "time"),
        Column("completed_date", "completedDate", "time"),
        *person("completed_by", "completedBy"),
        Column("updated_date", "updatedDate", "time"),
        *person("updated_by", "updatedBy"),
        Column("link", APP_LINK),
    ),
)

USERS: Final = Endpoint(
    noun="users",
    path="/users",
    list_key="users",
    key=("id",),
    columns=(Column("user_id", "id"), Column("username", "username"), Column("email", "email")),
)

ENDPOINTS: Final[Mapping[str, Endpoint]] = {e.noun: e for e in (WORKFLOWS, RUNS, TASKS, USERS)}
