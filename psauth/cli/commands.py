"""Commands: what can be typed after `psauth`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from contextlib import chdir, suppress
from pathlib import Path
from typing import Final

import click

from psauth.auth.browser import expected_address, is_app_at
from psauth.auth.entrance import find_entrances
from psauth.cli import ports
from psauth.cli.account import account_option
from psauth.cli.event_log import event_log
from psauth.cli.exports import FORMATS, export
from psauth.cli.output import Failure, Group, note, say
from psauth.cli.refused import FILES, find_usable
from psauth.cli.reporting import report
from psauth.cli.status import as_text, env_file, find_credentials, how_to_begin, in_one_line, make_report, shown
from psauth.cli.syncing import sync
from psauth.connecting import connect, login, logout, port_mismatch
from psauth.exceptions import needs_extra
from psauth.settings import Settings
from psauth.settings.names import DEFAULTS
from psauth.vault.files import make_folder
from psauth.vault.vault import Vault

APP = Path(__file__).parents[2] / "app.py"
PINNED: Final = (
    "--server.enableAgentApi=false",
    "--server.enableCORS=true",
    "--server.enableXsrfProtection=true",
    *(f"--server.allowedHosts={name}" for name in ("localhost", "127.0.0.1", "::1")),
)
"""Options of Streamlit that no variable of the environment changes: the same as in .streamlit/config.toml."""


@click.group(cls=Group, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="psauth")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Process Street as DataFrames: connect once, use it in the app and in every notebook.

    Exit codes: 0 done, 1 failed, 2 wrong usage, 3 a login is needed, 4 a sync is not finished, 130 stopped by Ctrl-C.
    """
    if ctx.invoked_subcommand is None:
        say(ctx.get_help())
        settings = Settings()
        connections = [shown(credential) for credential in find_credentials(settings, Vault.open(settings))]
        say("\nConnected:" if connections else f"\n{how_to_begin(settings)}")
        for connection in connections:
            if connection is not None:
                say(f"  {in_one_line(connection)}")


main.add_command(sync)
main.add_command(report)
main.add_command(event_log)


@main.command("login")
@account_option()
@click.option("--timeout", default=300.0, show_default=True, help="Seconds to wait for the consent page.")
@click.option("--paste", is_flag=True, help="Open no browser here: only wait for the pasted callback address.")
@click.argument("words", nargs=-1, metavar="")
def login_command(account: str, timeout: float, paste: bool, words: tuple[str, ...]) -> None:
    """Connect, in the browser or by pasting the callback address."""
    if words:  # not repeated: a code may be in them
        raise click.UsageError(
            "psauth login takes no address behind it: that would stay in the history of the shell. Type: psauth login "
            "--paste. It shows the address to open, and then asks for another one. "
            f"{expected_address(DEFAULTS['redirect_uri'])}"
        )
    connection = login(account, timeout=timeout, paste=paste)
    if connection.untried:
        say(
            f"Stored, not tried yet: {in_one_line(connection)}. The service has not answered; ask it again: psauth status"
        )
    else:
        say(f"Connected: {in_one_line(connection)}")


@main.command("logout")
@account_option()
def logout_command(account: str) -> None:
    """Revoke the access at the service and forget it here."""
    done = logout(account)
    say(str(done))
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
    report = make_report(settings, Vault.open(settings), ask=not offline)
    say(json.dumps(report, indent=2) if as_json else as_text(report, settings))
    if not report["connections"] or any(c["login_required"] for c in report["connections"]):
        sys.exit(3)
    if any(c["answers"] is False for c in report["connections"]):
        sys.exit(1)


@main.command("export")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(FORMATS), help="[default: by the ending of PATH, else parquet]")
@click.option("--zone", help="Whose times spreadsheets show, like Europe/Berlin.  [default: this machine's]")
@account_option()
def export_command(path: Path, form: str | None, zone: str | None, account: str) -> None:
    """Write the local copy into files for other programs.

    PATH is a file for xlsx and duckdb, and a folder for parquet and csv. No request is made.
    """
    from psauth.export.replace import whole_path
    from psauth.export.zones import named_zone

    ending = path.suffix.casefold().removeprefix(".")
    if form is None and ending and ending not in FORMATS and not path.is_dir():
        raise click.BadParameter(
            f"{str(path)!r} ends in .{ending}, which is no format. Expected one of {', '.join(FORMATS)}: name it with "
            "--format, or end PATH so.",
            param_hint="'PATH'",
        )
    form = form or (ending if ending in FORMATS else "parquet")
    target, named = whole_path(path, like="copy.duckdb"), named_zone(zone)
    mirror = connect(account, interactive=False).mirror
    written = export(mirror, target, form, named)
    if mirror.gaps:
        note(f"{mirror.gaps} To read more: psauth sync")
    say(f"Written: {written[0]}" if len(written) == 1 else f"Written: {len(written)} files in {path}")


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
    with needs_extra("sandbox", "psauth sandbox"):
        from psauth.sandbox import SandboxServer, StateError

    state = state or Settings().home_path / "sandbox-server.json"
    try:
        make_folder(state.parent)
    except OSError as error:
        raise Failure(
            f"The folder {state.parent} cannot be used ({error.strerror or error}). Name another file with --state."
        ) from None
    try:
        server = SandboxServer(port=port, runs=runs, seed=seed, state=state).start()
    except StateError as error:
        raise Failure(f"The sandbox's memory cannot be read: {error}") from None
    except OSError as error:
        raise Failure(f"{error.strerror or error}, or let it take any free one with --port 0.") from None
    variables = {
        "PSAUTH_CLIENT_ID": server.client_id,
        "PSAUTH_CLIENT_SECRET": server.client_secret,
        "PSAUTH_ISSUER": server.url,
        "PSAUTH_API_URL": server.api_url,
    }
    try:
        say(f"The sandbox answers at {server.url} (invented data). In another terminal or in .env:\n")
        for name, value in variables.items():
            say(f"  export {name}={value}")
        say("\nThen: psauth login. Or, instead of the first three lines, with an API key:\n")
        say(f"  export PSAUTH_API_KEY={server.api_key}\n")
        say("Its hour lasts a minute: so soon a used-up request budget is full again. Ctrl-C stops it.")
        _wait()
    finally:
        server.stop()


