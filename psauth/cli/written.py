"""Written: what the commands that write a file out of the local copy check before they begin."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from psauth.exceptions import ArgumentError


def target_of(workflow: str | None, every: bool, path: Path, whole: Callable[[Path], Path], like: str) -> Path:
    """The file to write; a usage error unless either a workflow or all are named, and for a file of another kind.

    whole: makes a whole path of one, or raises ArgumentError. like: what to type.
    """
    if (workflow is not None) == every:
        raise click.UsageError(f"Expected either a workflow or --all. Type: {like}")
    try:
        return whole(path)
    except ArgumentError as error:
        raise click.BadParameter(str(error), param_hint="'--out'") from error
