"""Since: the option that says from which day on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import click

from psauth.exceptions import ArgumentError
from psauth.reading.arguments import moment


class Day(click.ParamType):  # type: ignore[type-arg] # generic for mypy alone
    """A date, or a moment, like 2026-01-01."""

    name = "date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The moment in UTC."""
        try:
            return moment(str(value).strip())
        except ArgumentError as error:
            self.fail(str(error))


def since_option() -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The option --since, of commands about runs."""
    return click.option("--since", type=Day(), help="Only runs that were started from this day on, like 2026-01-01.")
