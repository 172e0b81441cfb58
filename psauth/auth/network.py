"""Network: why no answer came, and what to do about it. The one reader of the errors that requests, urllib3 and ssl raise."""

from __future__ import annotations

import errno
import os
import re
import ssl
from collections.abc import Iterator
from http.client import HTTPException, LineTooLong
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import requests
import urllib3.exceptions

from psauth.words import times

RAISED: Final = (requests.RequestException, urllib3.exceptions.HTTPError, HTTPException, OSError, ValueError)
"""What `requests.Session.send` raises where no answer comes; not all of it is requests' own."""

OWN_CERTIFICATES: Final = (
    "If your company has an authority of its own, or looks into encrypted traffic, ask its IT for the authority's "
    "certificate and set REQUESTS_CA_BUNDLE to that file (PEM)"
)


class Unanswered(requests.ConnectionError):
    """No answer came.

    `cause` is a clause without a full stop. `remedy` is a sentence that says what to set; None where there is nothing to
    set, only the network to look after. `sent` says whether the request may have reached the service, `passing` whether
    another try may help, `silent` whether the service was tried and said nothing.
    """

    def __init__(self, cause: str, *, remedy: str | None = None, sent: bool, passing: bool) -> None:
        super().__init__(cause)
        self.cause = cause
        self.remedy = remedy
        self.sent = sent
        self.passing = passing

    def about(self, place: str, path: str = "", *, attempts: int = 0) -> str:
        """One clause: who does not answer what, why, and how often that was tried (0: not said)."""
        tried = f"tried {times(attempts)}" if attempts else ""
        if self.remedy is None:
            return f"{place} does not answer{path and ' ' + path} ({', '.join(filter(None, [self.cause, tried]))})"
        return f"{place} cannot be reached{tried and f' ({tried})'}: {self.cause}"


class Overrun(Unanswered):
    """Something came, or nothing for too long, and psauth ended it: too slow, too large, or not to be unpacked.

    `cause` is a clause that follows the place's name, `note` the setting that changes the limit. `passing` is True where it
    was the time, or damage on the way.
    """

    def __init__(self, cause: str, *, note: str = "", sent: bool, passing: bool) -> None:
        remedy = f"Try again; if it stays so and all is well with the service, set {note} higher." if note else None
        super().__init__(cause, remedy=remedy, sent=sent, passing=passing)
        self.note = note

    def about(self, place: str, path: str = "", *, attempts: int = 0) -> str:
        """See Unanswered."""
        tried = f"tried {times(attempts)}" if attempts > 1 else ""
        notes = ", ".join(filter(None, [self.note, tried]))
        return f"{place} {self.cause}{path and f' for {path}'}{notes and f' ({notes})'}"


def unanswered(error: BaseException, address: str, *, proxy: str | None, bundle: str | None) -> Unanswered:
    """What an error of requests means for a request to `address`.

    `proxy` is the proxy's address and `bundle` the file or folder of certificates, where the environment names them.
    """
    chain = list(_chain(error))
    return (
        _bundle_fault(error, chain, bundle)
        or (_proxy_fault(error, chain, address, proxy) if proxy else None)
        or _endless_head(chain)
        or _certificate_fault(chain, f"the certificate of {urlsplit(address).hostname}")
        or _other_fault(error, chain, f", through the proxy {_shown(proxy)}" if proxy else "")
    )


# Certificates ---------------------------------------------------------------------------------------------------------


def _bundle_fault(error: BaseException, chain: list[BaseException], bundle: str | None) -> Unanswered | None:
    """REQUESTS_CA_BUNDLE (or CURL_CA_BUNDLE) names something that holds no certificates."""
    of_certificates = any(isinstance(cause, ssl.SSLError | requests.exceptions.SSLError) for cause in chain)
    if bundle is None or not (of_certificates or type(error) in (OSError, FileNotFoundError, PermissionError)):
        return None
    name = _variable_with(bundle, "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE") or "REQUESTS_CA_BUNDLE"
    problem = bundle_problem(bundle)
    if problem is None:
        return None
    remedy = f"Set {name} to a file of certificates (PEM), or take it out of the environment."
    return Unanswered(f"{name} names {bundle!r}, {problem}", remedy=remedy, sent=False, passing=False)


def bundle_problem(place: str) -> str | None:
    """What is wrong with a file or folder of certificates, as a clause; None when nothing is."""
    path = Path(place)
    if path.is_dir():
        named = [p for p in path.iterdir() if re.fullmatch(r"[0-9a-fA-F]{8}\.\d+", p.name)]
        return None if named else "a folder in which no certificate is named the way OpenSSL looks for it"
    if not path.exists():
        return "and there is no such file"
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=place)
    except (ssl.SSLError, ValueError):
        return "in which there is no certificate that can be read"
    except OSError as error:
        return f"which cannot be read ({error.strerror or type(error).__name__})"
    return None


