"""Output: what a person at a terminal reads, whatever that terminal can show, and how a command fails."""

from __future__ import annotations

import ast
import io
import re
import shlex
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from psauth.exceptions import LoginRequired, PsauthError, PsauthWarning
from psauth.words import READABLE, fitting

_CALL = re.compile(r"""psauth\.(login|logout)\(((?:[^()'"]|'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")*)\)""")
"""A call with arguments, whose texts may hold brackets."""
_SYNC = re.compile(r"ps\.sync\((wait=True)?\)")


class Failure(click.ClickException):
    """A command that failed: one line on stderr, and the exit code."""

    def __init__(self, message: str, *, code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = code  # type: ignore[misc] # click reads it from the instance, and declares it on the class

    def format_message(self) -> str:
        return in_terminal(self.message)


class Group(click.Group):
    """Errors and warnings of psauth as one line on stderr, errors with exit code 1; wrong usage keeps click's 2.

    A login that is needed gives 3, Ctrl-C 130.
    """

    def main(self, *args: Any, **extra: Any) -> Any:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):  # also for what click and Streamlit print by themselves
                stream.reconfigure(errors=READABLE)
        return super().main(*args, **extra)

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        with _fitting_errors():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        with _fitting_errors():
            return self._invoke(ctx)

    def _invoke(self, ctx: click.Context) -> Any:
        try:
            with warnings.catch_warnings():
                warnings.showwarning = _warner(warnings.showwarning)
                return super().invoke(ctx)
        except LoginRequired as error:
            raise Failure(str(error), code=3) from error
        except PsauthError as error:
            raise Failure(str(error)) from error
        except KeyboardInterrupt:
            say("Stopped.", err=True)
            ctx.exit(130)


@contextmanager
def _fitting_errors() -> Iterator[None]:
    """Errors of click, too, fit the terminal: to one that is ASCII, click itself would write UTF-8."""
    try:
        yield
    except click.ClickException as error:
        words = fitting(error.format_message(), sys.stderr.encoding)
        error.format_message = lambda: words  # type: ignore[method-assign]
        raise


def say(text: str, *, err: bool = False) -> None:
    """Print a text; what the terminal's encoding lacks is written plainer."""
    click.echo(fitting(text, (sys.stderr if err else sys.stdout).encoding), err=err)


def note(text: str) -> None:
    """Print something that a person should know although the command goes on."""
    say(f"Note: {in_terminal(text)}", err=True)


def in_terminal(text: str) -> str:
    """A message with the next line to type as it is typed at a terminal, not in Python."""
    typed = _CALL.sub(_typed, text).replace("psauth.Sandbox()", "psauth sandbox")
    typed = _SYNC.sub(lambda call: f"psauth sync{' --wait' if call[1] else ''}", typed)
    return typed.replace("see report.skipped", "see psauth sync --json")


def _typed(call: re.Match[str]) -> str:
    try:
        parsed = ast.parse(call[0], mode="eval").body
        arguments = {k.arg: ast.literal_eval(k.value) for k in parsed.keywords} if isinstance(parsed, ast.Call) else {}
    except (ValueError, SyntaxError):  # not a line to type, but something like psauth.login(…)
        return call[0]
    words = ["psauth", call[1]]
    if account := arguments.get("account"):
        words += ["--account", shlex.quote(str(account))]
    if arguments.get("paste"):
        words.append("--paste")
    return " ".join(words)


def _warner(otherwise: Callable[..., None]) -> Callable[..., None]:
    """Says psauth's warnings without their place in the source, which is nothing to a person at a terminal."""

    def warn(message: Warning | str, category: type[Warning], *where: Any) -> None:
        if issubclass(category, PsauthWarning):
            note(str(message))
        else:
            otherwise(message, category, *where)

    return warn
