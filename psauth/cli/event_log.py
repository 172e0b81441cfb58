"""Event log: `psauth event-log`, what happened in runs as a file for process-mining tools."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from psauth.cli.account import account_option
from psauth.cli.output import say
from psauth.cli.since import since_option
from psauth.cli.written import target_of
from psauth.connecting import connect
from psauth.export.replace import replaced
from psauth.words import counted


@click.command("event-log")
@click.argument("workflow", required=False)
@click.option("--all", "every", is_flag=True, help="Of all workflows together, in place of one.")
@click.option("--out", "path", type=click.Path(path_type=Path), required=True, help="The file, like log.xes.")
@since_option()
@account_option()
def event_log(workflow: str | None, every: bool, path: Path, since: datetime | None, account: str) -> None:
    """Write what happened in runs as a file for process-mining tools.

    WORKFLOW is its name or id. The ending of the file says what is written: .xes (IEEE 1849), .csv or .parquet, as pm4py,
    ProM, Celonis, Disco and Apromore read them. It comes out of the local copy; no request is made.
    """
    from psauth.export.event_log import log_path, write_log
    from psauth.export.events import CASE, checked_log

    target = target_of(workflow, every, path, log_path, 'psauth event-log "Purchase Request" --out log.xes')
    with (
        connect(account, interactive=False) as ps,
        replaced(target) as stream,
    ):  # a place that is not writable is found first
        log = checked_log(ps.analysis.event_log(workflow=workflow, since=since))
        write_log(log, target.suffix, stream)
    say(f"Written: {path} ({counted(len(log), 'event')} of {counted(log[CASE].nunique(), 'run')})")
