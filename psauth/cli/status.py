"""Status: who is connected, from which settings, and whether the service answers."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from psauth.cli.output import in_terminal
from psauth.connecting import Credential, find_credential, open_client
from psauth.exceptions import ApiError, LoginRequired, PsauthError, ServiceUnavailable
from psauth.settings import NAMES, PREFIX, SECRETS, Settings
from psauth.vault.connection import Connection
from psauth.vault.vault import Vault


def find_credentials(settings: Settings, vault: Vault) -> list[Credential]:
    """What each account of the vault is used with, and the account "default" where the settings alone serve it."""
    accounts = [connection.account for connection in vault.connections()]
    if "default" not in accounts:
        accounts.append("default")
    credentials = [find_credential(settings, vault, account) for account in accounts]
    return [credential for credential in credentials if shown(credential) is not None]


def shown(credential: Credential) -> Connection | None:
    """The connection to speak of: the one that is used, else the one that has ended."""
    return credential.ended if credential.stored is None else credential.stored.connection


def make_report(settings: Settings, vault: Vault, *, ask: bool) -> dict[str, Any]:
    """Everything that `psauth status` says, in the types of JSON; with `ask` each service is asked for a sign of life."""
    return {
        "home": settings.home,
        "vault": vault.place,
        "key": vault.key_source,
        "env_file": None if settings.env_path is None else str(settings.env_path),
        "settings": {PREFIX + n.upper(): _setting(settings, n) for n in NAMES if settings.sources[n] != "not set"},
        "missing_settings": settings.missing_of_app(),
        "unknown_settings": list(settings.unknown),
        "connections": [_connection(each, settings, vault, ask=ask) for each in find_credentials(settings, vault)],
    }


def _setting(settings: Settings, name: str) -> dict[str, str]:
    return {"value": "***" if name in SECRETS else getattr(settings, name), "from": settings.sources[name]}


def _connection(credential: Credential, settings: Settings, vault: Vault, *, ask: bool) -> dict[str, Any]:
    answers: bool | None = None
    reached: bool | None = None
    problem = f"ended: {credential.ended.ended}" if credential.stored is None and credential.ended else None
    login_required = problem is not None
    asked = None
    if ask and problem is None:
        try:
            with open_client(credential, vault) as ps:
                asked, answers, reached = ps.whoami(), True, True
        except LoginRequired as error:
            login_required, reached, problem = True, True, in_terminal(str(error))
            credential = find_credential(settings, vault, credential.account)  # what the vault has learned by that
        except PsauthError as error:
            answers, problem = False, in_terminal(str(error))
            reached = isinstance(error, ApiError) and not isinstance(error, ServiceUnavailable)
    connection = asked or shown(credential)
    assert connection is not None  # noqa: S101 - only accounts with something to show come here
    return {
        "account": connection.account,
        "source": credential.source if credential.stored is not None else "vault",
        "kind": connection.kind,
        "label": connection.label,
        "service": connection.service.api_url,
        "scope": connection.scope,
        "expires_at": connection.expires_at.isoformat(timespec="seconds") if connection.expires_at else None,
        "renewable": connection.renewable and not login_required,
        "reached": reached,
        "answers": answers,
        "login_required": login_required,
        "problem": problem,
        "stored_connection_ended": credential.ended.ended if credential.ended and credential.stored else None,
    }


def as_text(report: dict[str, Any], settings: Settings) -> str:
    """The report for a person to read."""
    lines = [f"Vault  {report['vault']}", f"Key    {report['key']}", f".env   {env_file(settings)}", "", "Settings"]
    width = max(map(len, report["settings"]))
    lines += [f"  {name:{width}}  {s['value']}  ({s['from']})" for name, s in report["settings"].items()]
    if missing := report["missing_settings"]:
        lines.append(f"  {' and '.join(missing)}: missing, and without it {_parts(settings)} cannot be used")
    unknown = zip(report["unknown_settings"], settings.misspelt(), strict=True)
    lines += [f"  {name}: not a setting of psauth; misspelt?{_suggestion(words)}" for name, words in unknown]
    lines += ["", "Connections" if report["connections"] else how_to_begin(settings)]
    for connection in report["connections"]:
        lines += _lines(connection)
    return "\n".join(lines)


def _suggestion(sentence: str) -> str:
    return "".join(sentence.partition(" Did you mean")[1:])


def _parts(settings: Settings) -> str:
    return " and ".join(settings.parts_of_app())


def env_file(settings: Settings) -> str:
    """Which `.env` was read, or that there was none, and where it would be."""
    if settings.env_path is not None:
        return str(settings.env_path)
    try:
        return f"none in {Path.cwd()}, or above it up to the project's own folder"
    except OSError:  # a working folder that was deleted
        return "none"


def _lines(connection: dict[str, Any]) -> list[str]:
    health = {True: "answers", False: "does not answer", None: "not asked"}[connection["answers"]]
    if connection["answers"] is False and connection["reached"]:
        health = "cannot be used"  # something answers there, but not as Process Street does, or not for this person
    if connection["login_required"]:
        health = "needs a login"
    problem = f": {connection['problem']}" if connection["problem"] else ""
    name = f"  {connection['account']}  {connection['kind']}  {connection['label'] or '–'}"
    lines = [f"{name}  {_end(connection)}", f"    {connection['service']}  {health}{problem}"]
    if connection["source"] == "settings":
        before = connection["stored_connection_ended"]
        why = f" The stored connection has ended: {before}." if before else ""
        lines.append(f"    The API key of the settings; nothing is stored for it.{why}")
    return lines


def _end(connection: dict[str, Any]) -> str:
    """When the access ends, in words."""
    end = connection["expires_at"]
    if connection["login_required"]:
        return "has ended"
    if connection["kind"] == "api_key":
        return "until the key is deleted"
    if end is None:
        return "no end known"
    if connection["renewable"]:
        return f"until {end}, renewed by itself"
    return f"{'until' if datetime.fromisoformat(end) > datetime.now(UTC) else 'expired'} {end}"


def how_to_begin(settings: Settings) -> str:
    """What to do when nobody is connected."""
    if missing := settings.missing():
        names = " and ".join(missing)
        return f"Nobody is connected, and {names} is missing beside {_parts(settings)}. Set it, then: psauth login"
    if settings.kind is not None:
        return "Nobody is connected. Begin with: psauth login, or psauth app"
    return (
        "Nobody is connected, and nothing is set to connect with.\n"
        "  To try it without an account:  psauth app\n"
        "  For your own organisation:     put PSAUTH_API_KEY=your-key into a file .env, then: psauth login"
    )


def in_one_line(connection: Connection) -> str:
    """Who is connected where, and until when."""
    return f"{connection.account} at {connection.service.host} ({connection.kind}{_rest(connection)})"


def _rest(connection: Connection) -> str:
    end = connection.expires_at
    if connection.ended is not None:
        return f", ended: {connection.ended}"
    if connection.renewable and end is None:
        return ", renewed by itself"
    if end is None:
        return ""
    minutes = round((end - datetime.now(UTC)).total_seconds() / 60)
    if minutes < 0 and not connection.renewable:
        return ", expired"
    return f", expires in {max(0, minutes)} min{', renewed by itself' if connection.renewable else ''}"