def _certificate_fault(chain: list[BaseException], whose: str) -> Unanswered | None:
    """A certificate that does not hold: by OpenSSL's code (X509_V_ERR_*), by its words where another store judges."""
    refusal = next((cause for cause in chain if isinstance(cause, ssl.SSLCertVerificationError)), None)
    if refusal is None:
        return _handshake_fault(chain)
    code = getattr(refusal, "verify_code", 0)
    words = (getattr(refusal, "verify_message", "") or str(refusal)).strip()
    lower = words.lower()
    if code in (9, 10) or "expired" in lower or "not yet valid" in lower:
        what = "is not valid yet" if code == 9 or "not yet" in lower else "has expired"
        cause, remedy = (
            f"{whose} {what}",
            "Look at the date of this machine; if it is right, tell those who run the service.",
        )
    elif code in (62, 64) or "mismatch" in lower or "match" in lower:
        cause = f"{whose} belongs to another name ({words})"
        remedy = "Check the address; on a hotel's or a guest network, sign in there first."
    elif code == 23 or "revoked" in lower:
        cause, remedy = f"{whose} was revoked", "Tell those who run the service."
    else:
        by = "signed itself" if code == 18 else "comes from an authority that this machine does not know"
        cause, remedy = f"{whose} {by} ({words})", f"{OWN_CERTIFICATES}{_system_hint()}."
    return Unanswered(cause, remedy=remedy, sent=False, passing=False)


def _system_hint() -> str:
    """What the variables that choose the system's certificates say, where that does not hold."""
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        place = os.environ.get(name)
        if place and (problem := bundle_problem(place)):
            return f". {name} names {place!r}, {problem}: correct it, or take it out"
    return ""


_BEFORE_THE_REQUEST: Final = {
    "WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNSUPPORTED_PROTOCOL", "NO_PROTOCOLS_AVAILABLE", "RECORD_LAYER_FAILURE",
    "TLSV1_ALERT_PROTOCOL_VERSION", "SSLV3_ALERT_HANDSHAKE_FAILURE", "TLSV1_UNRECOGNIZED_NAME", "NO_SHARED_CIPHER",
    "PACKET_LENGTH_TOO_LONG", "UNKNOWN_PROTOCOL",
}  # fmt: skip
"""Reasons of OpenSSL that end a handshake, so that no request was sent."""


def _handshake_fault(chain: list[BaseException]) -> Unanswered | None:
    reason = next((_reason(cause) for cause in chain if _reason(cause) in _BEFORE_THE_REQUEST), None)
    if reason is None:
        return None
    remedy = "Check the address and its port: what answers there speaks no https, or an old form of it."
    return Unanswered(f"no encrypted connection came about ({reason})", remedy=remedy, sent=False, passing=False)


def _reason(error: BaseException) -> str | None:
    """OpenSSL's word for what went wrong; other errors have none."""
    return getattr(error, "reason", None) if isinstance(error, ssl.SSLError) else None


# Proxies --------------------------------------------------------------------------------------------------------------


def _proxy_fault(error: BaseException, chain: list[BaseException], address: str, proxy: str) -> Unanswered | None:
    """What is wrong with the proxy that the environment or the system names; its password is never shown."""
    scheme = urlsplit(address).scheme
    names = (f"{scheme}_proxy", f"{scheme.upper()}_PROXY", "all_proxy", "ALL_PROXY")
    name = _variable_with(proxy, *names)
    where = name or "the system's settings"
    setting = name or "HTTPS_PROXY"
    shown = _shown(proxy)
    correct = f"Set {setting}=http://host:port, or NO_PROXY={urlsplit(address).hostname} to do without a proxy."

    def fault(cause: str, remedy: str, *, passing: bool = False) -> Unanswered:
        return Unanswered(cause, remedy=remedy, sent=False, passing=passing)

    if isinstance(error, requests.exceptions.InvalidSchema) and "SOCKS" in str(error):
        return fault(
            f"{where} names a SOCKS proxy ({shown}), for which the package PySocks is missing",
            f"Install it (pip install PySocks), or set {setting} to an http proxy.",
        )
    malformed = (
        requests.exceptions.InvalidURL
        | requests.exceptions.InvalidSchema
        | requests.exceptions.MissingSchema
        | urllib3.exceptions.LocationValueError
        | UnicodeError
    )
    if isinstance(error, malformed) and (problem := _proxy_problem(proxy)):
        return fault(f"the proxy in {where} ({shown}) {problem}", correct)
    if not any(isinstance(cause, requests.exceptions.ProxyError | urllib3.exceptions.ProxyError) for cause in chain):
        return None
    words = " ".join(map(str, chain))
    if refusal := re.search(r"Tunnel connection failed: (\d+)", words):
        status = int(refusal[1])
        if status == requests.codes.proxy_authentication:
            if "@" in proxy:
                remedy = f"Correct them there, with special characters percent-encoded ({setting}=http://user:password@host:port)."
                return fault(f"the proxy {shown} does not accept the user name and password in {where}", remedy)
            return fault(
                f"the proxy {shown} asks for a user name and password",
                f"Set {setting}=http://user:password@{shown.rpartition('//')[2]}, special characters percent-encoded.",
            )
        return fault(
            f"the proxy {shown} answered {status} instead of letting the request through",
            f"Ask those who run the proxy to allow {urlsplit(address).hostname}.",
            passing=status >= 500,
        )
    if "appears to only use HTTP" in words:
        return fault(f"the proxy {shown} speaks http, and {where} says https", f"Set {setting}=http://host:port.")
    if certificate := _certificate_fault(chain, f"the certificate of the proxy {shown}"):
        return certificate
    return fault(f"the proxy {shown}, which {where} names, does not answer ({_short(chain)})", correct, passing=True)


