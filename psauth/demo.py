"""Sandbox: the stand-in for Process Street, started on this machine, with settings that point at it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

from cryptography.fernet import Fernet

from psauth.auth.flow import AuthorizationFlow, AuthorizationRequest
from psauth.exceptions import needs_extra
from psauth.reading.arguments import moment
from psauth.reading.calls import checked
from psauth.settings import Settings
from psauth.vault.vault import Vault

if TYPE_CHECKING:
    from psauth.reading.arguments import Moment
    from psauth.sandbox import Company, Knobs, Life, RequestLog

RUNS: Final = 3_000
"""Runs of the invented company; the sandbox itself can be imported only where its packages are installed."""


class Sandbox:
    """An invented company behind a real server on this machine: OAuth, the API, and no account needed.

    Use it in a `with` statement, or call `start()` and `stop()` in a notebook. Its hour lasts a minute: 2,500 requests
    are there again a minute after the first of them, as its `X-Api-Key-Rate-Limit-*` headers say.

    Parameters: `runs` is how many runs the company has had, and `seed` which company it is. `port` 0 takes any free one.
    `state` is a file that keeps connections over a restart. `knobs` change limits, lifetimes and faults from the start.
    `life` lets the company live on by itself, like `psauth.sandbox.Life(events_per_minute=30, seed=1)`; without it
    nothing happens in it but what is asked for, or called for by name, as in `box.company.live(steps=50, seed=3)`.
    `now` is the day at which the company stands, like "2026-11-26", by default today: with the same `seed` and `now` it
    is the same company again. Raises MissingExtra where the packages of `psauth[sandbox]` are not installed.

    >>> with psauth.Sandbox(runs=30) as example:
    ...     with psauth.connect(settings=example.settings) as client:
    ...         client.workflows()["name"].head(3).tolist()
    ['Access Review', 'Complaint Handling', 'Contract Review']
    """

    @checked("psauth.Sandbox")
    def __init__(
        self,
        *,
        runs: int = RUNS,
        seed: int = 7,
        port: int = 0,
        state: Path | str | None = None,
        knobs: Knobs | None = None,
        now: Moment | None = None,
        life: Life | None = None,
    ) -> None:
        with needs_extra("sandbox", "psauth.Sandbox()"):
            from psauth.sandbox import SandboxServer
        self._server = SandboxServer(
            port=port,
            runs=runs,
            seed=seed,
            state=None if state is None else Path(state),
            knobs=knobs,
            now=None if now is None else moment(now).timestamp(),
        )
        if life is not None:
            self._server.knobs.life = life
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._settings: Settings | None = None

    def start(self) -> Sandbox:
        """Start the server, and return this sandbox. Raises OSError where the port is taken."""
        self._server.start()
        return self

    def stop(self) -> None:
        """Stop the server and remove the vault that belongs to it."""
        self._server.stop()
        self._settings = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    @property
    def url(self) -> str:
        """Its address, which is also the name of its OAuth issuer. RuntimeError while it is not running."""
        return self._server.url

    @property
    def api_url(self) -> str:
        """The address of its REST API. RuntimeError while it is not running."""
        return self._server.api_url

    @property
    def api_key(self) -> str:
        """The API key that its API takes."""
        return self._server.api_key

    @property
    def client_id(self) -> str:
        """The id of its OAuth app, which has a secret."""
        return self._server.client_id

    @property
    def client_secret(self) -> str:
        """The secret of that OAuth app."""
        return self._server.client_secret

    @property
    def public_client_id(self) -> str:
        """The id of its other OAuth app, which has no secret."""
        return self._server.public_client_id

    @property
    def knobs(self) -> Knobs:
        """Its limits, lifetimes, shapes of answers and scripted faults; they may be changed while it runs."""
        return self._server.knobs

    @property
    def requests(self) -> RequestLog:
        """The requests it was sent so far, oldest first. No secret stands in them."""
        return self._server.requests

    @property
    def company(self) -> Company:
        """The invented company itself, for who wants to compare an answer with it, or to change something in it."""
        return self._server.company

    def truth(self, person: str | None = None) -> dict[str, Any]:
        """Everything its API would say now, without a request: what a copy of it can be compared with.

        Parameters: `person` is the e-mail of who asks, by default of who the API key belongs to and `login` signs in.
        The keys are nouns, their values whole lists of records in the shapes of the API, or such lists by the id of the
        workflow, run, form field or data set; `help(psauth.sandbox.truth)` names each. LookupError where the company has
        no such person, RuntimeError while it is not running.
        """
        return self._server.truth(person)

    @property
    def settings(self) -> Settings:
        """Settings for `psauth.connect(settings=box.settings)`, which then logs in by itself, without a browser.

        They name this sandbox's client, issuer and API, and a vault in a temporary folder that goes with `stop()`.
        """
        if self._settings is None:
            self._folder = tempfile.TemporaryDirectory(prefix="psauth-sandbox-", ignore_cleanup_errors=True)
            self._settings = Settings(
                client_id=self._server.client_id,
                client_secret=self._server.client_secret,
                redirect_uri="http://127.0.0.1/",
                scope="read,write",
                authorize_url="",
                token_url="",
                revoke_url="",
                issuer=self.url,
                token_auth="post",
                api_url=self._server.api_url,
                api_key="",
                vault_url="",
                secret_key=Fernet.generate_key().decode(),
                mirror="",
                publish="",
                home=self._folder.name,
                env_file=None,
                consent=self.login,
            )
        return self._settings

    def login(self, target: Settings | AuthorizationRequest | str, *, allow: bool = True) -> str:
        """Answer the consent page in the place of a person, and return the callback address.

        Parameters: `target` is an authorization request, its URL, or settings, with which a request is begun first.
        `allow=False` declines. Give the address to `AuthorizationFlow.finish`. Raises RuntimeError with the page's words
        where it does not ask for consent.
        """
        if isinstance(target, Settings):
            target = AuthorizationFlow(target, Vault.open(target)).begin()
        return self._server.approve(target if isinstance(target, str) else target.url, allow=allow)

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        try:
            return f"Sandbox({self.url!r})"
        except RuntimeError:
            return "Sandbox(stopped)"
