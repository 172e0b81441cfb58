"""Settings: where to connect, as whom, and where to keep it; from keywords, environment, .env and Streamlit's secrets."""

from __future__ import annotations

import io
import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import InitVar, dataclass, field, fields
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from psauth.addresses import check_address
from psauth.exceptions import SettingsError

PREFIX: Final = "PSAUTH_"
OAUTH_API_URL: Final = "https://api.process.st/v1"
API_KEY_API_URL: Final = "https://public-api.process.st/api/v1.1"
AUTHORIZE_URL: Final = "https://app.process.st/oauth/authorize"
TOKEN_URL: Final = "https://app.process.st/oauth/token"

SECRETS: Final = frozenset({"client_secret", "api_key", "secret_key"})
TOKEN_AUTH_METHODS: Final = ("post", "basic", "none")
YES_OR_NO: Final = {
    "yes": True,
    "true": True,
    "on": True,
    "1": True,
    "no": False,
    "false": False,
    "off": False,
    "0": False,
}

ENCODING: Final = "utf-8-sig"
"""UTF-8, without the mark that Windows' editors put in front: it would be a part of the first name."""
SECRETS_FILE: Final = Path(".streamlit") / "secrets.toml"
PROJECT_MARKS: Final = ("app.py", "pyproject.toml", ".git")

