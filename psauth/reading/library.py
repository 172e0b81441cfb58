"""Library: data sets and their records, folders, pages, schedules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psauth.reading.arguments import a_limit, a_text, an_id, only
from psauth.reading.endpoints import DATA_SETS, FOLDERS, PAGES, RECORDS, SCHEDULES
from psauth.reading.fetch import OnError, Progress
from psauth.reading.reader import Listing
from psauth.reading.reads import Reads, limited, marked, records_of

if TYPE_CHECKING:
    import pandas as pd

    from psauth.reading.arguments import Things


class LibraryReads(Reads):
    """Reads of what belongs to the organisation and to no run."""

    def data_sets(self, *, progress: Progress = True, on_error: OnError = "raise") -> pd.DataFrame:
        """All data sets, one row each.

        Parameters:
            progress, on_error: see ProcessStreet.

        Columns: data_set_id, name, fields (JSON: id, name, type), created_…, updated_…, deleted_….

        >>> ps.data_sets()["name"].tolist()
        ['Offices', 'Cost centres', 'Vendors']
        """
        return self._list(DATA_SETS, {}, progress, on_error)

    def records(
        self,
        data_set: Things,
        *,
        limit: int | None = None,
        progress: Progress = True,
        on_error: OnError = "raise",
    ) -> pd.DataFrame:
        """The records of a data set, one row each, with one column for each field of it.

        Parameters:
            data_set: an id, a name, or a frame with one data_set_id.
            limit: only the first so many; None: all. Where that ended the list, `frame.attrs["limit"]` holds it.
            progress, on_error: see ProcessStreet.

        Columns: record_id, the fields by their names and types, data_set_id, created_…, updated_….
        `frame.attrs["field_ids"]` maps the columns of fields to their ids. A cell that is no value of its column's type
        is missing, and its text stands in `Unreadable.of(frame)`; `Days.of(frame)` tells calendar days from moments.

        Errors: ArgumentError when the name is unknown, or shared by several data sets.

        >>> ps.records("Cost centres", limit=2)[["Name", "Budget"]].dtypes
        Name          str
        Budget    float64
        dtype: object
        """
        from psauth.reading import values  # here, because importing psauth loads no pandas

        limit = a_limit(limit)
        data_set_id = only(self._read.data_set_ids(data_set), "data set")
        fields = self._read.fields_of(data_set_id)
        listings = [Listing.of({}, data_set_id=data_set_id)]
        fetched = self._read.lists(RECORDS, listings, most=limit, progress=progress, on_error=on_error)
        return limited(marked(values.records(records_of(fetched), fields), fetched), limit)

    def folders(self, *, progress: Progress = True, on_error: OnError = "raise") -> pd.DataFrame:
        """All folders of the library, one row each.

        Parameters:
            progress, on_error: see ProcessStreet.

        Columns: folder_id, name, parent_folder_id, created_…, updated_….

        >>> ps.folders().columns[:3].tolist()
        ['folder_id', 'name', 'parent_folder_id']
        """
        return self._list(FOLDERS, {}, progress, on_error)

    def pages(
        self,
        name: str | None = None,
        *,
        folder: str | None = None,
        progress: Progress = True,
        on_error: OnError = "raise",
    ) -> pd.DataFrame:
        """All pages of the library, one row each.

        Parameters:
            name: only those in whose name the service finds this text; None: all.
            folder: only those in the folder of this folder_id; None: all.
            progress, on_error: see ProcessStreet.

        Columns: page_id, name, description, folder_id, share_level, reference_id, created_…, updated_….

        Errors: ArgumentError when `name` is no text or `folder` no id.

        >>> ps.pages("voice")["name"].tolist()
        ['Tone of voice']
        """
        query = {"name": a_text(name, "name"), "folderId": an_id(folder, "folder_id")}
        return self._list(PAGES, query, progress, on_error)

    def schedules(
        self, *, workflow: Things | None = None, progress: Progress = True, on_error: OnError = "raise"
    ) -> pd.DataFrame:
        """The workflows that are started by the calendar, one row a schedule.

        Parameters:
            workflow: those of these workflows (id, name, several, or a frame with workflow_id); None: all.
            progress, on_error: see ProcessStreet.

        Columns: schedule_id, name, workflow_id, start_date, time_zone, due_period, next_run_date, previous_run_date,
        rules (JSON), assignee_emails (JSON), created_…, updated_….

        Errors: ArgumentError for an unknown workflow.

        >>> ps.schedules(workflow="Access Review")["name"].tolist()
        ['Quarterly access review']
        """
        return self._filtered(SCHEDULES, workflow, {}, progress, on_error)
