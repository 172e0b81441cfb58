"""The terminal: psauth login | logout | status | sandbox | app."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from psauth.api.transport import Transport
from psauth.client import ProcessStreet
from psauth.connecting import login, logout
from psauth.exceptions import LoginRequired, PsauthError, PsauthWarning
from psauth.secret import Secret
from psauth.settings import NAMES, PREFIX, SECRETS, Settings
from psauth.vault.connection import Connection, Stored, check_account
from psauth.vault.service import Service
from psauth.vault.vault import Vault

APP = Path(__file__).parent.parent / "app.py"


class _Group(click.Group):
    """Errors and warnings of psauth as one line on stderr, errors with exit code 1; wrong usage keeps click's 2.

    Ctrl-C gives 130.
    """

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with warnings.catch_warnings():
                warnings.showwarning = _sayer(warnings.showwarning)
                return super().invoke(ctx)
        except LoginRequired as error:
            raise _Failure(_in_terminal(str(error)), code=3) from error
        except PsauthError as error:
            raise _Failure(_in_terminal(str(error)), code=1) from error
        except KeyboardInterrupt:
            click.echo("Stopped.", err=True)
            ctx.exit(130)


def _in_terminal(text: str) -> str:
    """An error's text with the next line to type as it is typed here, not in Python."""
    text = re.sub(
        r"psauth\.login\(account='([^']+)'\)", lambda call: f"psauth login --account {shlex.quote(call[1])}", text
    )
    return text.replace("psauth.login()", "psauth login").replace("psauth.Sandbox()", "psauth sandbox")


def _sayer(otherwise: Callable[..., None]) -> Callable[..., None]:
    """Says psauth's warnings without their place in the source, which is nothing to a person at a terminal."""

    def say(message: Warning | str, category: type[Warning], *where: Any) -> None:
        if issubclass(category, PsauthWarning):
            click.echo(f"Note: {message}", err=True)
        else:
            otherwise(message, category, *where)

    return say


class _Failure(click.ClickException):
    def __init__(self, message: str, *, code: int) -> None:
        super().__init__(message)
        self.exit_code = code  # type: ignore[misc] # click reads it from the instance, and declares it on the class


def _checked(_: click.Context, __: click.Parameter, account: str) -> str:
    try:
        return check_account(account)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


_account = click.option("--account", default="default", show_default=True, callback=_checked, help="Which connection.")


@click.group(cls=_Group, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="psauth")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Process Street as DataFrames: connect once, use it in the app and in every notebook.

    Exit codes: 0 done, 1 failed, 2 wrong usage, 3 a login is needed, 130 stopped by Ctrl-C.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
        settings = Settings()
        usable = _usable(settings, Vault.open(settings))
        click.echo("\nConnected:" if usable else f"\n{_begin(settings)}")
        for stored in usable:
            click.echo(f"  {_line(stored.connection)}")


@main.command("login")
@_account
@click.option("--timeout", default=300.0, show_default=True, help="Seconds to wait for the consent page.")
def login_command(account: str, timeout: float) -> None:
    """Connect, in the browser or by pasting the callback address."""
    connection = login(account, timeout=timeout)
    click.echo(f"Connected: {_line(connection)}")


@main.command("logout")
@_account
def logout_command(account: str) -> None:
    """Revoke the access at the service and forget it here."""
    done = logout(account)
    click.echo(str(done))
    if not done.existed:
        sys.exit(3)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs to read.")
@click.option("--offline", is_flag=True, help="Do not ask the service.")
def status(as_json: bool, offline: bool) -> None:
    """Who is connected, and from which settings.

    Also where each setting comes from, until when, and whether the service answers.
    """
    settings = Settings()
    vault = Vault.open(settings)
    report = _report(settings, vault, ask=not offline)
    click.echo(json.dumps(report, indent=2) if as_json else _as_text(report, settings))
    if not report["connections"] or any(c["login_required"] for c in report["connections"]):
        sys.exit(3)
    if any(c["answers"] is False for c in report["connections"]):
        sys.exit(1)


@main.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="0 takes any free port.")
@click.option(
    "--runs",
    type=click.IntRange(0),
    default=3000,
    show_default=True,
    help="How many workflow runs the invented company has had.",
)
@click.option("--seed", default=7, show_default=True, help="Another seed, another company.")
@click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A file for its grants and secrets, to survive a restart.  [default: in PSAUTH_HOME]",
)
def sandbox(port: int, runs: int, seed: int, state: Path | None) -> None:
    """Run the stand-in for Process Street.

    It says how to connect to it, and runs until Ctrl-C. Its hour lasts a minute.
    """
    from psauth.sandbox import SandboxServer, StateError

    state = state or Settings().home_path / "sandbox-server.json"
    try:
        state.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _Failure(
            f"The folder {state.parent} cannot be used ({error.strerror or error}). Name another file with --state.",
            code=1,
        ) from None
    try:
        server = SandboxServer(port=port, runs=runs, seed=seed, state=state).start()
    except StateError as error:
        raise _Failure(f"The sandbox's memory cannot be read: {error}", code=1) from None
    except OSError as error:
        raise _Failure(f"{error.strerror or error}, or let it take any free one with --port 0.", code=1) from None
    try:
        click.echo(f"The sandbox answers at {server.url} (invented data). In another terminal or in .env:\n")
        for name, value in _sandbox_variables(server).items():
            click.echo(f"  export {name}={value}")
        click.echo("\nThen: psauth login. Or, instead of the first three lines, with an API key:\n")
        click.echo(f"  export PSAUTH_API_KEY={server.api_key}\n")
        click.echo("Its hour lasts a minute: so soon a used-up request budget is full again. Ctrl-C stops it.")
        _wait()
    finally:
        server.stop()


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("streamlit_options", nargs=-1, type=click.UNPROCESSED)
def app(streamlit_options: tuple[str, ...]) -> None:
    """Start the Streamlit app on this machine.

    Further options go to `streamlit run`.
    """
    try:
        from streamlit.web import cli as streamlit
    except ModuleNotFoundError:
        raise _Failure("The app needs Streamlit. Install it with: pip install 'psauth[app]'", code=1) from None
    if not APP.is_file():
        raise _Failure("app.py is not here: it belongs to a checkout of psauth, not to the installed package.", code=1)
    os.chdir(APP.parent)  # its .env and .streamlit stand beside it
    try:
        streamlit.main(["run", str(APP), *streamlit_options], standalone_mode=False)
    except click.Abort:
        raise KeyboardInterrupt from None