def _shown(proxy: str) -> str:
    """A proxy's address without user name and password."""
    scheme, separator, rest = proxy.rpartition("://")
    return scheme + separator + rest.rpartition("@")[2]


def _proxy_problem(proxy: str) -> str | None:
    """What is wrong with a proxy's address, as a clause; None when nothing is."""
    scheme, separator, _ = proxy.partition("://")
    try:
        url = urllib3.util.parse_url(proxy)
    except urllib3.exceptions.LocationParseError:
        has_password = "@" in proxy
        return (
            "is no address: special characters in its password go percent-encoded" if has_password else "is no address"
        )
    if not separator:
        return "lacks a scheme"
    if scheme.lower() not in ("http", "https", "socks4", "socks4a", "socks5", "socks5h"):
        return f"has the scheme {scheme!r}, which no proxy speaks"
    return None if url.host else "lacks a host"


def _endless_head(chain: list[BaseException]) -> Unanswered | None:
    """A line of the answer's head that is longer, or more headers, than `http.client` reads."""
    if any(
        isinstance(cause, LineTooLong) or "got more than" in str(cause)
        for cause in chain
        if isinstance(cause, HTTPException)
    ):
        return Overrun("answered with a line or headers without end", sent=True, passing=False)
    return None


# Everything else ------------------------------------------------------------------------------------------------------


def _other_fault(error: BaseException, chain: list[BaseException], way: str) -> Unanswered:
    """The usual ones: no such name, nobody there, no answer in time, broken off in the middle; `way` names a proxy."""
    never_sent = (
        requests.ConnectTimeout
        | requests.exceptions.InvalidURL
        | requests.exceptions.InvalidSchema
        | requests.exceptions.MissingSchema
        | requests.exceptions.InvalidHeader
        | requests.exceptions.ProxyError
        | urllib3.exceptions.NewConnectionError
        | urllib3.exceptions.ConnectTimeoutError
        | urllib3.exceptions.LocationValueError
        | UnicodeError
    )
    before = any(isinstance(cause, never_sent) for cause in chain) or _is_bare_tls(error, chain)
    broken = (
        requests.exceptions.ChunkedEncodingError
        | requests.exceptions.ContentDecodingError
        | urllib3.exceptions.ProtocolError
        | urllib3.exceptions.ReadTimeoutError
        | urllib3.exceptions.SSLError
    )
    lasting = isinstance(error, requests.exceptions.InvalidURL) or (
        before and isinstance(error, requests.exceptions.SSLError)
    )
    passing = isinstance(error, requests.ConnectionError | requests.Timeout | broken) and not lasting
    return Unanswered(_short(chain) + way, sent=not before, passing=passing)


def _is_bare_tls(error: BaseException, chain: list[BaseException]) -> bool:
    """An error of TLS without a reason from OpenSSL: the context could not be made, so nothing was sent."""
    return isinstance(error, requests.exceptions.SSLError) and not any(_reason(cause) for cause in chain)


def _short(chain: list[BaseException]) -> str:
    """The cause in a word or two."""
    if any(isinstance(cause, urllib3.exceptions.NameResolutionError) for cause in chain):
        return "its name was not found"
    if any(isinstance(cause, OSError) and cause.errno == errno.ECONNREFUSED for cause in chain):
        return "connection refused"
    return type(chain[0]).__name__


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and all that it wraps: requests and urllib3 keep causes in `args`, `reason` and the context."""
    waiting, seen = [error], set()
    while waiting:
        cause = waiting.pop(0)
        if id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        inner = (
            *cause.args,
            getattr(cause, "reason", None),
            getattr(cause, "original_error", None),
            cause.__cause__,
            cause.__context__,
        )
        waiting += [wrapped for wrapped in inner if isinstance(wrapped, BaseException)]


def _variable_with(value: str, *names: str) -> str | None:
    """The environment variable that holds this value."""
    return next((name for name in names if (os.environ.get(name) or "").strip() == value.strip()), None)
