"""psauth: Process Street as pandas DataFrames, connected by OAuth 2.0 or an API key.

    import psauth
    ps = psauth.connect()
    ps.workflows()

Every name is loaded when it is first used, so that importing psauth costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psauth.api.budget import Budget
    from psauth.auth.flow import AuthorizationFlow, AuthorizationRequest
    from psauth.auth.revocation import Disconnected
    from psauth.client import ProcessStreet
    from psauth.connecting import connect, login, logout
    from psauth.demo import Sandbox
    from psauth.exceptions import (
        AccessDenied,
        ApiError,
        AuthorizationError,
        AuthorizationRefused,
        BrowserMismatch,
        CodeMissing,
        DuplicateParameter,
        ExchangeFailed,
        IssuerMismatch,
        LoginRequired,
        MalformedCallback,
        NotFound,
        OutcomeUnknown,
        PermissionDenied,
        PsauthError,
        PsauthWarning,
        RateLimited,
        ServiceUnavailable,
        SettingsError,
        StateExpired,
        StateMissing,
        StateSpent,
        StateUnknown,
        UntrustedAddress,
        VaultError,
    )
    from psauth.reading.plan import Plan
    from psauth.settings import Settings
    from psauth.vault.connection import Connection
    from psauth.vault.token import Token
    from psauth.vault.vault import Vault

    __version__: str

_ROOMS = {
    "demo": ("Sandbox",),
    "api.budget": ("Budget",),
    "client": ("ProcessStreet",),
    "exceptions": (
        "AccessDenied",
        "ApiError",
        "AuthorizationError",
        "AuthorizationRefused",
        "BrowserMismatch",
        "CodeMissing",
        "DuplicateParameter",
        "ExchangeFailed",
        "IssuerMismatch",
        "LoginRequired",
        "MalformedCallback",
        "NotFound",
        "OutcomeUnknown",
        "PermissionDenied",
        "PsauthError",
        "PsauthWarning",
        "RateLimited",
        "ServiceUnavailable",
        "SettingsError",
        "StateExpired",
        "StateMissing",
        "StateSpent",
        "StateUnknown",
        "UntrustedAddress",
        "VaultError",
    ),
    "connecting": ("connect", "login", "logout"),
    "auth.flow": ("AuthorizationFlow", "AuthorizationRequest"),
    "auth.revocation": ("Disconnected",),
    "reading.plan": ("Plan",),
    "settings": ("Settings",),
    "vault.token": ("Token",),
    "vault.connection": ("Connection",),
    "vault.vault": ("Vault",),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = [
    "AccessDenied",
    "ApiError",
    "AuthorizationError",
    "AuthorizationFlow",
    "AuthorizationRefused",
    "AuthorizationRequest",
    "BrowserMismatch",
    "Budget",
    "CodeMissing",
    "Connection",
    "Disconnected",
    "DuplicateParameter",
    "ExchangeFailed",
    "IssuerMismatch",
    "LoginRequired",
    "MalformedCallback",
    "NotFound",
    "OutcomeUnknown",
    "PermissionDenied",
    "Plan",
    "ProcessStreet",
    "PsauthError",
    "PsauthWarning",
    "RateLimited",
    "Sandbox",
    "ServiceUnavailable",
    "Settings",
    "SettingsError",
    "StateExpired",
    "StateMissing",
    "StateSpent",
    "StateUnknown",
    "Token",
    "UntrustedAddress",
    "Vault",
    "VaultError",
    "connect",
    "login",
    "logout",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("psauth")
        except PackageNotFoundError:  # run from a checkout that was never installed
            return "0+unknown"
    if name in _ROOM_OF:
        value = getattr(import_module(f"psauth.{_ROOM_OF[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'psauth' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