_UNSET: Any = object()
"""Marks a keyword that was not given, so that the environment is asked; None and "" are given values."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Settings:
    """Everything that can be configured; each name is also an environment variable `PSAUTH_<NAME>`.

    A keyword wins over the environment, that over `.env` in the working folder or the project it belongs to, that over
    `secrets` (the `[psauth]` section of Streamlit's secrets, by default read from `.streamlit/secrets.toml`), that over
    the default. Blank values count as not set. `sources` says per name
    which of them it was. Raises SettingsError for a value that cannot be used.

    Addresses left empty follow from the rest: `issuer` finds them by RFC 8414, else those of Process Street apply.
    """

    client_id: str = _UNSET
    client_secret: str = _UNSET
    redirect_uri: str = _UNSET
    scope: str = _UNSET
    authorize_url: str = _UNSET
    token_url: str = _UNSET
    revoke_url: str = _UNSET
    issuer: str = _UNSET
    token_auth: str = _UNSET
    api_url: str = _UNSET
    api_key: str = _UNSET
    vault_url: str = _UNSET
    secret_key: str = _UNSET
    mirror: str = _UNSET
    home: str = _UNSET
    system_certificates: str = _UNSET
    secrets: InitVar[Mapping[str, Any] | None] = None
    env_file: InitVar[str | Path | None] = ".env"
    consent: Callable[[str], str] | None = field(default=None, compare=False)
    """Answers an authorization URL with the callback address, in the place of a person and a browser (the sandbox's)."""
    sources: Mapping[str, str] = field(init=False, compare=False)
    unknown: tuple[str, ...] = field(init=False, compare=False)
    """Names that begin with PSAUTH_ and are no settings: most likely misspelt."""

    def __post_init__(self, secrets: Mapping[str, Any] | None, env_file: str | Path | None) -> None:
        env_path = _find(env_file)
        if secrets is None:
            secrets = _read_streamlit_secrets(_find(SECRETS_FILE) if env_file is not None else None)
        layers = [
            ("environment", {k: v for k, v in os.environ.items() if k.startswith(PREFIX)}),
            (str(env_path), _read_env_file(env_path)),
            ("Streamlit secrets", _as_variables(secrets)),
            ("default", {PREFIX + name.upper(): value for name, value in DEFAULTS.items()}),
        ]
        sources: dict[str, str] = {}
        for name in NAMES:
            given = getattr(self, name)
            if given is not _UNSET:
                value, sources[name] = given, "keyword"
            else:
                value, sources[name] = _first(PREFIX + name.upper(), layers)
            object.__setattr__(self, name, "" if value is None else str(value).strip())
        object.__setattr__(self, "sources", sources)
        known = {PREFIX + name.upper() for name in NAMES}
        given_names = {name for _, values in layers for name in values if name.startswith(PREFIX)}
        object.__setattr__(self, "unknown", tuple(sorted(given_names - known)))
        if not self.home:
            object.__setattr__(self, "home", str(_default_home()))
        del layers  # they hold secrets, which no traceback should show
        _check(self)

    @property
    def home_path(self) -> Path:
        """The folder of the vault, its key and the mirror."""
        return Path(self.home).expanduser()

    @property
    def trusts_system(self) -> bool:
        """Whether the certificates that the operating system trusts are trusted."""
        return YES_OR_NO[self.system_certificates.lower()]

    @property
    def database_url(self) -> str:
        """The vault's SQLAlchemy address."""
        return self.vault_url or f"sqlite:///{(self.home_path / 'vault.db').as_posix()}"

    @property
    def kind(self) -> str | None:
        """What can be connected with these settings: "oauth", "api_key", or None when nothing is configured."""
        return "oauth" if self.client_id else "api_key" if self.api_key else None

    def is_elsewhere(self, api_url: str) -> bool:
        """Whether these settings name another API than this one; never, when nothing is configured."""
        if self.kind is None:
            return False
        usual = OAUTH_API_URL if self.kind == "oauth" else API_KEY_API_URL
        return (self.api_url or usual).rstrip("/") != api_url.rstrip("/")

    def missing(self) -> list[str]:
        """The variables that a half-made configuration still needs, as `PSAUTH_…` names; empty when whole or absent."""
        started = [name for name in ("client_secret", "issuer", "authorize_url", "token_url") if getattr(self, name)]
        lacking = []
        if started and not self.client_id and not self.api_key:
            lacking.append("client_id")
        if self.client_id and not self.client_secret and self.token_auth == "basic":
            lacking.append("client_secret")
        if self.client_id and not self.issuer and bool(self.authorize_url) != bool(self.token_url):
            lacking.append("token_url" if self.authorize_url else "authorize_url")
        return [PREFIX + name.upper() for name in lacking]

    def with_(self, **changes: Any) -> Settings:
        """A copy with some names changed; the environment is not asked again."""
        kept = {name: getattr(self, name) for name in NAMES}
        copy = Settings(**{**kept, "consent": self.consent, **changes}, env_file=None)
        object.__setattr__(copy, "sources", {**self.sources, **dict.fromkeys(changes, "keyword")})
        object.__setattr__(copy, "unknown", self.unknown)
        return copy

    def __repr__(self) -> str:
        shown = (
            f"{name}={'***' if name in SECRETS else repr(getattr(self, name))}" for name in NAMES if getattr(self, name)
        )
        return f"Settings({', '.join(shown)})"

    def __reduce__(self) -> tuple[Any, ...]:
        # A worker process needs the same settings; `consent` is a live object of this process and stays here.
        return _rebuild, ({name: getattr(self, name) for name in NAMES},)


DEFAULTS: Final[Mapping[str, str]] = {
    "redirect_uri": "http://localhost:8501/",
    "scope": "read,write",
    "token_auth": "post",
    "system_certificates": "yes",
}
NAMES: Final = tuple(f.name for f in fields(Settings) if f.name not in {"consent", "sources", "unknown"})


def _check(settings: Settings) -> None:
    for name in ("authorize_url", "token_url", "revoke_url", "issuer", "api_url"):
        if value := getattr(settings, name):
            check_address(value, _label(settings, name))
    redirect = check_address(settings.redirect_uri, _label(settings, "redirect_uri"))
    if urlsplit(redirect).fragment:
        raise SettingsError(f"{_label(settings, 'redirect_uri')} has a fragment (#…), which RFC 6749 §3.1.2 forbids.")
    if settings.token_auth not in TOKEN_AUTH_METHODS:
        raise SettingsError(
            f"{_label(settings, 'token_auth')} is {settings.token_auth!r}. Expected one of {', '.join(TOKEN_AUTH_METHODS)}."
        )
    if settings.system_certificates.lower() not in YES_OR_NO:
        raise SettingsError(
            f"{_label(settings, 'system_certificates')} is {settings.system_certificates!r}. Expected yes or no."
        )
    for name in ("client_id", "client_secret", "api_key"):
        value = getattr(settings, name)
        # The key stands in a header, which takes ASCII only; the other two are percent-encoded wherever they go.
        if any(ord(c) < 32 or (name == "api_key" and ord(c) > 126) for c in value):
            raise SettingsError(
                f"{_label(settings, name)} holds a character that it cannot have (a line break, or “…” in a key). Copy it "
                "again, whole."
            )


def _label(settings: Settings, name: str) -> str:
    source = settings.sources.get(name, "keyword")
    return f"{PREFIX}{name.upper()} (from {source})"


def _first(variable: str, layers: list[tuple[str, dict[str, Any]]]) -> tuple[Any, str]:
    for source, values in layers:
        value = values.get(variable)
        if value is not None and str(value).strip():
            return value, source
    return "", "not set"


def _find(name: str | Path | None) -> Path | None:
    """The file of that name in the working folder, or above it up to the project's own; not above that.

    Notebooks lie in a folder of the project, and its `.env` beside app.py; what lies higher up belongs to others.
    """
    if name is None:
        return None
    path, here = Path(name), Path.cwd()
    if path.is_absolute() or path.exists():
        return path if path.exists() else None
    above = [here, *here.parents]
    top = next((n for n, folder in enumerate(above) if any((folder / mark).exists() for mark in PROJECT_MARKS)), 0)
    return next((folder / path for folder in above[: top + 1] if (folder / path).exists()), None)


def _read_streamlit_secrets(path: Path | None) -> Mapping[str, Any]:
    """The `[psauth]` section, read without Streamlit, so that a notebook sees what the app sees.

    Names like PSAUTH_CLIENT_ID may also stand above all sections: those Streamlit puts into the app's environment.
    """
    if path is None:
        return {}
    try:
        whole = tomllib.loads(path.read_text(ENCODING))
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"{path} cannot be read ({type(error).__name__}). Expected TOML with a section [psauth]."
        ) from None
    section = whole.get("psauth", {})
    above = {name: value for name, value in whole.items() if name.startswith(PREFIX)}
    return {**above, **(section if isinstance(section, dict) else {})}


def _read_env_file(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    from dotenv import dotenv_values  # here, because `import psauth` stays light

    try:
        text = path.read_text(ENCODING)
    except UnicodeDecodeError:
        raise SettingsError(
            f"{path.absolute()} is not UTF-8. Save it as UTF-8 text, with lines like NAME=value."
        ) from None
    except OSError as error:
        raise SettingsError(
            f"{path.absolute()} cannot be read ({error.strerror or type(error).__name__}). Make it a file readable for you."
        ) from None
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip().removeprefix("export ").startswith(PREFIX) and "=" not in line:
            raise SettingsError(f"Line {number} of {path.absolute()} has no '='. Expected NAME=value.")
    return dict(dotenv_values(stream=io.StringIO(text), interpolate=False))


def _as_variables(secrets: Mapping[str, Any]) -> dict[str, Any]:
    """A `[psauth]` section may name its keys `client_id` or `PSAUTH_CLIENT_ID`."""
    return {(k.upper() if k.upper().startswith(PREFIX) else PREFIX + k.upper()): v for k, v in secrets.items()}


def _default_home() -> Path:
    from platformdirs import user_data_path

    return user_data_path("psauth", appauthor=False)


def _rebuild(kept: dict[str, Any]) -> Settings:
    return Settings(**kept, env_file=None)
