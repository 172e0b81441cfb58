"""Sandbox: the stand-in for Process Street, started on this machine, with settings that point at it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any

from cryptography.fernet import Fernet

from psauth.auth.flow import AuthorizationFlow, AuthorizationRequest
from psauth.reading.calls import checked
from psauth.sandbox import Knobs, SandboxServer
from psauth.sandbox.company.company import DEFAULT_RUNS
from psauth.settings import Settings
from psauth.vault.vault import Vault


class Sandbox:
    """An invented company behind a real server on loopback: OAuth, the API, and nobody to ask for an account.

    A context manager; `start()` and `stop()` do the same in a notebook. `settings` point at it with a vault of their
    own in a temporary folder, so `psauth.connect(settings=box.settings)` runs the whole authorization by itself.
    `knobs` turn its limits and faults, `requests` is the log of what it was asked.

    >>> with psauth.Sandbox() as box:                                       # doctest: +SKIP
    ...     ps = psauth.connect(settings=box.settings)
    ...     ps.workflows()
    """

    @checked("psauth.Sandbox")
    def __init__(
        self,
        *,
        runs: int = DEFAULT_RUNS,
        seed: int = 7,
        port: int = 0,
        state: Path | str | None = None,
        knobs: Knobs | None = None,
    ) -> None:
        self._server = SandboxServer(
            port=port, runs=runs, seed=seed, state=None if state is None else Path(state), knobs=knobs
        )
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._settings: Settings | None = None

    def start(self) -> Sandbox:
        """Start the server; returns itself."""
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
        """Its address, which is also its issuer name."""
        return self._server.url

    @property
    def settings(self) -> Settings:
        """Settings that point here: client, issuer and API address, a vault in a temporary folder, a bare loopback
        redirect URI, and `consent`, which answers in the place of a person and a browser."""
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
                home=self._folder.name,
                env_file=None,
                consent=self.login,
            )
        return self._settings

    def login(self, target: Settings | AuthorizationRequest | str, *, allow: bool = True) -> str:
        """The callback address, after consenting (or declining) without a browser.

        `target` is an authorization request, its URL, or settings, with which a request is begun first; hand the
        address to `AuthorizationFlow.finish`.
        """
        if isinstance(target, Settings):
            target = AuthorizationFlow(target, Vault.open(target)).begin()
        return self._server.approve(target if isinstance(target, str) else target.url, allow=allow)

    def __getattr__(self, name: str) -> Any:
        if name in {
            "knobs",
            "requests",
            "company",
            "api_url",
            "api_key",
            "client_id",
            "client_secret",
            "public_client_id",
        }:
            return getattr(self._server, name)
        raise AttributeError(f"'Sandbox' object has no attribute {name!r}")

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
