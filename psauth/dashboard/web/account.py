"""Account: whose connection a browser is shown."""

from __future__ import annotations

import argparse
import sys
from functools import cache

from psauth.vault.connection import check_account


def account_of(browser: str | None) -> str:
    """The account that the person at this browser (the name in its cookie) sees and connects.

    The app serves the person who started it and nobody else, so every browser gets the owner's account; a sign-in
    for each person would be asked here.
    """
    return _owner()


@cache
def _owner() -> str:
    """The account that the app was started for: `psauth app --account NAME`, or `streamlit run app.py -- --account NAME`."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--account", nargs="?", default="default", const="")  # without a name: refused as an empty one
    return check_account(parser.parse_known_args(sys.argv[1:])[0].account)
