"""ProcessStreet: what analysts call. DataFrames of workflows, runs, tasks and people; any other path as plain records."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from psauth.api.budget import Budget
from psauth.api.pages import Record, walk
from psauth.api.transport import Transport
from psauth.reading.plan import Plan, Planner
from psauth.reading.reads import Nouns
from psauth.vault.connection import Connection
from psauth.writing.writes import Writes

if TYPE_CHECKING:
    from psauth.reading.arguments import Things

log = logging.getLogger(__name__)


class ProcessStreet(Nouns, Writes):
    """One connection's view of Process Street. Make one with `psauth.connect()`; threads may share it.

    What can be read as DataFrames stands in Nouns, what can be written in Writes; here is what lies beneath: any
    documented path, the connection, the budget. Each says its columns: help(ps.runs).

    >>> ps = psauth.connect()                                               # doctest: +SKIP
    >>> ps.tasks(runs=ps.runs(status="Active"))["status"].value_counts()    # doctest: +SKIP
    status
    Completed       215
    NotCompleted    183
    Name: count, dtype: int64

    Every method may raise LoginRequired (log in again), RateLimited (wait), PermissionDenied, NotFound,
    ServiceUnavailable or another ApiError, each with the service's own words and its request id.
    """

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport)
        self._plans = Planner(self._read)

    # Raw --------------------------------------------------------------------------------------------------------

    def get(self, path: str, **params: Any) -> Any:
        """The answer to a GET of any documented path, as it came.

        >>> ps.get("/workflows/ID")                                         # doctest: +SKIP
        """
        return self._transport.get(path, _as_asked(params))

    def iterate(self, path: str, **params: Any) -> Iterator[Record]:
        """The records of any documented list, page by page, each once.

        >>> for run in ps.iterate("/workflow-runs/list", status="Completed"): ...   # doctest: +SKIP
        """
        pages = walk(self._transport, path, _as_asked(params), list_key=None, key=("workflowRunId", "taskId", "id"))
        return (record for page in pages for record in page)

    def plan(self, *nouns: str, runs: Things | None = None, workflow: Things | None = None) -> Plan:
        """What reading these nouns of runs will cost, before it is begun: requests, and seconds with all waiting.

        The nouns are those read run by run: tasks, form_values, approvals, assignments. With `workflow` its runs are
        counted, which costs a request for 20 of them; give `plan.run_ids` to the read, and they are not asked for again.
        How many pages a run has is learned from one run of each workflow.

        >>> ps.plan("tasks", "form_values", runs=ps.runs(status="Active"))  # doctest: +SKIP
        tasks, form_values of 500 runs: about 1,615 requests, 8 s; 2,310 of 2,500 are left
        """
        return self._plans.plan(nouns, runs, workflow)

    # The connection ---------------------------------------------------------------------------------------------

    def whoami(self) -> Connection:
        """Who is connected, after asking the service: account, kind, scope, expires_at, label; never a token."""
        label = self._transport.ask_label()
        return self._transport.access.rename(label) if label else self._transport.connection

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
        return self._transport.usage.budget

    @property
    def requests_sent(self) -> int:
        """How many requests this client has made so far: each counts against the hour's budget."""
        return self._transport.usage.requests_sent

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


def _as_asked(params: Mapping[str, Any]) -> dict[str, Any]:
    """Query parameters without those that are None; yes and no as JSON has them, which Python spells differently."""
    if names := [name for name, value in params.items() if isinstance(value, Mapping)]:
        raise ValueError(f"{names[0]}=… cannot be asked for. Expected each query parameter by its name, like name='x'.")
    given = {name: value for name, value in params.items() if value is not None}
    return {name: str(value).lower() if isinstance(value, bool) else value for name, value in given.items()}
