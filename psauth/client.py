"""ProcessStreet: what analysts call. DataFrames of workflows, runs, tasks and people; any other path as plain records."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

from psauth.budget import Budget
from psauth.connection import Connection, Stored, check_account, ended, login_line
from psauth.endpoints import RUN_STATUSES, RUNS, TASKS, USERS, WORKFLOWS, Endpoint
from psauth.exceptions import ApiError, LoginRequired
from psauth.interactive import login
from psauth.service import Service
from psauth.settings import Settings
from psauth.tokens import Secret
from psauth.transport import Params, Transport
from psauth.vault import Vault

if TYPE_CHECKING:
    import pandas as pd

Record = dict[str, Any]

ID_SHAPE: Final = re.compile(r"[A-Za-z0-9_-]{22}")
"""Ids are opaque 22-character url-safe texts; the shape only serves to tell one from a name."""
PAGES_WITHOUT_NEWS: Final = 50
"""A list whose pages bring nothing new this many times in a row goes round in circles."""


def connect(
    account: str = "default", *, settings: Settings | None = None, interactive: bool | None = None
) -> ProcessStreet:
    """A client for the stored connection of `account`, else for PSAUTH_API_KEY, else after a login.

    A stored connection is used at the service it was made with and needs no settings. With `interactive=False`
    nothing is asked: LoginRequired tells what to do instead.

    >>> ps = psauth.connect()                                               # doctest: +SKIP
    >>> ps.workflows()[["name", "updated_date"]]                            # doctest: +SKIP
                      name                     updated_date
    0  Employee Onboarding 2026-11-20 09:14:03.120000+00:00
    """
    settings = settings or Settings()
    vault = Vault.open(settings)
    stored = vault.find(check_account(account))
    if stored is not None and stored.connection.ended is None:
        return ProcessStreet(Transport(stored, vault))
    if settings.api_key:
        # Nobody logged in with it, so it is used as it stands in the settings and not copied into the vault.
        connection = Connection.unstored(account, Service.for_api_key(settings))
        return ProcessStreet(Transport(Stored(connection=connection, api_key=Secret(settings.api_key)), None))
    if interactive is False:
        if stored is not None:
            raise ended(stored.connection)
        raise LoginRequired(f"No connection is stored for account {account!r}. Log in with: {login_line(account)}")
    login(account, settings=settings)
    return ProcessStreet(Transport(vault.read(account), vault))


class ProcessStreet:
    """One connection's view of Process Street. Make one with `psauth.connect()`; threads may share it.

    Every method that reads may raise LoginRequired (log in again), RateLimited (wait), PermissionDenied, NotFound,
    ServiceUnavailable or another ApiError, each with the service's own words and its request id.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    # Frames -----------------------------------------------------------------------------------------------------

    def workflows(self, *, name: str | None = None) -> pd.DataFrame:
        """All workflows, one row each; `name` keeps those whose name the service finds it in.

        Columns: workflow_id, name, description, created_date, created_by_…, updated_date, updated_by_…, link.

        >>> ps.workflows().columns[:3].tolist()                             # doctest: +SKIP
        ['workflow_id', 'name', 'description']
        """
        return self._frame(WORKFLOWS, self._records(WORKFLOWS, {"name": name}))

    def runs(
        self,
        *,
        workflow: str | Iterable[str] | pd.DataFrame | pd.Series | None = None,
        status: str | Iterable[str] | None = None,
        since: datetime | date | str | None = None,
    ) -> pd.DataFrame:
        """Workflow runs that are not deleted, newest created first.

        `workflow` is an id, a name or several (also a frame with `workflow_id`), `status` one or more of Active,
        Completed, Archived, `since` the earliest creation (a date means its midnight UTC).
        Columns: run_id, name, workflow_id, status, created_date, created_by_id, updated_date, updated_by_id,
        due_date, shared, migration_status, link.

        >>> ps.runs(status="Active", since="2026-11-01")                    # doctest: +SKIP
        """
        workflows = self._workflow_ids(workflow) if workflow is not None else [None]
        statuses: list[Any] = _one_or_more(status) if status is not None else [None]
        for one in statuses:
            if one is not None and one not in RUN_STATUSES:
                raise ValueError(f"There is no run status {one!r}. Expected {', '.join(RUN_STATUSES)}.")
        start = _moment(since) if since is not None else None
        records: list[Record] = []
        for workflow_id in workflows:
            for one in statuses:
                records += self._runs({"workflowId": workflow_id, "status": one}, start)
        result = self._frame(RUNS, _unique(records, RUNS.key))
        if len(workflows) * len(statuses) > 1:
            result = result.sort_values("created_date", ascending=False, kind="stable", ignore_index=True)
        return result

    def tasks(
        self,
        *,
        runs: str | Iterable[str] | pd.DataFrame | pd.Series | None = None,
        workflow: str | Iterable[str] | pd.DataFrame | pd.Series | None = None,
    ) -> pd.DataFrame:
        """The tasks of runs, one row a task and run, hidden ones included, in the template's order.

        `runs` are ids (also a frame with `run_id`); `workflow` means all its runs. One request or more a run.
        `task_id` is the template's and repeats in every run: merge on run_id and task_id.
        Columns: task_id, name, run_id, status, task_type, hidden, stopped, due_date, completed_date, completed_by_…,
        updated_date, updated_by_…, link.

        >>> ps.tasks(runs=ps.runs(status="Active").head(10))                # doctest: +SKIP
        """
        if (runs is None) == (workflow is None):
            raise ValueError("Say which tasks: expected either runs=… or workflow=…, for example ps.tasks(runs=frame).")
        ids = _ids(runs, "run_id") if runs is not None else self.runs(workflow=workflow)["run_id"].tolist()
        records: list[Record] = []
        for run_id in dict.fromkeys(ids):
            records += self._records(TASKS, {}, run_id=run_id)
        return self._frame(TASKS, records)

    def users(self) -> pd.DataFrame:
        """The people of the organisation. Columns: user_id, username, email."""
        return self._frame(USERS, self._records(USERS, {}))

    # Raw --------------------------------------------------------------------------------------------------------

    def get(self, path: str, **params: Any) -> Any:
        """The answer to a GET of any documented path, as it came.

        >>> ps.get("/workflows/ID")                                         # doctest: +SKIP
        """
        return self._transport.get(path, _without_none(params))

    def iterate(self, path: str, **params: Any) -> Iterator[Record]:
        """The records of any documented list, page by page, each once.

        >>> for run in ps.iterate("/workflow-runs/list", status="Completed"): ...   # doctest: +SKIP
        """
        return self._walk(path, params, list_key=None, key=("workflowRunId", "taskId", "id"))

    # The connection ---------------------------------------------------------------------------------------------

    def whoami(self) -> Connection:
        """Who is connected, after asking the service: account, kind, scope, expires_at, label; never a token."""
        label = self._transport.ask_label()
        return self._transport.rename(label) if label else self._transport.connection

    def refresh(self) -> Connection:
        """Renew the access token now instead of when it is due."""
        return self._transport.refresh()

    @property
    def connection(self) -> Connection:
        """The connection as last seen, without asking the service."""
        return self._transport.connection

    @property
    def budget(self) -> Budget:
        """Limit, remaining and resets_at as the service told last; all None before the first answer."""
        return self._transport.budget

    @property
    def requests_sent(self) -> int:
        """How many requests this client has made so far: each counts against the hour's budget."""
        return self._transport.requests_sent

    def close(self) -> None:
        """Let go of the network connections; the client opens new ones when used again."""
        self._transport.close()

    def __enter__(self) -> ProcessStreet:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        c = self.connection
        return f"ProcessStreet({c.service.host}, account={c.account!r}, kind={c.kind!r})"

    def _repr_html_(self) -> str:
        budget = self.budget
        left = "not told yet" if budget.remaining is None else f"{budget.remaining:,} of {budget.limit or 0:,}"
        return f"<b>Process Street</b>{self.connection._repr_html_()}Requests left this hour: {left}"

    # Inside -----------------------------------------------------------------------------------------------------

    def _frame(self, endpoint: Endpoint, records: Iterable[Record]) -> pd.DataFrame:
        from psauth.frames import frame  # here, because `import psauth` loads no pandas

        return frame(records, endpoint)

    def _records(self, endpoint: Endpoint, params: Mapping[str, Any], **names: str) -> Iterator[Record]:
        path = endpoint.path.format(**{name: quote(value, safe="") for name, value in names.items()})
        return self._walk(path, params, list_key=endpoint.list_key, key=endpoint.key)

    def _runs(self, params: Mapping[str, Any], start: datetime | None) -> Iterator[Record]:
        """Runs come newest created first, so the walk ends at the first that is too old."""
        for run in self._records(RUNS, params):
            if start is not None and _is_before(run, start):
                return
            yield run

    def _walk(
        self, path: str, params: Mapping[str, Any], *, list_key: str | None, key: tuple[str, ...]
    ) -> Iterator[Record]:
        """The pages of a list. Ends at an empty page, at no `next` link, or at a link already followed."""
        address = self._transport.address(path)
        query: Params = _without_none(params)
        followed: set[str] = set()
        seen: set[str] = set()
        idle = 0
        while True:
            page = self._transport.get(address, query)
            records = _list_of(page, list_key, address)
            if not records:
                return
            fresh = [r for r in records if _new(r, key, seen)]
            yield from fresh
            idle = 0 if fresh else idle + 1
            if idle >= PAGES_WITHOUT_NEWS:
                raise ApiError(
                    f"{urlsplit(address).path} does not end: {idle} pages in a row brought nothing new. Try again later."
                )
            href = _next_link(page)
            if href is None or href in followed:
                return
            followed.add(href)
            address, query = self._transport.next_page(address, href)

    def _workflow_ids(self, workflow: str | Iterable[str] | pd.DataFrame | pd.Series) -> list[str]:
        return [w if ID_SHAPE.fullmatch(w) else self._workflow_named(w) for w in _ids(workflow, "workflow_id")]

    def _workflow_named(self, name: str) -> str:
        found = list(self._records(WORKFLOWS, {"name": name}))
        matches = [w for w in found if str(w.get("name", "")).casefold() == name.casefold()]
        if len(matches) == 1:
            return str(matches[0]["id"])
        near = "; ".join(f"{w.get('name')} ({w.get('id')})" for w in (matches or found)[:10])
        if matches:
            raise ValueError(f"{len(matches)} workflows are called {name!r}: {near}. Give the id of one.")
        hint = f" Did you mean: {near}?" if near else " See ps.workflows() for those there are."
        raise ValueError(f"No workflow is called {name!r}.{hint}")


