"""What the tests on real parts ask and do: of the sandbox's log, and of the stored connection."""

import os
import socket
import sys
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests

from psauth import ProcessStreet, Vault
from psauth.api.transport import Transport

ROOT = Path(__file__).parent.parent.parent
SOME = 12
"""So many runs are enough for what is asked run by run."""


WRITTEN = ("POST", "PUT", "DELETE")

LOST = [
    {"kind": "drop", "when": "after"},
    {"kind": "reset", "when": "after"},
    {"kind": "truncate"},
    {"status": 500, "when": "after"},
    {"status": 504, "when": "after"},
]
"""The service did it, and its answer says nothing."""
NOT_DONE = [{"kind": "drop"}, {"kind": "reset"}, {"status": 500}, {"status": 503}]
"""The service did nothing, and the answer does not say so either."""


def fault_name(fault):
    """The id of a test on a fault."""
    return "-".join(map(str, fault.values()))


def refreshes(box):
    """The refresh requests the sandbox has seen."""
    return box.requests.matching("/oauth/token", grant_type="refresh_token")


def exchanges(box):
    """The exchanges of a code the sandbox has seen."""
    return box.requests.matching("/oauth/token", grant_type="authorization_code")


def expire_at_the_service(box):
    """Every access token ends now, and only the service knows."""
    box._server.grants.expire_access_tokens()


def expire_here(vault, account="default", *, ago=10):
    """The stored access token counts as expired; the service still takes it."""
    stored = vault.read(account)
    past = datetime.now(UTC) - timedelta(seconds=ago)
    return vault.renew(stored, replace(stored.token, expires_at=past, obtained_at=past - timedelta(hours=1)))


def client_of(settings, account="default"):
    """A client of the stored connection, as another notebook would have it."""
    vault = Vault.open(settings)
    return ProcessStreet(Transport(vault.read(account), vault))


def query_of(address):
    """The query parameters of an address."""
    return dict(parse_qsl(urlsplit(address).query))


def changed(address, **changes):
    """An address with other query parameters; None takes one out."""
    query = {**query_of(address), **changes}
    kept = {name: value for name, value in query.items() if value is not None}
    return urlsplit(address)._replace(query=urlencode(kept)).geturl()


def raw(box, path, key):
    """The records of a list as the pages hold them, read by nothing of psauth."""
    records, query = [], {}
    while True:
        headers = {"X-API-Key": box.api_key}
        page = requests.get(f"{box.api_url}/{path}", params=query, headers=headers, timeout=20).json()
        records += [record for record in page[key] if record not in records]
        links = [link["href"] for link in page.get("links", []) if link["name"] == "next"]
        if not links or not page[key]:
            return records
        query = query_of(links[0])


def free_port():
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, *, seconds=15.0, why="the condition"):
    """Ask until the answer is true, and return it. AssertionError when it never is; `why` may be a function."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{why() if callable(why) else why} did not come within {seconds:.0f} s")
        time.sleep(0.01)
    return answer


def environment(settings, **more):
    """The environment of a program with these settings, run from this checkout."""
    names = ("client_id", "client_secret", "issuer", "api_url", "redirect_uri", "home", "secret_key")
    variables = {f"PSAUTH_{name.upper()}": getattr(settings, name) for name in names}
    return {**bare_environment(), **variables, **more}


def bare_environment():
    """An environment in which this checkout's psauth is found, and no setting of it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PSAUTH_")}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": "error"}


def field_pairs(box):
    """The ids of the fields with options, of a workflow that has some."""
    template = next(t for t in box.company.templates if any(f[3].kind == "Select" for f in t.fields))
    return [{"workflow_id": template.id, "field_id": f[0]} for f in template.fields if f[3].kind == "Select"]


def busiest(box):
    """The address of the person with the most open tasks."""
    counts = Counter(
        p.email
        for r in box.company.runs
        if r.status == "Active"
        for t in r.tasks
        if not t.completed
        for p in t.assignees
    )
    return counts.most_common(1)[0][0]


def asked(box):
    """The API requests since the log was cleared, by what was asked."""
    return Counter((r.path, *sorted(r.query.items())) for r in box.requests.matching("/v1/"))


PYTHON = sys.executable
