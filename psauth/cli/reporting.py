"""Reporting: `psauth report`, a page about a workflow in one file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from psauth.cli.account import account_option
from psauth.cli.output import say
from psauth.connecting import connect
from psauth.exceptions import ArgumentError, needs_extra
from psauth.export.replace import replaced
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


@click.command()
@click.argument("workflow", required=False)
@click.option("--all", "every", is_flag=True, help="About all workflows together, in place of one.")
@click.option("--out", "path", type=click.Path(path_type=Path), required=True, help="The file, like report.html.")
@click.option("--since", type=Day(), help="Only runs that were started from this day on, like 2026-01-01.")
@account_option()
def report(workflow: str | None, every: bool, path: Path, since: datetime | None, account: str) -> None:
    """Write a page about a workflow out of the local copy.

    WORKFLOW is its name or id. The page is one file with sentences, pictures and figures; it opens without a network and
    prints. No request is made.
    """
    if (workflow is not None) == every:
        raise click.UsageError(
            'Expected either a workflow or --all. Type: psauth report "Purchase Request" --out report.html'
        )
    with needs_extra("analysis", "psauth report"):
        from psauth.analysis.report import page_path

    try:
        target = page_path(path)
    except ArgumentError as error:
        raise click.BadParameter(str(error), param_hint="'--out'") from error
    with (
        connect(account, interactive=False) as ps,
        replaced(target) as stream,
    ):  # a place that is not writable is found first
        stream.write(ps.report(workflow, since=since).html.encode())
    say(f"Written: {path}")
