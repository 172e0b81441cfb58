"""Request: the same authenticated request with and without psauth around it, on loopback."""

from __future__ import annotations

import requests
from ratios import in_turn, report, timed
from stand import UNLIMITED, Stand

CALLS = 200
PATH = "/testAuth"


def compare(stand: Stand) -> None:
    """One line."""
    stand.turn(latency=0.0, budget=UNLIMITED)
    bare = requests.Session()
    bare.trust_env = False  # a netrc file would take the place of the bearer
    bare.headers["Authorization"] = f"Bearer {stand.access.token}"
    address = stand.access.api_url + PATH
    with stand.access.connect() as ps, bare:

        def with_psauth() -> None:
            for _ in range(CALLS):
                ps.get(PATH)

        def without() -> None:
            for _ in range(CALLS):
                bare.get(address, timeout=10).json()

        with_psauth(), without()
        ours, theirs = in_turn(lambda: timed(with_psauth), lambda: timed(without), rounds=11)
    report(f"ps.get / requests.Session.get, {CALLS} calls", "at most 1.10", ours, theirs)
