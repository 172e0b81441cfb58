"""Target: what the Connect button connects to. The configured service, or the sandbox that is mounted in this app."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import streamlit as st

from psauth.connecting import port_mismatch
from psauth.exceptions import SettingsError
from psauth.sandbox import Grants, StateError
from psauth.sandbox.oauth.grants import CLIENT_ID
from psauth.settings import Settings
from psauth.vault.files import make_folder

SANDBOX_PATH = "/sandbox"


@dataclass(frozen=True)
class Target:
    """What Connect connects to.

    `sandbox` when nothing is configured; `missing` are the variables that a half-made configuration still lacks.
    """

    settings: Settings
    sandbox: bool
    missing: tuple[str, ...]


def find_target() -> Target:
    """What is configured right now; read anew each time, so that an edited .env counts after a reload of the page."""
    settings = Settings(secrets=_secrets())
    missing = tuple(settings.missing())
    return Target(settings, sandbox=settings.kind is None and not missing, missing=missing)


def sandbox_settings(settings: Settings, base_url: str) -> Settings:
    """The same home and vault, but the service is the sandbox mounted under `base_url`, whatever port that has."""
    base_url = base_url.rstrip("/")
    place = base_url + SANDBOX_PATH
    grants = sandbox_grants(settings.home_path)
    return settings.with_(
        client_id=CLIENT_ID,
        client_secret=grants.client_secret,
        redirect_uri=base_url + "/",
        authorize_url=place + "/oauth/authorize",
        token_url=place + "/oauth/token",
        revoke_url=place + "/oauth/revoke",
        issuer=place,
        token_auth="post",
        api_url=place + "/v1",
        publish="",  # invented data does not belong among a company's tables
    )


@cache
def sandbox_grants(home: Path) -> Grants:
    """The sandbox's memory of who was allowed what; a file, so that a demo stays connected over a restart."""
    try:
        make_folder(home)
        return Grants(home / "sandbox.json")
    except StateError as error:
        raise SettingsError(f"The sandbox's memory cannot be read: {error}") from error
    except OSError as error:
        raise SettingsError(
            f"The sandbox's memory cannot be kept in {home} ({error.strerror or type(error).__name__}). Name a folder that "
            "can be written with PSAUTH_HOME."
        ) from None


def mismatch_of(target: Target, host: str | None) -> str | None:
    """Why Connect could not come back to the app at this Host header: its port is not that of the redirect address."""
    if target.settings.kind != "oauth" or host is None:
        return None
    try:
        port = urlsplit("//" + host).port or 80
    except ValueError:
        return None
    return port_mismatch(target.settings.redirect_uri, port)


def is_elsewhere(target: Target, api_url: str) -> bool:
    """Whether the connection was made at another service than the one configured now."""
    return not target.sandbox and not target.missing and target.settings.is_elsewhere(api_url)


def is_sandbox(api_url: str) -> bool:
    """Whether an API address is that of a sandbox mounted in the app."""
    return SANDBOX_PATH + "/v1" in api_url


def leave_out_unreadable_secrets() -> None:
    """Have the app start although a file of Streamlit's secrets is no text, or may not be read.

    Streamlit would answer every request with a bare 500. `Settings` reads the file as well, and says what is wrong with it.
    """
    files = [str(file) for file in st.config.get_option("secrets.files")]
    readable = [file for file in files if _is_readable(Path(file))]
    if readable != files:
        st.config.set_option("secrets.files", readable)


def _is_readable(file: Path) -> bool:
    try:
        file.read_text("utf-8")
    except FileNotFoundError:
        return True  # Streamlit looks in several places
    except (OSError, ValueError):
        return file.suffix != ".toml"  # secrets may also be folders
    return True


def _secrets() -> Mapping[str, Any] | None:
    """The `[psauth]` section of Streamlit's secrets.

    None where Streamlit has no file that it can read: then `Settings` looks, and says what is wrong with one.
    """
    try:
        section = st.secrets.get("psauth", {})
    except FileNotFoundError:
        return None
    return dict(section) if isinstance(section, Mapping) else {}
