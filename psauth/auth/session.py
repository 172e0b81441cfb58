"""Session: HTTP for secrets. No redirects, no netrc, no proxy to this machine, no answer without end, the system's certificates."""

from __future__ import annotations

import codecs
import io
import ssl
import threading
from functools import cache
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import requests
import truststore
from requests.adapters import HTTPAdapter
from requests.cookies import RequestsCookieJar
from requests.utils import DEFAULT_CA_BUNDLE_PATH, select_proxy

from psauth.addresses import is_loopback
from psauth.auth.body import ACCEPTED, Unreadable, read_body
from psauth.auth.forks import renew_in_children
from psauth.auth.large import LARGE_ANSWERS
from psauth.auth.limits import SHORT, Allowance, LimitReached, Limits, allowing, at_most
from psauth.auth.network import RAISED, Overrun, Unanswered, unanswered
from psauth.auth.wire import POOLS, bounded
from psauth.secret import SecretBytes, door

TIMEOUT: Final = (5.0, 20.0)
"""Seconds to connect, and to wait for the next byte. Authorization servers answer in milliseconds or not at all."""
TEXTS: Final = frozenset({"utf-8", "utf-16", "utf-16-le", "utf-16-be", "iso8859-1", "cp1252", "ascii"})
"""Encodings in which an answer is read as text, by Python's names. Some others take a minute for a megabyte, or raise."""


Context = TypeVar("Context", bound=truststore.SSLContext)


class Session(requests.Session):
    """A session for secrets.

    It leaves redirects alone: even when told not to follow, requests would read the address, and break over a bad one.
    It adds no credentials out of ~/.netrc. What goes to loopback goes there directly: by the proxy of HTTP_PROXY or the
    system it would leave this machine in the clear, and the proxy could not reach this machine either. Where no answer
    comes, or none that ends within its limits, it raises Unanswered, and nothing else.

    `system_certificates`: trust the authorities that the operating system trusts, beside the usual public ones. A file
    named by REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE takes the place of both. `connections` is how many are kept open.
    `limits`: what each request may take; left out, what is enough for a token.
    """

    def __init__(self, *, system_certificates: bool = True, connections: int = 1, limits: Limits | None = None) -> None:
        super().__init__()
        self.auth = _no_credentials
        self.headers["Accept-Encoding"] = ACCEPTED
        self._system_certificates = system_certificates
        self._connections = connections
        self._limits = limits or SHORT
        self._mount()
        renew_in_children(self)

    def _mount(self) -> None:
        adapter = _Adapter(self._connections, system_certificates=self._system_certificates)
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: there is nothing to follow."""

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        """What the environment says about proxies and certificates, the former for other machines only."""
        merged = super().merge_environment_settings(url, proxies, stream, verify, cert)
        if is_loopback(urlsplit(url).hostname):
            merged["proxies"] = {}
        return merged

    @door
    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """See requests.Session; Unanswered for an address to which nothing can be sent."""
        try:
            return super().prepare_request(request)
        except requests.RequestException as error:
            fault = unanswered(error, str(request.url), proxy=None, bundle=None)
        raise fault

    @door
    def prepared(self, request: requests.Request) -> requests.PreparedRequest:
        """The same for a request that is whole already: requests would merge it with what the session has to add."""
        try:
            return request.prepare()
        except requests.RequestException as error:
            fault = unanswered(error, str(request.url), proxy=None, bundle=None)
        raise fault

    @door
    def send(self, request: requests.PreparedRequest, **how: Any) -> requests.Response:
        """The answer to a prepared request, its body read; Unanswered where there is none within the limits."""
        LARGE_ANSWERS.leave()  # the answer before this one, to a redirect say, is done with
        with allowing(self._limits) as allowance:
            answer = None
            try:
                answer = super().send(request, **{**how, "stream": True})
                allowance.begin_body()
                answer._content = SecretBytes(
                    read_body(answer.raw, allowance)
                )  # some services quote what they were sent
                answer._content_consumed = True  # type: ignore[attr-defined] # as when requests has read it
                answer.raw = io.BytesIO()
                answer.encoding = _text_encoding(answer.encoding)
                return answer
            except RAISED as error:
                if answer is not None:
                    answer.close()
                fault = _fault(error, request.url or "", allowance, how)
        raise fault  # outside the handler: the error of requests holds the request, and that the credential

    def renew_in_child(self) -> None:
        """Connections of its own for a child process; the parent goes on with those that there are."""
        inherited = {id(adapter): adapter for adapter in self.adapters.values()}
        self._mount()
        self.cookies = RequestsCookieJar()
        for adapter in inherited.values():
            if isinstance(adapter, _Adapter):
                adapter.let_go()


def _fault(error: Exception, address: str, allowance: Allowance, how: dict[str, Any]) -> Unanswered:
    """What the error of a request means."""
    reached = error if isinstance(error, LimitReached) else allowance.reached
    if reached is not None:
        reached.__traceback__ = None  # the allowance keeps it, and its frames what came of the body
        is_sent = allowance.is_sent or allowance.is_answered
        return Overrun(reached.cause, note=reached.note, sent=is_sent, passing=reached.is_slow)
    if isinstance(error, Unreadable):
        return Overrun(str(error), sent=True, passing=True)
    verify, proxy = how.get("verify"), select_proxy(address, how.get("proxies"))
    fault = unanswered(error, address, proxy=proxy, bundle=verify if isinstance(verify, str) else None)
    fault.sent |= allowance.is_answered
    return fault


def _text_encoding(name: str | None) -> str:
    """The encoding to read an answer's text in: the one that it names, where that is a usual one, else UTF-8."""
    try:
        return name if name is not None and codecs.lookup(name).name in TEXTS else "utf-8"
    except LookupError:
        return "utf-8"


