"""Ratios, measured side by side in one run; medians, because machines are noisy. `make bench` prints them."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import requests

import psauth

ROUNDS = 9
CALLS = 200


def main() -> None:
    """Print one line a comparison."""
    report("import psauth / import requests_oauthlib", *imports())
    with psauth.Sandbox(runs=20) as box:
        ps = psauth.connect(settings=box.settings)
        box.knobs.budget = 10**9
        report(f"ps.get / bare requests.Session.get ({CALLS} calls)", *gets(ps, box))
        ps.close()


def imports() -> tuple[list[float], list[float]]:
    """Whole interpreters, in turn."""

    def run(module: str) -> float:
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", f"import {module}"], check=True)
        return time.perf_counter() - began

    run("psauth"), run("requests_oauthlib")
    pairs = [(run("psauth"), run("requests_oauthlib")) for _ in range(ROUNDS)]
    return [a for a, _ in pairs], [b for _, b in pairs]


def gets(ps: psauth.ProcessStreet, box: psauth.Sandbox) -> tuple[list[float], list[float]]:
    """The same authenticated request with and without psauth around it, in turn."""
    token = psauth.Vault.open(box.settings).read().token
    assert token is not None
    bare = requests.Session()
    bare.headers["Authorization"] = f"Bearer {token.access_token}"
    address = box.api_url + "/testAuth"

    def with_psauth() -> None:
        for _ in range(CALLS):
            ps.get("/testAuth")

    def without() -> None:
        for _ in range(CALLS):
            bare.get(address, timeout=10).json()

    with_psauth(), without()
    pairs = [(timed(with_psauth), timed(without)) for _ in range(ROUNDS)]
    bare.close()
    return [a for a, _ in pairs], [b for _, b in pairs]


def timed(work: Callable[[], None]) -> float:
    """Seconds on the clock."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def report(name: str, ours: list[float], theirs: list[float]) -> None:
    """The median of the ratios pair by pair, and how far they spread."""
    ratios = sorted(a / b for a, b in zip(ours, theirs, strict=True))
    print(
        f"{name}: {statistics.median(ratios):.2f} (from {ratios[0]:.2f} to {ratios[-1]:.2f}; medians "
        f"{statistics.median(ours):.3f} s and {statistics.median(theirs):.3f} s, {len(ratios)} rounds)"
    )


if __name__ == "__main__":
    main()
