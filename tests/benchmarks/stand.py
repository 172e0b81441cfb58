"""Stand: the sandbox in a process of its own, so that it shares no interpreter lock with who is measured."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any
from urllib.parse import urlencode

import psauth
from psauth.sandbox.company.blueprints import BLUEPRINTS
from psauth.sandbox.company.templates import Template

RUNS = 507
"""Drawn; seven of them are deleted, so that the API shows 500."""
NOW = 1_790_000_000_000
"""Milliseconds since 1970."""
SEED = 7
UNLIMITED = 10**9


@dataclass(frozen=True)
class Access:
    """How to get in: by the vault in `home`."""

    home: str
    secret_key: str
    api_url: str

    @property
    def settings(self) -> psauth.Settings:
        """Settings that find the vault."""
        return psauth.Settings(home=self.home, secret_key=self.secret_key, env_file=None)

    def connect(self) -> psauth.ProcessStreet:
        """A client of the connection in the vault."""
        return psauth.connect(settings=self.settings)

    @property
    def token(self) -> str:
        """The bearer token, for everybody else."""
        token = psauth.Vault.open(self.settings).read().token
        assert token is not None
        return str(token.access_token)


class Stand:
    """A context manager; `access` tells how to get in, the methods turn the sandbox and read its log."""

    access: Access

    def __init__(self, runs: int = RUNS) -> None:
        """`runs`: so many are drawn."""
        self._runs = runs

    def __enter__(self) -> Stand:
        spawn = multiprocessing.get_context("spawn")
        self._pipe, theirs = spawn.Pipe()
        self._process = spawn.Process(target=_serve, args=(theirs, self._runs), name="stand", daemon=True)
        self._process.start()
        theirs.close()
        self.access = self._pipe.recv()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._pipe.send(("stop", {}))
        self._process.join(30)

    def turn(self, **knobs: Any) -> None:
        """Turn knobs of the sandbox, and forget the log."""
        self._ask("turn", knobs)

    def asked(self) -> Counter[str]:
        """How often each page (path and query) was asked for since the last `turn`."""
        return self._ask("asked", {})

    def answered(self) -> list[tuple[float, int]]:
        """When (seconds since 1970) the requests since the last `turn` came, and with what status they were answered."""
        return self._ask("answered", {})

    def windows(self, seconds: float, most: int) -> list[list[int]]:
        """The statuses of the answers since the last `turn`, window by window, as the sandbox counts them.

        A window begins with the first request after the end of the one before. The first, in which processes start, is
        left out, and what comes after `most` others.
        """
        windows: list[list[int]] = []
        began = -seconds
        for moment, status in sorted(self.answered()):
            if moment - began >= seconds:
                began = moment
                windows.append([])
            windows[-1].append(status)
        return windows[1 : most + 1]

    def live(self, steps: int) -> None:
        """Let so many things happen in the company."""
        self._ask("live", {"steps": steps})

    def _ask(self, what: str, how: dict[str, Any]) -> Any:
        self._pipe.send((what, how))
        return self._pipe.recv()


def _serve(pipe: Connection, runs: int) -> None:
    """The other process."""
    with psauth.Sandbox(runs=runs, seed=SEED) as box:
        box.company.now = box.company.anchor = NOW  # the same company on every day
        box.company.templates = _long_forms()
        box.knobs.next_host = None  # other clients follow links wherever they lead
        psauth.connect(settings=box.settings).close()
        pipe.send(Access(box.settings.home, str(box.settings.secret_key), box.api_url))
        while True:
            what, how = pipe.recv()
            if what == "stop":
                return
            if what == "turn":
                for name, value in how.items():
                    setattr(box.knobs, name, value)
                box.requests.clear()
                pipe.send(None)
            elif what == "live":
                box.company.live(seed=SEED, **how)
                pipe.send(None)
            elif what == "asked":
                pipe.send(Counter(f"{s.path}?{urlencode(s.query)}" for s in box.requests))
            else:
                pipe.send([(s.time, s.status or 0) for s in box.requests])


def _long_forms() -> list[Template]:
    """The workflows of the sandbox with forms so long that their values fill some pages: 1,115 for 500 runs."""
    return [
        Template(SEED, replace(b, steps=tuple(replace(s, fields=s.fields * 3 + s.fields[:1]) for s in b.steps)))
        for b in sorted(BLUEPRINTS, key=lambda b: b.name)
    ]
