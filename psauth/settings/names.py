"""Names: how settings are called, which of them are secret, and the addresses of Process Street."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

PREFIX: Final = "PSAUTH_"
OAUTH_API_URL: Final = "https://api.process.st/v1"
API_KEY_API_URL: Final = "https://public-api.process.st/api/v1.1"
AUTHORIZE_URL: Final = "https://app.process.st/oauth/authorize"
TOKEN_URL: Final = "https://app.process.st/oauth/token"

CREDENTIALS: Final = ("client_id", "client_secret", "api_key", "secret_key")
SECRETS: Final = frozenset({"client_secret", "api_key", "secret_key"})
DEFAULTS: Final[Mapping[str, str]] = {
    "redirect_uri": "http://localhost:8501/",
    "scope": "read,write",
    "token_auth": "post",
    "system_certificates": "yes",
    "total_time": "60",
    "answer_size": "16",
    "trust_addresses": "no",
    "start_token": "yes",
}


def variable(name: str) -> str:
    """The environment variable of a setting: `client_id` is PSAUTH_CLIENT_ID."""
    return PREFIX + name.upper()
