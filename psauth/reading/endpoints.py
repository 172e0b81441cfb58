"""Endpoints: a declared table of what can be read as a DataFrame, one entry a noun."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from psauth.reading.endpoint import APP_LINK, Column, Endpoint, person, stamps

RUN_STATUSES: Final = ("Active", "Completed", "Archived")
TASK_STATUSES: Final = ("NotCompleted", "Completed")
TASK_TYPES: Final = ("Standard", "Approval", "AI", "Code")
MIGRATION_STATUSES: Final = ("Inactive", "Scheduled", "Migrating")
REVISION_STATUSES: Final = ("Draft", "Finished", "Revised")
WORK_ITEM_TYPES: Final = ("Checklist", "StandardTask", "ApprovalTask", "OneOffTask", "Acknowledgment")
FIELD_TYPES: Final = (
    "Date",
    "Document",
    "Email",
    "File",
    "Hidden",
    "Members",
    "MultiChoice",
    "MultiFile",
    "MultiSelect",
    "Number",
    "Select",
    "SendRichEmail",
    "Snippet",
    "Table",
    "Text",
    "Textarea",
    "Url",
)

WORKFLOWS: Final = Endpoint(
    noun="workflows",
    path="/workflows",
    list_key="workflows",
    key=("id",),
    columns=(
        Column("workflow_id", "id"),
        Column("name", "name"),
        Column("description", "description"),
        *stamps("audit."),
        Column("link", APP_LINK),
    ),
)

WORKFLOW_TASKS: Final = Endpoint(
    noun="workflow_tasks",
    path="/workflows/{workflow_id}/tasks",
    list_key="tasks",
    key=("id",),
    columns=(
        Column("task_id", "id"),
        Column("name", "name"),
        Column("workflow_id", "workflowId"),
        Column("task_type", "taskType", "category", TASK_TYPES),
        Column("order_tree", "orderTree"),
        Column("stop_task", "stopTask", "flag"),
        Column("hidden_by_default", "hiddenByDefault", "flag"),
        *stamps("audit."),
    ),
)

FORM_FIELDS: Final = Endpoint(
    noun="form_fields",
    path="/workflows/{workflow_id}/form-fields",
    list_key="fields",
    key=("id",),
    columns=(
        Column("field_id", "id"),
        Column("label", "label"),
        Column("key", "key"),
        Column("field_type", "fieldType", "category", FIELD_TYPES),
        Column("workflow_id", "@workflow_id"),
        Column("task_id", "taskId"),
        Column("data_set_linked", "dataSetLinked", "flag"),
        *stamps("audit."),
    ),
)

FIELD_OPTIONS: Final = Endpoint(
    noun="field_options",
    path="/workflows/{workflow_id}/form-fields/{field_id}/options",
    list_key="options",
    key=(),
    columns=(
        Column("field_id", "@field_id"),
        Column("label", "label"),
        Column("value", "value"),
        Column("workflow_id", "@workflow_id"),
        Column("record_id", "dataSetRowId"),
    ),
)

REVISIONS: Final = Endpoint(
    noun="revisions",
    path="/workflows/{workflow_id}/revisions",
    list_key="data",
    key=("id",),
    columns=(
        Column("revision_id", "id"),
        Column("version", "version"),
        Column("workflow_id", "workflowId"),
        Column("status", "status", "category", REVISION_STATUSES),
        *stamps(),
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
        Column("workflow_name", "@workflow_name"),
        Column("workflow_id", "workflowId"),
        Column("status", "status", "category", RUN_STATUSES),
        Column("created_date", "audit.createdDate", "time"),
        Column("created_by_username", "@created_by_username"),
        Column("created_by_id", "audit.createdById"),
        Column("updated_date", "audit.updatedDate", "time"),
        Column("updated_by_id", "audit.updatedById"),
        Column("due_date", "dueDate", "time"),
        Column("shared", "shared", "flag"),
        Column("migration_status", "migrationStatus", "category", MIGRATION_STATUSES),
        Column("link", APP_LINK),
    ),
)

# The same records by name or field value, the most recently updated first; the service shows the latest 200.
RUN_SEARCH: Final = Endpoint("runs", "/workflow-runs", "workflowRuns", RUNS.key, RUNS.columns)

TASKS: Final = Endpoint(
    noun="tasks",
    path="/workflow-runs/{run_id}/tasks",
    list_key="tasks",
    key=("workflowRunId", "id"),  # the id alone is the template's, and the same in every run
    columns=(
        Column("task_id", "id"),
        Column("name", "name"),
        Column("run_name", "@run_name"),
        Column("workflow_name", "@workflow_name"),
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

ASSIGNED_TASKS: Final = Endpoint("tasks", "/tasks", "tasks", TASKS.key, TASKS.columns)

FORM_VALUES: Final = Endpoint(
    noun="form_values",
    path="/workflow-runs/{run_id}/form-fields",
    list_key="fields",
    key=("workflowRunId", "id"),
    columns=(
        Column("field_id", "id"),
        Column("label", "label"),
        Column("key", "key"),
        Column("run_name", "@run_name"),
        Column("workflow_name", "@workflow_name"),
        Column("run_id", "workflowRunId"),
        Column("task_id", "taskId"),
        Column("field_type", "fieldType", "category", FIELD_TYPES),
        # value, number, date and items are decoded from `data` by values.py
        Column("data_set_linked", "dataSetLinked", "flag"),
        Column("updated_date", "updatedDate", "time"),
        *person("updated_by", "updatedBy"),
    ),
)

APPROVALS: Final = Endpoint(
    noun="approvals",
    path="/workflow-runs/{run_id}/approvals",
    list_key="approvals",
    key=("id",),
    columns=(
        Column("approval_id", "id"),
        Column("run_id", "workflowRunId"),
        Column("approval_task_id", "approvalTaskId"),
        Column("subject_task_id", "subjectTaskId"),
        Column("status", "status", "category", ("Approved", "Rejected")),
        Column("comment", "comment"),
        *person("reviewed_by", "reviewedBy"),
        *stamps("audit."),
    ),
)

_ASSIGNMENT_COLUMNS: Final = (
    Column("user_id", "id"),
    Column("username", "username"),
    Column("email", "email"),
    Column("run_id", "@run_id"),
    Column("task_id", "@task_id"),
)
RUN_ASSIGNMENTS: Final = Endpoint(
    "assignments", "/workflow-runs/{run_id}/assignees", "assignees", ("id",), _ASSIGNMENT_COLUMNS
)
TASK_ASSIGNMENTS: Final = Endpoint(
    "assignments", "/workflow-runs/{run_id}/tasks/{task_id}/assignees", "assignees", ("id",), _ASSIGNMENT_COLUMNS
)

COMMENTS: Final = Endpoint(
    noun="comments",
    path="/comments",
    list_key="data",
    key=("id",),
    columns=(
        Column("comment_id", "id"),
        Column("text", "text"),
        Column("run_id", "workflowRunId"),
        Column("task_id", "taskId"),
        *stamps(),
    ),
)

ATTACHMENTS: Final = Endpoint(
    noun="attachments",
    path="/attachments",
    list_key="data",
    key=("id",),
    columns=(
        Column("attachment_id", "id"),
        Column("file_name", "fileName"),
        Column("mime_type", "mimeType"),
        Column("size", "size", "count"),
        Column("workflow_id", "workflowId"),
        Column("run_id", "workflowRunId"),
        Column("task_id", "taskId"),
        Column("created_date", "createdDate", "time"),
        *person("created_by", "createdBy"),
    ),
)

DATA_SETS: Final = Endpoint(
    noun="data_sets",
    path="/data-sets",
    list_key="dataSets",
    key=("id",),
    columns=(
        Column("data_set_id", "id"),
        Column("name", "name"),
        Column("fields", "fields"),
        *stamps("audit."),
        Column("deleted_date", "deletedDate", "time"),
        *person("deleted_by", "deletedBy"),
    ),
)

# Its cells become columns of their own, named like the data set's fields: see values.py.
RECORDS: Final = Endpoint(
    noun="records",
    path="/data-sets/{data_set_id}/records",
    list_key="records",
    key=("id",),
    columns=(Column("record_id", "id"), Column("data_set_id", "dataSetId"), *stamps("audit.")),
)

USERS: Final = Endpoint(
    noun="users",
    path="/users",
    list_key="users",
    key=("id",),
    columns=(Column("user_id", "id"), Column("username", "username"), Column("email", "email")),
)

FOLDERS: Final = Endpoint(
    noun="folders",
    path="/folders",
    list_key="data",
    key=("id",),
    columns=(
        Column("folder_id", "id"),
        Column("name", "name"),
        Column("parent_folder_id", "parentFolderId"),
        *stamps(),
    ),
)

PAGES: Final = Endpoint(
    noun="pages",
    path="/pages",
    list_key="data",
    key=("id",),
    columns=(
        Column("page_id", "id"),
        Column("name", "name"),
        Column("description", "description"),
        Column("folder_id", "folderId"),
        Column("share_level", "shareLevel", "category", ("None", "View")),
        Column("reference_id", "referenceId"),
        *stamps(),
    ),
)

SCHEDULES: Final = Endpoint(
    noun="schedules",
    path="/scheduled-workflows",
    list_key="data",
    key=("id",),
    columns=(
        Column("schedule_id", "id"),
        Column("name", "name"),
        Column("workflow_id", "workflowId"),
        Column("start_date", "startDate", "time"),
        Column("time_zone", "timeZone"),
        Column("due_period", "duePeriod"),
        Column("next_run_date", "nextRunDate", "time"),
        Column("previous_run_date", "previousRunDate", "time"),
        Column("rules", "rules"),
        Column("assignee_emails", "assigneeEmails"),
        *stamps(),
    ),
)

WORK_ITEMS: Final = Endpoint(
    noun="work_items",
    path="/work/items",
    list_key="data",
    key=("id",),
    columns=(
        Column("work_item_id", "id"),
        Column("name", "name"),
        Column("type", "type", "category", WORK_ITEM_TYPES),
        Column("workflow_id", "workflowId"),
        Column("run_id", "workflowRunId"),
        Column("task_id", "taskId"),
        Column("due_date", "dueDate", "time"),
        Column("snoozed_until", "snoozedUntil", "time"),
        Column("assignees", "assignees"),
    ),
)

# There is no list of these: work items of type OneOffTask name them, and each is read by its id.
ONE_OFF_TASKS: Final = Endpoint(
    noun="one_off_tasks",
    path="/work/tasks/{task_id}",
    list_key="data",
    key=("id",),
    columns=(
        Column("task_id", "id"),
        Column("name", "name"),
        Column("description", "description"),
        Column("status", "status", "category", TASK_STATUSES),
        Column("due_date", "dueDate", "time"),
        Column("required", "required", "flag"),
        Column("visibility", "visibility", "category", ("Private", "Public")),
        Column("run_id", "linkedWorkflowRun.id"),
        Column("assignments", "assignments"),
        Column("subtasks", "subtasks"),
        *stamps(),
    ),
    single=True,
)

ENDPOINTS: Final[Mapping[str, Endpoint]] = {
    endpoint.noun: endpoint
    for endpoint in (
        APPROVALS,
        ATTACHMENTS,
        COMMENTS,
        DATA_SETS,
        FIELD_OPTIONS,
        FOLDERS,
        FORM_FIELDS,
        FORM_VALUES,
        ONE_OFF_TASKS,
        PAGES,
        RECORDS,
        REVISIONS,
        RUN_ASSIGNMENTS,
        RUNS,
        SCHEDULES,
        TASKS,
        USERS,
        WORK_ITEMS,
        WORKFLOW_TASKS,
        WORKFLOWS,
    )
}
