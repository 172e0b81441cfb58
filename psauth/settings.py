"""Settings: where to connect, as whom, and where to keep it; from keywords, environment, .env and Streamlit's secrets."""

from __future__ import annotations

import io
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import InitVar, dataclass, field, fields
from difflib import get_close_matches
from functools import wraps
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from psauth.addresses import check_address
from psauth.exceptions import ArgumentError, SettingsError
from psauth.secret import QUOTES, Secret, copied_wrongly, fits_a_header

PREFIX: Final = "PSAUTH_"
OAUTH_API_URL: Final = "https://api.process.st/v1"
API_KEY_API_URL: Final = "https://public-api.process.st/api/v1.1"
AUTHORIZE_URL: Final = "https://app.process.st/oauth/authorize"
TOKEN_URL: Final = "https://app.process.st/oauth/token"

CREDENTIALS: Final = ("client_id", "client_secret", "api_key", "secret_key")
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
MISREAD: Final = re.compile(rf"\s*(?:export\s+|set\s+|\$env:)?{PREFIX}", re.IGNORECASE)
"""How a line begins that means a setting of psauth, if not always in the language of .env."""
RESEMBLING: Final = 0.6
"""How alike two names must be, from 0 to 1, for one to be taken for a slip in the other; difflib's own usual value."""
NEARLY: Final = 0.15
"""What resembles a misspelt name nearly as much as the best does is named beside it: PSAUTH_SECRET may mean two."""
PROJECT_MARKS: Final = ("app.py", "pyproject.toml", ".git")

