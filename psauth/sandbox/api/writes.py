"""The table of everything that may be written: method, path, what happens, status, and who reads the body.

To add a write, add a row; its function takes a `Call`, runs while nobody else reads or writes the company, and
returns the answer's body, None for an answer without one.
"""

from __future__ import annotations

from psauth.sandbox.api import changes, datasets, filling, work
from psauth.sandbox.api.calls import Write

_RUN, _SET, _ONE_OFF = "/workflow-runs/{workflowRunId}", "/data-sets/{dataSetId}/records", "/work/tasks/{taskId}"
_ROW = f"{_SET}/{{dataSetRecordId}}"
_ON_RUN, _ON_TASK = f"{_RUN}/assignees/{{email}}", f"{_RUN}/tasks/{{taskId}}/assignees/{{email}}"

WRITES: tuple[Write, ...] = (
    Write("POST", "/workflow-runs", changes.start, 201, changes.NEW_RUN.read),
    Write("PUT", _RUN, changes.change, 204, changes.CHANGED_RUN.read),
    Write("DELETE", _RUN, changes.delete),
    Write("POST", f"{_RUN}/undelete", changes.undelete),
    Write("PUT", f"{_RUN}/tasks/{{taskId}}", changes.change_task, 204, changes.CHANGED_TASK.read),
    Write("POST", f"{_RUN}/form-fields", filling.fill, 200, filling.VALUES.read),
    Write("PUT", f"{_RUN}/approvals", changes.decide, 204, changes.DECISION.read),
    Write("POST", _ON_RUN, changes.assign_run, 204),
    Write("DELETE", _ON_RUN, changes.unassign_run, 204),
    Write("PUT", _ON_TASK, changes.assign_task, 204),
    Write("DELETE", _ON_TASK, changes.unassign_task, 204),
    Write("POST", _SET, datasets.create, 201, datasets.RECORD.read),
    Write("POST", f"{_SET}/import", datasets.load, 200, datasets.read_import),
    Write("PUT", _ROW, datasets.update, 200, datasets.RECORD.read),
    Write("DELETE", _ROW, datasets.delete),
    Write("POST", "/work/tasks", work.create, 201, work.NEW_TASK.read),
    Write("PUT", _ONE_OFF, work.update, 200, work.CHANGED_TASK.read),
    Write("DELETE", _ONE_OFF, work.delete, 204),
    Write("POST", f"{_ONE_OFF}/complete", work.complete),
    Write("POST", f"{_ONE_OFF}/uncomplete", work.uncomplete),
)
