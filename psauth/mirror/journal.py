"""Journal: the pages of lists that are not whole yet. They are kept in the store, so that after a kill the next sync does not
ask for them again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from psauth.api.origin import Origin
from psauth.api.pace import INTERACTIVE, Pace
from psauth.api.retrying import Params
from psauth.api.transport import Transport
from psauth.masks import Masks
from psauth.mirror.records import KeptPage
from psauth.mirror.store import Store
from psauth.mirror.writer import Writer

FRESH: Final = timedelta(hours=2)
"""How old a kept page may be to be used. A budget that was spent begins anew within an hour, and the list goes on then."""


class Journal:
    """What an earlier sync left half read, and where this one notes its own pages. `anew`: nothing earlier is used."""

    def __init__(self, store: Store, transport: Transport, writer: Writer, *, anew: bool = False) -> None:
        self._transport, self._writer = transport, writer
        self._kept: dict[str, dict[str, KeptPage]] = {}
        now = datetime.now(UTC)
        for page in store.take_up_pages(now if anew else now - FRESH, now):
            self._kept.setdefault(page.job, {})[page.request] = page

    def source(self, job: str, age: timedelta = FRESH) -> NotedSource:
        """Where a job takes its pages from: those kept for it that are younger than `age`, and the service for all others."""
        since = datetime.now(UTC) - min(age, FRESH)
        kept = {request: page for request, page in self._kept.pop(job, {}).items() if page.asked_at > since}
        return NotedSource(self._transport, self._writer, job, kept)


class NotedSource:
    """Pages for one job (see psauth.api.pages.Source).

    `asked_at` is when the oldest of them was asked for, `answered` how many the service has answered.
    """

    def __init__(self, transport: Transport, writer: Writer, job: str, kept: Mapping[str, KeptPage]) -> None:
        self._transport, self._writer, self._job, self._kept = transport, writer, job, kept
        self.asked_at = datetime.now(UTC)
        self.answered = 0

    @property
    def origin(self) -> Origin:
        """Where the API is."""
        return self._transport.origin

    @property
    def masks(self) -> Masks:
        """What hides the credential."""
        return self._transport.masks

    @property
    def if_wrong(self) -> str:
        """What to type where the API's address is wrong."""
        return self._transport.if_wrong

    def get(self, path: str, params: Params | None = None, *, pace: Pace = INTERACTIVE) -> Any:
        """The JSON of a GET, out of the journal where it is there."""
        pairs = params.items() if isinstance(params, Mapping) else params or ()
        request = json.dumps([path, *sorted((name, str(value)) for name, value in pairs)])
        page = self._kept.get(request)
        if page is not None:
            self.asked_at = min(self.asked_at, page.asked_at)
            return page.answer
        asked_at = datetime.now(UTC)
        answer = self._transport.get(path, params, pace=pace)
        self.answered += 1
        self._writer.note_page(KeptPage(self._job, request, answer, asked_at))
        return answer