_UNSET: Any = object()
"""Marks a keyword that was left out, so that the environment is asked; None and "" are values."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Settings:
    """Everything that can be configured. Each name is also an environment variable: `client_id` is PSAUTH_CLIENT_ID.

    A keyword wins over the environment, the environment over `.env` (in the working folder, or in the project around
    it), `.env` over `secrets`, and `secrets` over the default. Blank values count as not set.

    - `client_id`, `client_secret`: an OAuth app; without a secret a public client.
    - `redirect_uri`: where the browser comes back to (`http://localhost:8501/`).
    - `scope`: what is asked for (`read,write`).
    - `token_auth`: how the client shows who it is: "post", "basic" or "none".
    - `issuer`: finds the next three addresses (RFC 8414); without it they are those of Process Street.
    - `authorize_url`, `token_url`, `revoke_url`: the addresses of the OAuth server.
    - `api_url`: where the API is; by default where Process Street has it for this kind of credential.
    - `api_key`: an API key.
    - `home`: the folder of the vault and its key. `vault_url`: another place for the vault, `sqlite:///` and a path.
    - `start_token`: "no" lets every program of this machine into the app (`yes`).
    - `secret_key`: the key of the vault; several, the newest first, separated by commas.
    - `secrets`: the `[psauth]` section of Streamlit's secrets; by default read from `.streamlit/secrets.toml`.
    - `env_file`: another file than `.env`; None reads neither `.env` nor Streamlit's secrets.

    `sources` says for each name where its value came from. Raises SettingsError for a value that cannot be used.
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
    start_token: str = _UNSET
    secrets: InitVar[Mapping[str, Any] | None] = None
    env_file: InitVar[str | Path | None] = ".env"
    consent: Callable[[str], str] | None = field(default=None, compare=False)
    """Answers an authorization URL with the callback address, in the place of a person and a browser (the sandbox's)."""
    sources: Mapping[str, str] = field(init=False, compare=False)
    unknown: tuple[str, ...] = field(init=False, compare=False)
    """Names that begin with PSAUTH_ and are no settings: most likely misspelt."""
    env_path: Path | None = field(init=False, compare=False)
    """The `.env` that was read, as an absolute path; None where there was none."""

    def __post_init__(self, secrets: Mapping[str, Any] | None, env_file: str | Path | None) -> None:
        env_path = _find(env_file)
        if secrets is None:
            secrets = _read_streamlit_secrets(_find(SECRETS_FILE) if env_file is not None else None)
        layers = [
            ("environment", {k: v for k, v in os.environ.items() if k.upper().startswith(PREFIX)}),
            (str(env_path), _read_env_file(env_path)),
            ("Streamlit secrets", _as_variables(secrets)),
            ("default", {PREFIX + name.upper(): value for name, value in DEFAULTS.items()}),
        ]
        sources: dict[str, str] = {}
        for name in NAMES:
            keyword = getattr(self, name)
            if keyword is not _UNSET:
                value, sources[name] = keyword, "keyword"
            else:
                value, sources[name] = _first(PREFIX + name.upper(), layers)
            object.__setattr__(self, name, "" if value is None else str(value).strip())
        object.__setattr__(self, "sources", sources)
        known = {PREFIX + name.upper() for name in NAMES}
        present = {name for _, values in layers for name in values if name.upper().startswith(PREFIX)}
        object.__setattr__(self, "unknown", tuple(sorted(present - known)))
        object.__setattr__(self, "env_path", None if env_path is None else env_path.absolute())
        if not self.home:
            object.__setattr__(self, "home", str(_default_home()))
        del layers  # they hold secrets, which no traceback should show
        _check(self)

    @property
    def home_path(self) -> Path:
        """The folder of the vault, its key and the mirror."""
        try:
            return Path(self.home).expanduser()
        except RuntimeError:  # ~somebody, who is nobody
            raise SettingsError(
                f"{_label(self, 'home')} is {self.home!r}, a home folder that nobody has. Expected a whole path."
            ) from None

    @property
    def trusts_system(self) -> bool:
        """Whether the certificates that the operating system trusts are trusted."""
        return YES_OR_NO[self.system_certificates.lower()]

    @property
    def asks_start_token(self) -> bool:
        """Whether the app lets in only who opens it with the token of its start."""
        return YES_OR_NO[self.start_token.lower()]

    @property
    def database_url(self) -> str:
        """The vault's address. What stands behind `sqlite:///` is a path as it is: nothing in it is encoded."""
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
        """The variables that a half-made configuration still needs, as `PSAUTH_…` names; empty when whole or absent.

        An API key is a whole configuration, whatever stands beside it.
        """
        return [] if self.kind == "api_key" else self.missing_of_app()

    def missing_of_app(self) -> list[str]:
        """The variables that an OAuth app still needs when a part of it is set, an API key beside it or not."""
        lacking = []
        if not self.client_id and self.parts_of_app():
            lacking.append("client_id")
        if self.client_id and not self.client_secret and self.token_auth == "basic":
            lacking.append("client_secret")
        if self.client_id and not self.issuer and bool(self.authorize_url) != bool(self.token_url):
            lacking.append("token_url" if self.authorize_url else "authorize_url")
        return [PREFIX + name.upper() for name in lacking]

    def parts_of_app(self) -> list[str]:
        """The variables that are set and mean nothing without an OAuth app, as `PSAUTH_…` names."""
        names = ("client_id", "client_secret", "issuer", "authorize_url", "token_url")
        return [PREFIX + name.upper() for name in names if getattr(self, name)]

    def misspelt(self) -> list[str]:
        """A sentence for each name that begins with PSAUTH_ and is no setting, with the settings it resembles."""
        return [f"{name} is not a setting of psauth{_did_you_mean(name)}" for name in self.unknown]

    def with_(self, **changes: Any) -> Settings:
        """A copy with some names changed; the environment is not asked again."""
        kept = {name: getattr(self, name) for name in NAMES}
        copy = Settings(**{**kept, "consent": self.consent, **changes}, env_file=None)
        object.__setattr__(copy, "sources", {**self.sources, **dict.fromkeys(changes, "keyword")})
        object.__setattr__(copy, "unknown", self.unknown)
        object.__setattr__(copy, "env_path", self.env_path)
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
    "start_token": "yes",
}
NAMES: Final = tuple(f.name for f in fields(Settings) if f.name not in {"consent", "sources", "unknown", "env_path"})
KEYWORDS: Final = (*NAMES, "secrets", "env_file", "consent")


def _with_known_keywords(init: Callable[..., None]) -> Callable[..., None]:
    """The same `__init__`, which names a keyword that it does not take, and a similar one that it does."""

    @wraps(init)
    def checked(self: Settings, *values: Any, **keywords: Any) -> None:
        if values:
            raise ArgumentError("psauth.Settings takes keywords only, like psauth.Settings(client_id=…).")
        for name in keywords.keys() - set(KEYWORDS):
            similar = get_close_matches(name.lower().removeprefix(PREFIX.lower()), KEYWORDS, 1)
            hint = f" Did you mean {similar[0]!r}?" if similar else f" It takes {', '.join(KEYWORDS)}."
            raise ArgumentError(f"psauth.Settings takes no {name!r}.{hint}")
        init(self, **keywords)

    return checked


