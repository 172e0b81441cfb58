"""Account: the option that says which connection a command is about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from psauth.exceptions import ArgumentError
from psauth.vault.connection import check_account


def account_option(text: str = "Which connection.") -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The option --account; `text` says what for."""
    return click.option("--account", default="default", show_default=True, callback=_checked, help=text)


def _checked(_: click.Context, __: click.Parameter, account: str) -> str:
    try:
        return check_account(account)
    except ArgumentError as error:
        raise click.BadParameter(str(error)) from error