def _report(settings: Settings, vault: Vault, *, ask: bool) -> dict[str, Any]:
    return {
        "home": settings.home,
        "vault": vault.place,
        "key": vault.key_source,
        "settings": {PREFIX + n.upper(): _setting(settings, n) for n in NAMES if settings.sources[n] != "not set"},
        "unknown_settings": list(settings.unknown),
        "connections": [_connection(stored, vault, ask=ask) for stored in _usable(settings, vault)],
    }


def _usable(settings: Settings, vault: Vault) -> list[Stored]:
    """The stored connections, and the API key of the settings where `psauth.connect()` would use that."""
    found = [vault.read(connection.account) for connection in vault.connections()]
    default = next((s for s in found if s.connection.account == "default"), None)
    if settings.api_key and (default is None or default.connection.ended):
        unstored = Connection.unstored("default", Service.for_api_key(settings))
        found.append(Stored(connection=unstored, api_key=Secret(settings.api_key)))
    return found


def _setting(settings: Settings, name: str) -> dict[str, str]:
    return {"value": "***" if name in SECRETS else getattr(settings, name), "from": settings.sources[name]}


def _connection(stored: Stored, vault: Vault, *, ask: bool) -> dict[str, Any]:
    connection, answers, problem = stored.connection, None, connection_problem(stored.connection)
    login_required = problem is not None
    if ask and problem is None:
        try:
            with ProcessStreet(Transport(stored, None if connection.id == "settings" else vault)) as ps:
                connection, answers = ps.whoami(), True
        except LoginRequired as error:
            login_required, problem = True, _in_terminal(str(error))
        except PsauthError as error:
            answers, problem = False, _in_terminal(str(error))
    return {
        "account": connection.account,
        "kind": connection.kind,
        "label": connection.label,
        "service": connection.service.api_url,
        "scope": connection.scope,
        "expires_at": connection.expires_at.isoformat(timespec="seconds") if connection.expires_at else None,
        "renewable": connection.renewable,
        "answers": answers,
        "login_required": login_required,
        "problem": problem,
    }


def connection_problem(connection: Connection) -> str | None:
    """Why a connection cannot be used any more, as far as the vault knows."""
    return f"ended: {connection.ended}" if connection.ended else None


def _begin(settings: Settings) -> str:
    """What to do when nobody is connected."""
    if settings.client_id or settings.api_key:
        return "Nobody is connected. Begin with: psauth login, or psauth app"
    return (
        "Nobody is connected, and nothing is set to connect with.\n"
        "  To try it without an account:  psauth app\n"
        "  For your own organisation:     put PSAUTH_API_KEY=your-key into a file .env, then: psauth login"
    )


def _as_text(report: dict[str, Any], settings: Settings) -> str:
    lines = [f"Vault  {report['vault']}", f"Key    {report['key']}", "", "Settings"]
    width = max(map(len, report["settings"]))
    lines += [f"  {name:{width}}  {s['value']}  ({s['from']})" for name, s in report["settings"].items()]
    lines += [f"  {name}: not a setting of psauth; misspelt?" for name in report["unknown_settings"]]
    lines += ["", "Connections" if report["connections"] else _begin(settings)]
    for c in report["connections"]:
        until = f"until {c['expires_at']}" if c["expires_at"] else "no end known"
        renewed = ", renewed by itself" if c["renewable"] else ""
        health = {True: "answers", False: "does not answer", None: "not asked"}[c["answers"]]
        health = "needs a login" if c["login_required"] else health
        lines.append(f"  {c['account']}  {c['kind']}  {c['label'] or '–'}  {until}{renewed}")
        lines.append(f"    {c['service']}  {health}" + (f": {c['problem']}" if c["problem"] else ""))
    return "\n".join(lines)


def _line(connection: Connection) -> str:
    end = connection.expires_at
    left = "" if end is None else f", expires in {max(0, round((end - datetime.now(UTC)).total_seconds() / 60))} min"
    renewed = ", renewed by itself" if connection.renewable else ""
    ended = f", ended: {connection.ended}" if connection.ended else ""
    return f"{connection.account} at {connection.service.host} ({connection.kind}{left}{renewed}{ended})"


def _sandbox_variables(server: Any) -> dict[str, str]:
    return {
        "PSAUTH_CLIENT_ID": server.client_id,
        "PSAUTH_CLIENT_SECRET": server.client_secret,
        "PSAUTH_ISSUER": server.url,
        "PSAUTH_API_URL": server.api_url,
    }


def _wait() -> None:
    import threading

    stop = threading.Event()
    while not stop.wait(0.5):  # short waits, so that Ctrl-C is heard on Windows too
        pass