Settings.__init__ = _with_known_keywords(Settings.__init__)  # type: ignore[method-assign]


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
    for name in ("system_certificates", "start_token"):
        if (value := getattr(settings, name)).lower() not in YES_OR_NO:
            raise SettingsError(f"{_label(settings, name)} is {value!r}. Expected yes or no.")
    for name in CREDENTIALS:
        _check_credential(Secret(getattr(settings, name)), name, _label(settings, name))
    for name in ("home", "vault_url"):
        if any(ord(c) < 32 or ord(c) == 127 for c in getattr(settings, name)):
            raise SettingsError(
                f"{_label(settings, name)} holds a line break or a control character. Expected a place."
            )


def _check_credential(value: str, name: str, label: str) -> None:
    """SettingsError, without the value, for one that was not copied whole and alone."""
    problem = copied_wrongly(value)
    if problem is None and name != "client_secret" and not QUOTES.isdisjoint(value):
        problem = "holds a quotation mark. Copy it again, whole and alone"
    # The key stands in a header, which takes ASCII only; the others are percent-encoded wherever they go.
    if problem is None and name == "api_key" and not fits_a_header(value):
        problem = "holds a character that a key cannot have, like “…”. Copy it again, whole and alone"
    if problem is not None:
        raise SettingsError(f"{label} {problem}, like this: {PREFIX}{name.upper()}=abc123")


def _label(settings: Settings, name: str) -> str:
    source = settings.sources.get(name, "keyword")
    return f"{PREFIX}{name.upper()} (from {source})"


def _did_you_mean(name: str) -> str:
    """The end of a sentence about an unknown name: the settings that it resembles most."""
    from difflib import SequenceMatcher  # here, because `import psauth` stays light

    def plain(variable: str) -> str:
        return variable.upper().removeprefix(PREFIX).replace("_", "")

    known = [PREFIX + n.upper() for n in NAMES]
    likeness = {variable: SequenceMatcher(None, plain(name), plain(variable)).ratio() for variable in known}
    close = max(RESEMBLING, max(likeness.values()) - NEARLY)
    best = [variable for variable in known if likeness[variable] >= close]
    return f". Did you mean {' or '.join(best)}?" if best else "."


def _first(variable: str, layers: list[tuple[str, dict[str, Any]]]) -> tuple[Any, str]:
    for source, values in layers:
        value = values.get(variable)
        if value is not None and str(value).strip():
            return value, source
    return "", "not set"


def working_folder() -> Path:
    """The working folder; SettingsError when it was deleted."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        raise SettingsError(
            "The working folder was deleted. Change to another one: cd ~ in a terminal, os.chdir(os.path.expanduser('~')) in "
            "Python."
        ) from None


def _find(name: str | Path | None) -> Path | None:
    """The file of that name in the working folder, or above it up to the project's own; not above that.

    Notebooks lie in a folder of the project, and its `.env` beside app.py; what lies higher up belongs to others.
    """
    if name is None:
        return None
    path = Path(name)
    if path.is_absolute() or os.path.exists(path):
        return path if os.path.exists(path) else None
    here = working_folder()
    above = [here, *here.parents]
    marked = (n for n, folder in enumerate(above) if any(os.path.exists(folder / mark) for mark in PROJECT_MARKS))
    candidates = (folder / path for folder in above[: next(marked, 0) + 1])
    return next((candidate for candidate in candidates if os.path.exists(candidate)), None)


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
    """The names and values of a file like `.env`; nothing is read out of the environment into them."""
    if path is None:
        return {}
    from dotenv.parser import parse_stream  # here, because `import psauth` stays light

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
    values: dict[str, Any] = {}
    for binding in parse_stream(io.StringIO(text)):
        original = binding.original
        if MISREAD.match(original.string) and (binding.error or not str(binding.key).startswith(PREFIX)):
            raise SettingsError(
                f"Line {original.line} of {path.absolute()} cannot be read. Expected NAME=value, nothing before the name and the "
                "value in a pair of quotation marks or in none."
            )
        if binding.key is not None:
            values[binding.key] = binding.value
    return values


def _as_variables(secrets: Mapping[str, Any]) -> dict[str, Any]:
    """A `[psauth]` section may name its keys `client_id` or `PSAUTH_CLIENT_ID`."""
    return {(k.upper() if k.upper().startswith(PREFIX) else PREFIX + k.upper()): v for k, v in secrets.items()}


def _default_home() -> Path:
    from platformdirs import user_data_path

    return user_data_path("psauth", appauthor=False)


def _rebuild(kept: dict[str, Any]) -> Settings:
    return Settings(**kept, env_file=None)
