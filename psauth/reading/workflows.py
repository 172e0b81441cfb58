"""Workflows: the templates, and what stands in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psauth.reading.arguments import a_text, pairs
from psauth.reading.endpoints import FIELD_OPTIONS, FORM_FIELDS, REVISIONS, WORKFLOW_TASKS, WORKFLOWS
from psauth.reading.fetch import OnError, Progress
from psauth.reading.reader import Listing
from psauth.reading.reads import Reads

if TYPE_CHECKING:
    import pandas as pd

    from psauth.reading.arguments import Things


class WorkflowReads(Reads):
    """Reads of workflows and of what their templates hold."""

    def workflows(
        self, name: str | None = None, *, progress: Progress = True, on_error: OnError = "raise"
    ) -> pd.DataFrame:
        """All workflows, one row each.

        Parameters:
            name: only those in whose name the service finds this text; None: all.
            progress, on_error: see ProcessStreet.

        Columns: workflow_id, name, description, created_date, created_by_…, updated_date, updated_by_…, link.

        Errors: ArgumentError when `name` is no text.

        >>> ps.workflows()["name"].head(3).tolist()
        ['Access Review', 'Complaint Handling', 'Contract Review']
        """
        return self._list(WORKFLOWS, {"name": a_text(name, "name")}, progress, on_error)

    def workflow_tasks(
        self, workflow: Things, *, progress: Progress = True, on_error: OnError = "raise"
    ) -> pd.DataFrame:
        """The tasks of a workflow's template, one row each, in its order.

        Parameters:
            workflow: an id, a name, several of them, or a frame with workflow_id.
            progress, on_error: see ProcessStreet.

        Columns: task_id, name, workflow_id, task_type, order_tree, stop_task, hidden_by_default, created_…, updated_….

        Errors: ArgumentError when a name is unknown or shared by several workflows.

        >>> ps.workflow_tasks("Purchase Request")[["name", "task_type"]]
                            name task_type
        0  Describe the purchase  Standard
        1       Check the budget  Standard
        2           Three quotes  Standard
        3   Approve the purchase  Approval
        4        Place the order  Standard
        """
        return self._in_workflows(WORKFLOW_TASKS, workflow, progress, on_error)

    def form_fields(self, workflow: Things, *, progress: Progress = True, on_error: OnError = "raise") -> pd.DataFrame:
        """The form fields of a workflow's template, one row each, in its order.

        Parameters:
            workflow: an id, a name, several of them, or a frame with workflow_id.
            progress, on_error: see ProcessStreet.

        Columns: field_id, label, key, field_type, workflow_id, task_id, data_set_linked, created_…, updated_….

        Errors: ArgumentError when a name is unknown or shared by several workflows.

        >>> ps.form_fields("Purchase Request")[["label", "field_type"]].head(3)
              label field_type
        0      Item       Text
        1     Price     Number
        2  Supplier     Select
        """
        return self._in_workflows(FORM_FIELDS, workflow, progress, on_error)

    def field_options(
        self, fields: pd.DataFrame | pd.Series[str], *, progress: Progress = True, on_error: OnError = "raise"
    ) -> pd.DataFrame:
        """The options that people can choose in form fields, one row each.

        It takes one request or more for each field.

        Parameters:
            fields: a frame of `form_fields`, or a row of one.
            progress, on_error: see ProcessStreet.

        Columns: field_id, label, value, workflow_id, record_id.

        Errors: ArgumentError when `fields` lacks workflow_id or field_id.

        >>> fields = ps.form_fields("Purchase Request")
        >>> ps.field_options(fields[fields["label"] == "In budget?"])["label"].tolist()
        ['Yes', 'No']
        """
        wanted = pairs(fields, ("workflow_id", "field_id"), "form_fields")
        listings = [Listing.of({}, workflow_id=w, field_id=f) for w, f in wanted]
        fetched = self._read.lists(FIELD_OPTIONS, listings, progress=progress, on_error=on_error, unit="fields")
        return self._frame(FIELD_OPTIONS, fetched)

    def revisions(self, workflow: Things, *, progress: Progress = True, on_error: OnError = "raise") -> pd.DataFrame:
        """The revisions of a workflow, one row each.

        Parameters:
            workflow: an id, a name, several of them, or a frame with workflow_id.
            progress, on_error: see ProcessStreet.

        Columns: revision_id, version, workflow_id, status, created_…, updated_….

        Errors: ArgumentError when a name is unknown or shared by several workflows.

        >>> ps.revisions("Complaint Handling")[["version", "status"]].head(2)
          version    status
        0     5.0  Finished
        1     4.0   Revised
        """
        return self._in_workflows(REVISIONS, workflow, progress, on_error)
