"""Imports: whole interpreters that import psauth, or the engine it is built on."""

from __future__ import annotations

import subprocess
import sys
from functools import partial

from ratios import in_turn, report, timed


def compare() -> None:
    """One line."""

    def run(module: str) -> float:
        return timed(lambda: subprocess.run([sys.executable, "-c", f"import {module}"], check=True))

    run("psauth"), run("requests_oauthlib")
    ours, theirs = in_turn(partial(run, "psauth"), partial(run, "requests_oauthlib"), rounds=15)
    report("import psauth / import requests_oauthlib", "at most 1.15", ours, theirs)