def logout(account: str = "default", *, settings: Settings | None = None) -> Any:
    """Revoke the connection at the service, forget it here, and say what was done."""
    from psauth.oauth import disconnect

    return disconnect(Vault.open(settings), account)


def _list_of(page: Any, list_key: str | None, address: str) -> list[Record]:
    """The records of a page: under their key, or under the only key that holds a list beside `links`."""
    where = urlsplit(address).path
    if not isinstance(page, Mapping):
        raise ApiError(f"{where} answered {type(page).__name__} where a page (an object with a list) was expected.")
    if list_key is None:
        keys = [k for k, v in page.items() if isinstance(v, list) and k != "links"]
        if len(keys) != 1:
            raise ApiError(
                f"{where} is no list: its answer holds {', '.join(page) or 'nothing'}. Use ps.get({where!r})."
            )
        list_key = keys[0]
    records = page.get(list_key, [])
    if not isinstance(records, list) or not all(isinstance(r, dict) for r in records):
        raise ApiError(f"{where} answered a page whose {list_key!r} is not a list of records.")
    if list_key not in page and set(page) - {"links"}:
        raise ApiError(f"{where} answered {', '.join(sorted(page))} where {list_key!r} was expected.")
    return records


def _next_link(page: Mapping[str, Any]) -> str | None:
    links = page.get("links")
    for link in links if isinstance(links, list) else []:
        # `rel` names the resource; which link is the next page stands in `name`.
        if isinstance(link, Mapping) and link.get("name") == "next" and isinstance(link.get("href"), str):
            return str(link["href"])
    return None


