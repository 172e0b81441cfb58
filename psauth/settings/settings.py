"""Settings: where to connect, as whom, and where to keep it; from keywords, environment, .env and Streamlit's secrets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import InitVar, dataclass, field
from difflib import get_close_matches
from functools import wraps
from pathlib import Path
from typing import Any, Final

from psauth.exceptions import ArgumentError, SettingsError
from psauth.secret import Secret, door, hiding
from psauth.settings.checks import YES_OR_NO, find_refused
from psauth.settings.layers import KEYWORD, NOT_SET, Layer, as_variables, first_value, read_layers
from psauth.settings.names import API_KEY_API_URL, OAUTH_API_URL, PREFIX, SECRETS, variable
from psauth.settings.places import PLACES, SECRETS_FILE, completed, find_file, is_incomplete, working_folder
from psauth.settings.spelling import did_you_mean
from psauth.settings.trust import Foreign, find_foreign

_UNSET: Any = object()
"""Marks a keyword that was left out, so that the environment is asked; None and "" are values."""


@hiding(*SECRETS)
@dataclass(frozen=True, kw_only=True, repr=False)
class Settings:
    """Everything that can be configured. Each name is also an environment variable: `client_id` is PSAUTH_CLIENT_ID.

    A keyword wins over the environment, the environment over `.env` (in the working folder, or in the project around
    it), `.env` over `secrets`, and `secrets` over the default. Blank values count as not set. A file may name the address
    of those credentials alone that stand in it, so that no folder sends yours elsewhere; keywords and the environment may
    name any.

    - `client_id`, `client_secret`: an OAuth app; without a secret a public client.
    - `redirect_uri`: where the browser comes back to (`http://localhost:8501/`).
    - `scope`: what is asked for (`read,write`).
    - `token_auth`: how the client shows who it is: "post", "basic" or "none".
    - `issuer`: finds the next three addresses (RFC 8414); without it they are those of Process Street.
    - `authorize_url`, `token_url`, `revoke_url`: the addresses of the OAuth server.
    - `api_url`: where the API is; by default where Process Street has it for this kind of credential.
    - `api_key`: an API key.
    - `home`: the folder of the vault and its key. `vault_url`: another place for the vault, `sqlite:///` and a path.
    - `mirror`: another folder for local copies. `publish`: another place for their published tables, a folder or an
      address of object storage like `s3://bucket/folder`; its keys stand in the environment (AWS_ACCESS_KEY_ID …).
      All four are whole paths, or begin with `~`; those of keywords may begin in the working folder.
    - `trust_addresses`: "yes" where a file may name the address of a credential that stands elsewhere.
    - `start_token`: "no" lets every program of this machine into the app (`yes`).
    - `secret_key`: the key of the vault; several, the newest first, separated by commas.
    - `total_time`: seconds that a request to the API may take in all (60: a page takes the service well under one, and
      what sits between gives up after 30). `answer_size`: MB that its answer may have, packed or not (16: a page of 20
      records has some 100 kB, and Python's objects for JSON need ten times its size).
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
    publish: str = _UNSET
    home: str = _UNSET
    system_certificates: str = _UNSET
    total_time: str = _UNSET
    answer_size: str = _UNSET
    trust_addresses: str = _UNSET
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
    foreign: tuple[Foreign, ...] = field(init=False, compare=False, repr=False)
    """The addresses that a file names for a credential which does not stand in it."""

    def __post_init__(self, secrets: Mapping[str, Any] | None, env_file: str | Path | None) -> None:
        env_path = find_file(env_file)
        layers = read_layers(env_path, secrets, find_file(SECRETS_FILE) if env_file is not None else None)
        sources: dict[str, str] = {}
        for name in NAMES:
            keyword = getattr(self, name)
            if keyword is not _UNSET:
                value, sources[name] = _text(keyword), KEYWORD
            else:
                value, sources[name] = first_value(variable(name), layers)
            object.__setattr__(self, name, value.strip() if name in SECRETS else str(value.strip()))
        object.__setattr__(self, "sources", sources)
        known = {variable(name) for name in NAMES}
        present = {name for layer in layers for name in layer.values}
        object.__setattr__(self, "unknown", tuple(sorted(present - known)))
        object.__setattr__(self, "env_path", None if env_path is None else env_path.absolute())
        if not self.home:
            object.__setattr__(self, "home", str(_default_home()))
            sources["home"] = NOT_SET
        values = {name: getattr(self, name) for name in NAMES}
        refused = find_refused(values, self._label) | self._complete_places()
        if refused:
            raise SettingsError(next(iter(refused.values())), refused=refused)
        foreign = find_foreign(values, sources, lambda source: _says_trust(source, layers, values, sources))
        object.__setattr__(self, "foreign", foreign)

    @property
    def is_trusting(self) -> bool:
        """Whether a keyword says that a file may name the address of a credential that stands elsewhere."""
        return self.sources["trust_addresses"] == KEYWORD and YES_OR_NO[self.trust_addresses.lower()]

    def refuse_foreign(self, *credentials: str) -> None:
        """SettingsError when one of these is to be sent to an address that a file names which does not hold it."""
        for forbidden in self.foreign:
            if forbidden.credential in credentials:
                raise SettingsError(forbidden.sentence)

    def _complete_places(self) -> dict[str, str]:
        """Have the places that keywords name begin at the working folder; a sentence for each one elsewhere that would have to.

        A keyword is meant where it stands. What the environment or a file says is read in many folders: the app, a notebook
        and a terminal would each have a vault of their own.
        """
        refused = {}
        for name in PLACES:
            value, source = getattr(self, name), self.sources[name]
            if not is_incomplete(name, value):
                continue
            if source == KEYWORD:
                object.__setattr__(self, name, completed(name, value, working_folder()))
                continue
            folder = (
                self.env_path.parent if self.env_path and Path(source).absolute() == self.env_path else working_folder()
            )
            refused[name] = (
                f"{self._label(name)} is {value!r}, which is another place in each working folder. Expected a whole path. "
                f"Write {variable(name)}={completed(name, value, folder)}"
            )
        return refused

    def _label(self, name: str) -> str:
        return f"{variable(name)} (from {self.sources.get(name, KEYWORD)})"

    def said_of(self, name: str) -> str | None:
        """A setting that is no secret, as a message names it: variable, source and value; None where nobody set it."""
        return None if self.sources[name] == NOT_SET else f"{self._label(name)} is {getattr(self, name)!r}"

    @property
    def home_path(self) -> Path:
        """The folder of the vault, its key and the mirror."""
        try:
            return Path(self.home).expanduser()
        except RuntimeError:  # ~somebody, who is nobody
            raise SettingsError(
                f"{self._label('home')} is {self.home!r}, a home folder that nobody has. Expected a whole path."
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
    def total_seconds(self) -> float:
        """Seconds that a request to the API may take in all."""
        return float(self.total_time)

    @property
    def answer_bytes(self) -> int:
        """Bytes that an answer of the API may have."""
        return round(float(self.answer_size) * 1e6)

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
        return [variable(name) for name in lacking]

    def parts_of_app(self) -> list[str]:
        """The variables that are set and mean nothing without an OAuth app, as `PSAUTH_…` names."""
        names = ("client_id", "client_secret", "issuer", "authorize_url", "token_url")
        return [variable(name) for name in names if getattr(self, name)]

    def misspelt(self) -> list[str]:
        """A sentence for each name that begins with PSAUTH_ and is no setting, with the settings it resembles."""
        variables = [variable(name) for name in NAMES]
        return [f"{name} is not a setting of psauth{did_you_mean(name, variables)}" for name in self.unknown]

    def with_(self, **changes: Any) -> Settings:
        """A copy with some names changed; the environment is not asked again."""
        kept = {name: getattr(self, name) for name in NAMES}
        copy = Settings(**{**kept, "consent": self.consent, **changes}, env_file=None)
        object.__setattr__(copy, "sources", {**self.sources, **dict.fromkeys(changes, "keyword")})
        object.__setattr__(copy, "unknown", self.unknown)
        object.__setattr__(copy, "env_path", self.env_path)
        if not copy.is_trusting:
            kept_foreign = tuple(foreign for foreign in self.foreign if foreign.address not in changes)
            object.__setattr__(copy, "foreign", kept_foreign)
        return copy

    def __repr__(self) -> str:
        shown = (
            f"{name}={'***' if name in SECRETS else repr(getattr(self, name))}" for name in NAMES if getattr(self, name)
        )
        return f"Settings({', '.join(shown)})"

    def __reduce__(self) -> tuple[Any, ...]:
        # A worker process needs the same settings; `consent` is a live object of this process and stays here.
        return _rebuild, ({name: str(getattr(self, name)) for name in NAMES}, self.foreign)


NAMES: Final = tuple(
    name
    for name in Settings.__annotations__
    if name not in {"secrets", "env_file", "consent", "sources", "unknown", "env_path", "foreign"}
)
KEYWORDS: Final = (*NAMES, "secrets", "env_file", "consent")


def _with_known_keywords(init: Callable[..., None]) -> Callable[..., None]:
    """The same `__init__`, in which the secret keywords are Secrets from the first line on, and which names a keyword that it does not take, and a similar one that it does."""

    @wraps(init)
    def checked(self: Settings, *values: Any, **keywords: Any) -> None:
        (sealed, keywords) = iter((keywords,)), {}  # an iterator in C shows nothing of what it will give
        keywords = _masked(sealed)
        if values:
            raise ArgumentError("psauth.Settings takes keywords only, like psauth.Settings(client_id=…).")
        for name in keywords.keys() - set(KEYWORDS):
            similar = get_close_matches(name.lower().removeprefix(PREFIX.lower()), KEYWORDS, 1)
            hint = f" Did you mean {similar[0]!r}?" if similar else f" It takes {', '.join(KEYWORDS)}."
            raise ArgumentError(f"psauth.Settings takes no {name!r}.{hint}")
        init(self, **keywords)

    return checked


Settings.__init__ = _with_known_keywords(Settings.__init__)  # type: ignore[method-assign]


@door
def _masked(sealed: Iterator[dict[str, Any]]) -> dict[str, Any]:
    """Keywords of which the secret ones, and all of Streamlit's, are Secrets."""
    keywords = dict(next(sealed))
    keywords.update((name, Secret(keywords[name])) for name in SECRETS & keywords.keys() if keywords[name] is not None)
    if isinstance(section := keywords.get("secrets"), Mapping):
        keywords["secrets"] = as_variables(section)
    return keywords


def _text(keyword: Any) -> Secret:
    return Secret("" if keyword is None else keyword)


def _says_trust(source: str, layers: list[Layer], values: Mapping[str, str], sources: Mapping[str, str]) -> bool:
    """Whether this very place says PSAUTH_TRUST_ADDRESSES=yes, whatever wins over it."""
    if source == KEYWORD:
        said: str = values["trust_addresses"] if sources["trust_addresses"] == KEYWORD else ""
    else:
        said = next(
            (layer.values.get(variable("trust_addresses"), "") for layer in layers if layer.source == source), ""
        )
    return YES_OR_NO.get(said.strip().lower(), False)


def _default_home() -> Path:
    from platformdirs import user_data_path

    return user_data_path("psauth", appauthor=False)


def _rebuild(kept: dict[str, Any], foreign: tuple[Foreign, ...]) -> Settings:
    settings = Settings(**kept, env_file=None)
    object.__setattr__(settings, "foreign", foreign)
    return settings