class _Adapter(HTTPAdapter):
    """Bounded connections that trust the system's certificates, unless a file of certificates is named."""

    def __init__(self, connections: int, *, system_certificates: bool) -> None:
        self._system_certificates = system_certificates
        super().__init__(pool_connections=4, pool_maxsize=connections)

    def init_poolmanager(self, *args: Any, **how: Any) -> None:
        """See HTTPAdapter."""
        super().init_poolmanager(*args, **how)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> Any:
        """See HTTPAdapter."""
        host, tls = super().build_connection_pool_key_attributes(request, verify, cert)
        if self._uses_system(host["scheme"], verify):
            tls["ssl_context"] = system_context()
        return host, tls

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """See HTTPAdapter, which would load a bundle into the system's certificates for each connection."""
        if not self._uses_system(urlsplit(url).scheme, verify):
            super().cert_verify(conn, url, verify, cert)  # type: ignore[no-untyped-call] # as its stubs have it

    def proxy_manager_for(self, proxy: str, **how: Any) -> Any:
        """See HTTPAdapter; what is said to an https proxy is encrypted too. It may load more into a context of its own."""
        if proxy in self.proxy_manager:
            return self.proxy_manager[proxy]
        if self._system_certificates and proxy.lower().startswith("https://"):
            how.setdefault("proxy_ssl_context", _make_context())
        manager = super().proxy_manager_for(proxy, **how)
        is_socks = proxy.lower().startswith("socks")
        manager.pool_classes_by_scheme = bounded(manager.pool_classes_by_scheme) if is_socks else POOLS
        return manager

    def _uses_system(self, scheme: str, verify: Any) -> bool:
        return self._system_certificates and verify is True and scheme.lower() == "https"

    def let_go(self) -> None:
        """Close the copies of the parent's sockets; a lock that a thread of the parent held is replaced before."""
        for manager in (self.poolmanager, *self.proxy_manager.values()):
            manager.pools.lock = threading.RLock()
            for key in manager.pools.keys():  # noqa: SIM118 - no dict: it cannot be iterated over
                idle = manager.pools[key].pool
                if idle is not None:
                    idle.mutex = threading.Lock()
                    idle.not_empty = threading.Condition(idle.mutex)
                    idle.not_full = threading.Condition(idle.mutex)
                    idle.all_tasks_done = threading.Condition(idle.mutex)
        self.close()


@cache
def system_context() -> ssl.SSLContext:
    """What the operating system trusts, and the public authorities that requests brings along where it has none.

    One for the whole process, because a connection pool is found by it.
    """
    return _make_context()


class _Context(truststore.SSLContext):
    """One of truststore's, which does one handshake at a time, with others like it that do those of other threads.

    So no handshake waits for another one. A context whose handshake fails, or is interrupted while it holds its lock, is
    thrown away.
    """

    def __init__(self, protocol: int) -> None:
        super().__init__(protocol)
        self._idle: list[truststore.SSLContext] = []

    @property
    def verify_mode(self) -> ssl.VerifyMode:
        """A certificate is required. truststore's lock, which this one does not need, is asked for neither to say nor to set it."""
        return ssl.CERT_REQUIRED

    @verify_mode.setter
    def verify_mode(self, mode: ssl.VerifyMode) -> None:
        if mode != ssl.CERT_REQUIRED:
            raise ValueError(f"a certificate is required, not {mode!r}")

    def wrap_socket(self, sock: Any, *args: Any, **how: Any) -> ssl.SSLSocket:
        """See ssl.SSLContext."""
        try:
            context = self._idle.pop()
        except IndexError:
            context = _trusting(truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        sock.settimeout(at_most(sock.gettimeout()))
        encrypted: ssl.SSLSocket = context.wrap_socket(sock, *args, **how)
        self._idle.append(context)
        return encrypted


def _make_context() -> ssl.SSLContext:
    return _trusting(_Context(ssl.PROTOCOL_TLS_CLIENT))


def _trusting(context: Context) -> Context:
    """The same context; it trusts the public authorities too, and speaks HTTP/1.1 as urllib3 does."""
    context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    context.set_alpn_protocols(["http/1.1"])
    return context


class _SystemContext:
    """The shared context holds locks, so a child process makes its own."""

    def renew_in_child(self) -> None:
        system_context.cache_clear()


_shared = _SystemContext()
renew_in_children(_shared)


def _no_credentials(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Being there at all, it keeps requests from adding credentials out of ~/.netrc."""
    return request