def _wait() -> None:
    import threading

    stop = threading.Event()
    while not stop.wait(0.5):  # short waits, so that Ctrl-C is heard on Windows too
        pass


@main.command(context_settings={"ignore_unknown_options": True})
@click.option("--port", type=click.IntRange(1, 65535), help="Where it listens.  [default: 8501, or the next free one]")
@account_option("Whose connection it shows.")
@click.option("--url", is_flag=True, help="Only show the address of the app that runs, with its start token.")
@click.argument("streamlit_options", nargs=-1, type=click.UNPROCESSED)
def app(port: int | None, account: str, url: bool, streamlit_options: tuple[str, ...]) -> None:
    """Start the Streamlit app on this machine.

    Further options go to `streamlit run`. It says the address to open, which holds the token that lets your browser in.
    """
    if url:
        _say_entrances(_asked_port(port, streamlit_options))
        return
    with needs_extra("app", "psauth app"):
        import authlib  # noqa: F401 - of the sandbox inside the app
        from streamlit.web import cli as streamlit
    if not APP.is_file():
        raise Failure("app.py is not here: it belongs to a checkout of psauth, not to the installed package.")
    port = _find_port(_asked_port(port, streamlit_options))
    _say_settings(port)
    options = [word for word in streamlit_options if word != "--"]
    try:
        streamlit.main(
            ["run", str(APP), *options, *PINNED, f"--server.port={port}", "--", "--account", account],
            standalone_mode=False,
        )
    except click.Abort:
        raise KeyboardInterrupt from None


def _say_entrances(port: int | None) -> None:
    """The address of each app of this home that runs, or of the one on a port."""
    _go_to_app()
    entrances = find_entrances(Settings().home_path)
    running = {
        p: entrance for p, entrance in entrances.items() if port in (None, p) and ports.problem_of(p) is not None
    }
    if not running:
        where = f" on port {port}" if port is not None else ""
        raise Failure(f"No psauth app of yours runs{where}. Start it: psauth app")
    for entrance in running.values():
        say(entrance)


def _go_to_app() -> None:
    os.chdir(APP.parent)  # its .env and .streamlit stand beside it


def _asked_port(port: int | None, streamlit_options: Sequence[str]) -> int | None:
    """The port that was asked for in one of the ways there are."""
    if port is not None:
        return port
    words = [part for word in streamlit_options for part in word.split("=", 1)]
    after = words[words.index("--server.port") + 1 :] if "--server.port" in words else []
    value = after[0] if after else os.environ.get("STREAMLIT_SERVER_PORT", "")
    return int(value) if value.isdecimal() else None


def _find_port(asked: int | None) -> int:
    """The port to listen on; one that was asked for is taken or nothing."""
    wanted = asked or ports.USUAL
    problem = ports.problem_of(wanted)
    if problem is None:
        return wanted
    runs_there = _running_app(wanted)
    free = ports.free_port_from(wanted + 1)
    if asked is not None or free is None:
        another = f", or name another one: psauth app --port {free}" if free else ""
        if runs_there is not None:
            raise Failure(f"Port {wanted} {problem}: psauth already runs there. {runs_there}{another}")
        raise Failure(f"Port {wanted} {problem}. Stop the program that has it{another}")
    by = "perhaps by another psauth app" if runs_there is None else f"because psauth already runs there. {runs_there}"
    note(f"Port {wanted} {problem}, {by}. This one takes port {free}.")
    return free


def _running_app(port: int) -> str | None:
    """How to get into the psauth app that has a port; None where none answers there."""
    if not is_app_at(port):
        return None
    entrance = None
    with suppress(FileNotFoundError), chdir(APP.parent):  # where that app, too, has its settings from
        entrance = find_entrances(find_usable()[0].home_path).get(port)
    return f"Open {entrance}" if entrance else "Open the address that stands in the terminal where it was started"


def _say_settings(port: int) -> None:
    """Which settings the app reads, and all in them that keeps Connect from working; in the folder that it reads them from."""
    elsewhere = find_usable()[0].env_path
    _go_to_app()
    settings, refused = find_usable()
    if FILES not in refused:
        say(f"Settings: the environment, and .env: {env_file(settings)}")
        if elsewhere is not None and elsewhere != settings.env_path:
            note(f"{elsewhere} is not read: the app reads what stands beside {APP}.")
    for sentence in (*refused.values(), *settings.misspelt(), *(f.sentence for f in settings.foreign)):
        note(sentence)
    if refused:  # what stands beside it may be what is missing
        return
    if missing := settings.missing_of_app():
        note(f"{' and '.join(missing)} is missing beside {' and '.join(settings.parts_of_app())}.")
    if settings.kind == "oauth" and (mismatch := port_mismatch(settings.redirect_uri, port)):
        note(mismatch)
