"""Lifespan: what begins when the app starts and ends with it, beside the pages."""

from __future__ import annotations

import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.concurrency import run_in_threadpool

from psauth.connecting import find_credential
from psauth.dashboard.loading.copies import place_of
from psauth.dashboard.loading.read import Here
from psauth.dashboard.loading.syncs import ENDING, syncs
from psauth.dashboard.web.account import account_of
from psauth.dashboard.web.start import announced
from psauth.dashboard.web.target import find_target
from psauth.vault.vault import Vault

log = logging.getLogger(__name__)


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[None]:
    """While the app runs: its entrance stands in the terminal, and the local copy is kept current if that was wished."""
    async with announced(app):
        threading.Thread(target=_go_on, name="psauth-go-on", daemon=True).start()
        try:
            yield
        finally:
            await run_in_threadpool(syncs.end, timeout=ENDING)


def _go_on() -> None:
    """Keep the copy current that an earlier start of the app kept current; nobody needs to open a page for that."""
    try:
        settings = find_target().settings
        if not settings.mirror and not (settings.home_path / "mirror").exists():
            return  # and no vault is made for it
        vault = Vault.open(settings)
        connection = find_credential(settings, vault, account_of(None)).kept
        if connection is None or connection.ended is not None:
            return
        here = Here(connection, vault, settings)
        if place_of(here)[0].store.exists():
            syncs.of(here)
    except Exception as error:  # noqa: BLE001 - the pages say what is wrong; the log gets the kind, never a value
        log.info("the local copy is not kept current yet: %s", type(error).__name__)
