"""Reporting: `psauth report`, a page about a workflow in one file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from psauth.cli.account import account_option
from psauth.cli.output import note, say
from psauth.cli.since import since_option
from psauth.cli.written import target_of
from psauth.connecting import connect
from psauth.exceptions import needs_extra
from psauth.export.replace import replaced


@click.command()
@click.argument("workflow", required=False)
@click.option("--all", "every", is_flag=True, help="About all workflows together, in place of one.")
@click.option("--out", "path", type=click.Path(path_type=Path), required=True, help="The file, like report.html.")
@since_option()
@account_option()
def report(workflow: str | None, every: bool, path: Path, since: datetime | None, account: str) -> None:
    """Write a page about a workflow out of the local copy.

    WORKFLOW is its name or id. The page is one file with sentences, pictures and figures; it opens without a network and
    prints. No request is made.
    """
    with needs_extra("analysis", "psauth report"):
        from psauth.analysis.report import page_path

    target = target_of(workflow, every, path, page_path, 'psauth report "Purchase Request" --out report.html')
    with (
        connect(account, interactive=False) as ps,
        replaced(target) as stream,
    ):  # a place that is not writable is found first
        page = ps.report(workflow, since=since)
        stream.write(page.html.encode())
    say(f"Written: {path}")
    if not page.has_runs:
        note(page.sentences[-1])
