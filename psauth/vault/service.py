"""Service: the addresses and the client that a connection was made with, and is used with ever after."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final
from urllib.parse import urlsplit

from psauth.addresses import is_loopback
from psauth.secret import Secret, door, hiding
from psauth.settings import API_KEY_API_URL, Settings

OF_THE_MACHINE: Final = ("system_certificates", "total_seconds", "answer_bytes")
"""Fields that are not stored: they follow the settings of the machine on which a connection is used."""
SANDBOX_APP: Final = "psauth-sandbox"
"""How the ids of the sandbox's OAuth apps begin."""


def of_this_machine(settings: Settings) -> dict[str, Any]:
    """The fields of a Service that are these settings' own."""
    return {
        "system_certificates": settings.trusts_system,
        "total_seconds": settings.total_seconds,
        "answer_bytes": settings.answer_bytes,
    }


@hiding("client_secret")
@dataclass(frozen=True, kw_only=True, repr=False)
class Service:
    """Where a connection lives. Stored with it, so that changed settings never carry a credential elsewhere."""

    api_url: str
    authorize_url: str = ""
    token_url: str = ""
    revoke_url: str = ""
    issuer: str = ""
    iss_required: bool = False
    client_id: str = ""
    client_secret: str = ""
    token_auth: str = "post"
    scope: str = ""
    redirect_uri: str = ""
    system_certificates: bool = field(default=True, compare=False)
    """Whether its certificate may come from an authority that this machine trusts; as each machine's settings say."""
    total_seconds: float = field(default=60.0, compare=False)
    """Seconds that a request to its API may take in all; as each machine's settings say."""
    answer_bytes: int = field(default=16_000_000, compare=False)
    """Bytes that an answer of its API may have; as each machine's settings say."""

    @property
    def host(self) -> str:
        """The API's host, to show to people."""
        return urlsplit(self.api_url).netloc

    @property
    def is_sandbox(self) -> bool:
        """Whether this is psauth's own sandbox on this machine, by the name of its OAuth app."""
        return self.client_id.startswith(SANDBOX_APP) and is_loopback(urlsplit(self.api_url).hostname)

    @classmethod
    def for_api_key(cls, settings: Settings) -> Service:
        """The service an API key of these settings belongs to; SettingsError where it may not be sent there."""
        settings.refuse_foreign("api_key")
        return cls(api_url=settings.api_url or API_KEY_API_URL, **of_this_machine(settings))

    @door
    def to_json(self) -> Secret:
        """For the vault only: everything, the client secret included."""
        kept = {name: value for name, value in asdict(self).items() if name not in OF_THE_MACHINE}
        return Secret(json.dumps(kept))

    @classmethod
    @door
    def from_json(cls, text: str, **of_the_machine: Any) -> Service:
        """The inverse of `to_json`; what only holds for this machine comes from `of_this_machine(settings)`."""
        fields = json.loads(text)
        return cls(**{**fields, "client_secret": Secret(fields["client_secret"]), **of_the_machine})

    def without_secret(self) -> Service:
        """The same, fit to be shown: the client secret stays in the vault."""
        return replace(self, client_secret="")

    def __getstate__(self) -> dict[str, Any]:
        """For pickle: a connection may be cached or sent to a worker, the client secret stays in the vault."""
        return {name: value for name, value in vars(self).items() if name in self.__dataclass_fields__}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        object.__setattr__(self, "client_secret", "")

    def __repr__(self) -> str:
        return f"Service(api_url={self.api_url!r}, client_id={self.client_id!r}, token_url={self.token_url!r})"
