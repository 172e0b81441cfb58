"""What can go wrong, sorted by what the reader does next.

    PsauthError
    ├── SettingsError            fix a setting                        (also a ValueError)
    ├── ArgumentError            pass something else                  (also a ValueError)
    ├── MissingExtra             install what is named                (also an ImportError)
    ├── FileNotWritten           close the file elsewhere, or choose another place (also an OSError)
    ├── VaultError               look after the vault: key, file, disk
    │   └── VaultAddressError    set PSAUTH_VAULT_URL to a file           (also a SettingsError)
    ├── MirrorError              look after the local copy: its file, its disk, who else writes to it
    ├── AuthorizationError       connect again; nothing was stored
    │   ├── MalformedCallback    the address could not be read
    │   ├── DuplicateParameter   a parameter came twice
    │   ├── StateMissing         no state in the callback
    │   ├── StateUnknown         psauth never made this state, or has long forgotten it
    │   ├── StateExpired         older than ten minutes
    │   ├── StateSpent           used before: a reload, or a second tab
    │   ├── BrowserMismatch      begun in another browser
    │   ├── IssuerMismatch       answered by another server than the one asked (RFC 9207)
    │   ├── AccessDenied         the person said no
    │   ├── AuthorizationRefused the server said no
    │   ├── CodeMissing          no code in the callback
    │   └── ExchangeFailed       the code was not accepted for a token
    ├── LoginRequired            the connection is missing or has ended: log in
    ├── ApiError                 the service answered with an error
    │   ├── NotFound             (also a LookupError)
    │   ├── PermissionDenied     (also a PermissionError)
    │   ├── RateLimited          wait
    │   ├── WrongAddress         something else answers there: set another address
    │   └── ServiceUnavailable   try again later (also a ConnectionError)
    │       └── OutcomeUnknown   look whether it was written before you write it again
    └── UntrustedAddress         the credential would have left its origin (also a ValueError)

Every message says what was wrong, what was expected, and the next step; none of them holds a secret.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any


class PsauthError(Exception):
    """The base of every error psauth raises on purpose."""


class PsauthWarning(UserWarning):
    """Something the reader should know although the call went on."""


class SettingsError(PsauthError, ValueError):
    """A setting is missing, or its value cannot be used.

    `refused`: where several cannot be used, a sentence for each by the name of its setting; the message is the first one.
    """

    def __init__(self, message: str, *, refused: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.refused = dict(refused or {})

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), str(self), {"refused": self.refused})


class ArgumentError(PsauthError, ValueError):
    """What was passed cannot be used: a name that nothing is called, a value of the wrong kind."""


class MissingExtra(PsauthError, ImportError):
    """A part of psauth needs packages that are not installed; the message has the line that installs them."""


class FileNotWritten(PsauthError, OSError):
    """A file could not be written; what stood in its place is unchanged."""


class VaultError(PsauthError):
    """The vault cannot be opened, read or written; nothing in it was changed."""


class VaultAddressError(SettingsError, VaultError):
    """PSAUTH_VAULT_URL is the address of no database that psauth knows."""


class MirrorError(PsauthError):
    """The local copy cannot be opened, read or written; what was good in it is unchanged."""


class AuthorizationError(PsauthError):
    """An authorization did not lead to a connection."""


class MalformedCallback(AuthorizationError):
    """What came back is not an address with query parameters."""


class DuplicateParameter(AuthorizationError):
    """A parameter stands twice in the callback, which RFC 6749 §3.1 forbids."""


class StateMissing(AuthorizationError):
    """The callback has no state, so nothing ties it to a request of ours."""


class StateUnknown(AuthorizationError):
    """The state belongs to no request that this vault knows."""


class StateExpired(AuthorizationError):
    """The request was begun too long ago."""


class StateSpent(AuthorizationError):
    """The state was used before."""


class BrowserMismatch(AuthorizationError):
    """The request was begun in another browser."""


class IssuerMismatch(AuthorizationError):
    """The answer names another authorization server than the one asked (RFC 9207)."""


class AccessDenied(AuthorizationError):
    """The person declined."""


class AuthorizationRefused(AuthorizationError):
    """The authorization server answered with an error; `error` holds its code."""

    def __init__(self, message: str, *, error: str) -> None:
        super().__init__(message)
        self.error = error

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), str(self), {"error": self.error})


class CodeMissing(AuthorizationError):
    """The callback holds neither a code nor an error."""


class ExchangeFailed(AuthorizationError):
    """The token endpoint did not give a token for the code; `status` and `error` say what it answered."""

    def __init__(self, message: str, *, status: int | None = None, error: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.error = error

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), str(self), {"status": self.status, "error": self.error})


class LoginRequired(PsauthError):
    """There is no usable connection; the message names the line to type."""


class ApiError(PsauthError):
    """The service answered with an error.

    `status` is the HTTP status (None when no answer came), `code` the service's errorCode, `request_id` what its
    support asks for, `details` whatever else it said, `retry_after` seconds to wait where it said so.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        details: Any = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.request_id = request_id
        self.details = details
        self.retry_after = retry_after

    def __reduce__(self) -> tuple[Any, ...]:
        fields = ("status", "code", "request_id", "details", "retry_after")
        return _rebuild, (type(self), str(self), {name: getattr(self, name) for name in fields})


class NotFound(ApiError, LookupError):
    """Nothing stands at that address, or this connection may not see it."""


class PermissionDenied(ApiError, PermissionError):
    """The connection may not do that (scope, plan or role)."""


class RateLimited(ApiError):
    """The hourly budget is used up and the wait is longer than psauth waits by itself; see `retry_after`."""


class WrongAddress(ApiError):
    """What answers at that address is no Process Street API; the message names the address to set instead."""


class ServiceUnavailable(ApiError, ConnectionError):
    """No answer, or a server-side error that did not pass."""


class OutcomeUnknown(ServiceUnavailable):
    """A write was sent, and no answer tells whether it was done."""


class UntrustedAddress(PsauthError, ValueError):
    """The address is not one the credential may be sent to; nothing was sent."""


@contextmanager
def needs_extra(extra: str, what: str) -> Iterator[None]:
    """Imports inside raise MissingExtra for a package that is not installed, and that this extra of psauth brings.

    `what` is the call or command that needs it.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package == "psauth":
            raise
        raise MissingExtra(
            f'{what} needs the package {package}, which is not installed. Type: pip install "psauth[{extra}]"'
        ) from error


def _rebuild(kind: type[PsauthError], message: str, fields: Mapping[str, Any]) -> PsauthError:
    """Errors with keyword-only fields cross process borders (a worker pool pickles them) through here."""
    return kind(message, **fields)
