"""Syncing: `psauth sync`, once or every few minutes."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Final

import click

from psauth.cli.account import account_option
from psauth.cli.output import in_terminal, note, say
from psauth.connecting import connect
from psauth.exceptions import LoginRequired, PsauthError, needs_extra
from psauth.settings import Settings
from psauth.words import lasting

if TYPE_CHECKING:
    from psauth.client import ProcessStreet

UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
NOT_FINISHED: Final = 4
"""The exit code of a sync that ended before everything was read, as at the edge of the hour's budget."""
SHORTEST: Final = 10
"""Seconds between two syncs at least: one takes some seconds."""


class Every(click.ParamType):  # type: ignore[type-arg] # generic for mypy alone
    """A time between two syncs, like 15m."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Seconds."""
        match = re.fullmatch(r"(\d{1,6})([smhd])", str(value).strip())
        if match is None or int(match[1]) * UNITS[match[2]] < SHORTEST:
            self.fail(f"{value!r} is no time between two syncs. Expected one like 15m or 1h, of at least {SHORTEST} s.")
        return int(match[1]) * UNITS[match[2]]


@click.command()
@account_option()
@click.option("--watch", "every", type=Every(), help="Sync again and again, so often: 15m, 1h.")
@click.option("--full", is_flag=True, help="Look at everything again, whatever the service says of it.")
@click.option("--wait", is_flag=True, help="Wait for the budget as long as it takes, and for another sync.")
@click.option("--anew", is_flag=True, help="Begin anew; the copy that was there is kept beside it.")
@click.option("--json", "as_json", is_flag=True, help="The report as a line of JSON, for programs to read.")
def sync(account: str, every: int | None, full: bool, wait: bool, anew: bool, as_json: bool) -> None:
    """Bring the local copy up to date.

    It can be stopped at any moment (Ctrl-C); the next sync goes on where it was. At the edge of the hour's budget it
    stops by itself: exit code 4.
    """
    with needs_extra("mirror", "psauth sync"):
        from psauth.mirror.lock import Busy

    with connect(account, interactive=False) as ps:
        if anew:
            _set_aside(ps)
        while True:
            try:
                report = ps.sync(full=full, wait=wait, progress=not as_json)
                full = full and report.stopped is not None  # one that was ended before its end goes on
                say(report.to_json() if as_json else in_terminal(str(report)))
            except LoginRequired:
                raise
            except Busy as error:
                if every is None:
                    raise
                note(str(error))
            except PsauthError as error:
                if every is None:
                    raise
                note(f"{error} Tried again in {lasting(every)}.")
            if every is None:
                if report.stopped is not None:
                    raise SystemExit(NOT_FINISHED)
                return
            _sleep(every)


def _set_aside(ps: ProcessStreet) -> None:
    """Move the store away while nobody syncs it."""
    from psauth.mirror.place import Identity, Place
    from psauth.mirror.publish import set_aside

    place = Place.of(Settings(), Identity.of(ps.connection))
    place.make_folder()
    aside = set_aside(place)
    if aside is not None:
        note(f"The copy that was there lies in {aside} now; delete it when you do not miss anything.")


def _sleep(seconds: int) -> None:
    stop = threading.Event()
    for _ in range(seconds * 2):
        stop.wait(0.5)  # short waits, so that Ctrl-C is heard on Windows too