def _new(record: Record, key: tuple[str, ...], seen: set[str]) -> bool:
    """Whether a record has not come before; one without an id cannot be told from another and is kept."""
    if record.get("id") is None:
        return True
    identity = json.dumps([record.get(name) for name in key])
    if identity in seen:
        return False
    seen.add(identity)
    return True


def _unique(records: Iterable[Record], key: tuple[str, ...]) -> list[Record]:
    seen: set[str] = set()
    return [r for r in records if _new(r, key, seen)]


def _ids(given: str | Iterable[str] | pd.DataFrame | pd.Series, column: str) -> list[str]:
    """Ids out of one, several, a frame with `column`, or a series."""
    columns = getattr(given, "columns", None)
    if columns is not None:
        if column not in columns:
            raise ValueError(
                f"The frame has no column {column!r}. Expected one, as in ps.{column.removesuffix('_id')}s()."
            )
        given = given[column]  # type: ignore[index] # it has columns, so it is a frame
    values = _one_or_more(given)  # type: ignore[arg-type] # a series of texts is an iterable of texts
    for value in values:
        if not isinstance(value, str) or not value.strip():
            raise ValueError(f"{value!r} is not a {column}. Expected a text.")
    return values


def _is_before(run: Record, start: datetime) -> bool:
    audit = run.get("audit")
    try:
        return _moment(str(audit["createdDate"] if isinstance(audit, dict) else "")) < start
    except (KeyError, ValueError):
        return False  # without a readable date it may be new: kept


def _one_or_more(given: str | Iterable[str]) -> list[str]:
    return [given] if isinstance(given, str) else list(given)


def _moment(given: datetime | date | str) -> datetime:
    if isinstance(given, str):
        try:
            given = datetime.fromisoformat(given)
        except ValueError:
            raise ValueError(f"{given!r} is not a date. Expected ISO 8601, like 2026-11-01.") from None
    if not isinstance(given, datetime):
        given = datetime(given.year, given.month, given.day)
    return given if given.tzinfo else given.replace(tzinfo=UTC)


def _without_none(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if value is not None}
