"""Network: each thing that stands in the way is named, with what to set, for everything that psauth asks."""

import http.client
import re
import socket
import ssl

import pytest
import requests
import urllib3.exceptions

from psauth import Settings, Vault
from psauth.api.transport import Transport
from psauth.auth.discovery import service_for_oauth
from psauth.auth.network import Unanswered, bundle_problem
from psauth.auth.renewal import renew
from psauth.auth.revocation import disconnect
from psauth.auth.session import Session, system_context
from psauth.exceptions import PsauthError
from psauth.vault.connection import Connection, Stored
from psauth.vault.service import Service
from tests.auth.machines import HOST, Authority, api, dead_port, proxy

pytestmark = pytest.mark.slow

NONSENSE = "not a certificate\n"


@pytest.fixture(autouse=True)
def no_certificates_of_other_tests():
    """What the system trusts is read once a process; here the environment says something else in each test."""
    system_context.cache_clear()
    yield
    system_context.cache_clear()


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def through(monkeypatch):
    """Leads everything that goes to HOST through a proxy."""
    with proxy() as open_proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{open_proxy.port}")
        yield open_proxy


@pytest.fixture
def asking(monkeypatch, naps, make_token, tmp_path):
    """Asks as one of the four does, and returns what is said when it fails ("" when it does not)."""

    def ask(who, port, **settings):
        base = f"https://{HOST}:{port}"
        chosen = Settings(client_id="analyst", issuer=base, **settings)
        vault = Vault.open(chosen)
        service = Service(
            api_url=f"{base}/v1",
            token_url=f"{base}/token",
            revoke_url=f"{base}/revoke",
            client_id="analyst",
            system_certificates=chosen.trusts_system,
        )
        try:
            if who == "API":
                stored = Stored(connection=Connection.unstored("default", service), api_key="key-Rt55")
                door = Transport(stored, None)
                door.get("/users")
                door.close()
            elif who == "issuer":
                service_for_oauth(chosen)
            elif who == "token endpoint":
                vault.connect("default", service, token=make_token(lives=0))
                renew(vault, vault.read())
            else:
                vault.connect("default", service, token=make_token())
                done = disconnect(vault)
                return "" if done.revoked else done.message
        except PsauthError as error:
            return str(error)
        return ""

    return ask


EVERYBODY = pytest.mark.parametrize("who", ["API", "issuer", "token endpoint", "revocation"])


# Certificates ---------------------------------------------------------------------------------------------------------

CERTIFICATES = {
    "a company's own authority": ({}, [f"the certificate of {HOST} comes from an authority that this machine does not know", "REQUESTS_CA_BUNDLE"]),
    "expired": ({"days": (-30, -1)}, [f"the certificate of {HOST} has expired", "date of this machine"]),
    "not valid yet": ({"days": (5, 30)}, [f"the certificate of {HOST} is not valid yet", "date of this machine"]),
    "signed by itself": ({"signed_by_itself": True}, [f"the certificate of {HOST} signed itself", "REQUESTS_CA_BUNDLE"]),
    "of another host": ({"host": "other.test"}, [f"the certificate of {HOST} belongs to another name", "Check the address"]),
}  # fmt: skip


@EVERYBODY
@pytest.mark.parametrize("how", CERTIFICATES)
def test_a_certificate_that_does_not_hold(authority, through, asking, monkeypatch, who, how):
    made, words = CERTIFICATES[how]
    if how not in ("a company's own authority", "signed by itself"):
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.path))
    with api(authority.issue(**made)) as server:
        message = asking(who, server.port)
        for part in [f"{HOST}:{server.port}", "cannot be reached", *words]:
            assert part in message
        assert server.asked == []
        assert "Traceback" not in message
        assert "Error" not in message


@EVERYBODY
@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_the_file_of_the_own_authority_makes_it_work(authority, through, asking, monkeypatch, who, variable):
    monkeypatch.setenv(variable, str(authority.path))
    with api(authority.issue()) as server:
        assert asking(who, server.port) == ""
        assert server.asked
    assert through.asked[0][0] == f"{HOST}:{server.port}"


@EVERYBODY
def test_what_the_system_trusts_can_be_left_out(authority, through, asking, monkeypatch, who):
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
    with api(authority.issue()) as server:
        assert "authority that this machine does not know" in asking(who, server.port, system_certificates="no")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.path))
        assert asking(who, server.port, system_certificates="no") == ""


def test_a_file_that_is_named_takes_the_place_of_what_the_system_trusts(
    authority, through, asking, monkeypatch, tmp_path
):
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(Authority(other, "Another").path))
    with api(authority.issue()) as server:
        assert "authority that this machine does not know" in asking("API", server.port)


BUNDLES = {
    "missing": (lambda folder: folder / "nowhere.pem", "and there is no such file"),
    "garbage": (lambda folder: written(folder, NONSENSE), "in which there is no certificate that can be read"),
    "empty": (lambda folder: written(folder, ""), "in which there is no certificate that can be read"),
    "a folder": (lambda folder: folder, "a folder in which no certificate is named"),
    "cut off": (
        lambda folder: written(folder, "-----BEGIN CERTIFICATE-----\nMIIB"),
        "in which there is no certificate that can be read",
    ),
}


def written(folder, text):
    path = folder / "bundle.pem"
    path.write_text(text)
    return path


@EVERYBODY
@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize("how", BUNDLES)
def test_a_variable_that_names_no_certificates(authority, through, asking, monkeypatch, tmp_path, who, variable, how):
    make, problem = BUNDLES[how]
    (tmp_path / "bundles").mkdir()
    place = make(tmp_path / "bundles")
    monkeypatch.setenv(variable, str(place))
    with api(authority.issue()) as server:
        message = asking(who, server.port)
    assert f"{variable} names {str(place)!r}, {problem}" in message
    assert f"Set {variable} to a file of certificates (PEM), or take it out" in message


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
@pytest.mark.parametrize("how", ["missing", "garbage"])
def test_a_variable_of_the_system_that_names_nothing_is_pointed_out_where_it_matters(
    authority, through, asking, monkeypatch, tmp_path, variable, how
):
    place = BUNDLES[how][0](tmp_path)
    monkeypatch.setenv(variable, str(place))
    with api(authority.issue()) as server:
        message = asking("API", server.port)
    assert "authority that this machine does not know" in message
    assert f"{variable} names {str(place)!r}" in message


def test_a_folder_of_certificates_as_openssl_has_it_is_fine(authority, through, asking, monkeypatch, tmp_path):
    folder = tmp_path / "certificates"
    folder.mkdir()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(authority.path)
    (folder / "0a1b2c3d.0").write_bytes(authority.path.read_bytes())
    assert bundle_problem(str(folder)) is None
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(folder))
    with api(authority.issue()) as server:
        assert "authority that this machine does not know" in asking("API", server.port), "its name is made up"


def test_a_bundle_that_nobody_may_read_is_said(tmp_path, monkeypatch):
    def forbidden(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", forbidden)
    path = written(tmp_path, NONSENSE)
    assert bundle_problem(str(path)) == "which cannot be read (Permission denied)"


def test_what_speaks_no_https_is_said(through, asking):
    with api() as server:
        message = asking("API", server.port)
    assert "no encrypted connection came about" in message
    assert "Check the address and its port" in message


# Proxies --------------------------------------------------------------------------------------------------------------

PROXIES = {
    # what HTTPS_PROXY says, and what is said about it; PORT is a port where nobody listens
    "dead": ("http://127.0.0.1:PORT", ["the proxy http://127.0.0.1:PORT, which HTTPS_PROXY names, does not answer (connection refused)", "NO_PROXY=service.test"]),
    "dead, with a password": ("http://me:hunter2@127.0.0.1:PORT", ["does not answer", "HTTPS_PROXY=http://host:port"]),
    "unknown": ("http://proxy.invalid:3128", ["the proxy http://proxy.invalid:3128", "its name was not found"]),
    "without a scheme": ("proxyhost:3128", ["the proxy in HTTPS_PROXY (proxyhost:3128) lacks a scheme", "Set HTTPS_PROXY=http://host:port"]),
    "with an odd scheme": ("ftp://127.0.0.1:PORT", ["has the scheme 'ftp', which no proxy speaks", "HTTPS_PROXY=http://host:port"]),
    "without a host": ("http://:3128", ["HTTPS_PROXY", "lacks a host", "HTTPS_PROXY=http://host:port"]),
    "with a port that is none": ("http://127.0.0.1:port", ["HTTPS_PROXY", "is no address", "HTTPS_PROXY=http://host:port"]),
    "with a port beyond all": ("http://127.0.0.1:99999", ["HTTPS_PROXY", "is no address"]),
    "malformed": ("http://[::1", ["HTTPS_PROXY", "is no address"]),
    "malformed, with a password": ("http://me:hunter2@[::1", ["HTTPS_PROXY", "is no address"]),
    "a password with #": ("http://me:hunter2#x@127.0.0.1:3128", ["HTTPS_PROXY (http://127.0.0.1:3128)", "special characters in its password go percent-encoded"]),
    "SOCKS without PySocks": ("socks5://127.0.0.1:PORT", ["HTTPS_PROXY names a SOCKS proxy", "pip install PySocks"]),
    "SOCKS by name": ("socks5h://me:hunter2@127.0.0.1:PORT", ["a SOCKS proxy (socks5h://127.0.0.1:PORT)", "PySocks"]),
}  # fmt: skip


@EVERYBODY
@pytest.mark.parametrize("how", PROXIES)
def test_a_proxy_that_cannot_be_used(asking, monkeypatch, who, how):
    value, words = PROXIES[how]
    port = str(dead_port())
    monkeypatch.setenv("HTTPS_PROXY", value.replace("PORT", port))
    message = asking(who, 443)
    for part in ["cannot be reached", *words]:
        assert part.replace("PORT", port) in message
    assert "hunter2" not in message
    assert "me:" not in message


REFUSING = {
    "a password": (407, "http://127.0.0.1:PORT", ["asks for a user name and password", "HTTPS_PROXY=http://user:password@127.0.0.1:PORT"]),
    "another password": (407, "http://me:hunter2@127.0.0.1:PORT", ["does not accept the user name and password in HTTPS_PROXY", "percent-encoded"]),
    "forbidden": (403, "http://127.0.0.1:PORT", ["answered 403 instead of letting the request through", "allow service.test"]),
    "broken": (503, "http://127.0.0.1:PORT", ["answered 503 instead of letting the request through"]),
}  # fmt: skip


@EVERYBODY
@pytest.mark.parametrize("how", REFUSING)
def test_a_proxy_that_refuses(asking, monkeypatch, who, how):
    status, value, words = REFUSING[how]
    with proxy(refusal=status) as refusing:
        monkeypatch.setenv("HTTPS_PROXY", value.replace("PORT", str(refusing.port)))
        message = asking(who, 443)
        for part in ["cannot be reached", *words]:
            assert part.replace("PORT", str(refusing.port)) in message
        assert "hunter2" not in message
        assert len(refusing.asked) == (6 if (who, how) == ("API", "broken") else 1), "only what may pass is tried again"


def test_a_password_of_the_proxy_goes_there(authority, through, asking, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:p%40ss@127.0.0.1:{through.port}")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.path))
    with api(authority.issue()) as server:
        assert asking("API", server.port) == ""
    assert through.asked == [(f"{HOST}:{server.port}", "Basic bWU6cEBzcw==")]


def test_a_proxy_through_which_nothing_comes_back_is_named(asking, monkeypatch):
    with proxy(breaks_off=True) as breaking:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{breaking.port}")
        assert f"through the proxy http://127.0.0.1:{breaking.port})" in asking("revocation", 443)


def test_a_proxy_that_speaks_http_where_https_is_said(asking, monkeypatch):
    with proxy() as plain:
        monkeypatch.setenv("HTTPS_PROXY", f"https://127.0.0.1:{plain.port}")
        message = asking("revocation", 443)
    assert f"the proxy https://127.0.0.1:{plain.port} speaks http" in message
    assert "Set HTTPS_PROXY=http://host:port" in message


def test_an_https_proxy_is_held_to_the_same_certificates(authority, asking, monkeypatch):
    with proxy(certificate=authority.issue("localhost")) as encrypted, api(authority.issue()) as server:
        monkeypatch.setenv("HTTPS_PROXY", f"https://localhost:{encrypted.port}")
        message = asking("API", server.port)
        assert f"the certificate of the proxy https://localhost:{encrypted.port} comes from an authority" in message
        system_context.cache_clear()
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
        assert asking("API", server.port) == ""
    assert len(server.asked) == 1


def test_all_proxy_is_named_too(asking, monkeypatch):
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{dead_port()}")
    assert "which ALL_PROXY names" in asking("issuer", 443)


def test_a_name_that_nobody_knows_is_said_without_a_proxy(asking):
    assert f"{HOST}:443 does not answer (its name was not found)" in asking("issuer", 443)


# Every error is one of ours -------------------------------------------------------------------------------------------

RAW = [
    OSError("Could not find a suitable TLS CA certificate bundle, invalid path: /nowhere"),
    ssl.SSLError(1, "[SSL] odd"),
    socket.gaierror(-2, "Name or service not known"),
    ConnectionResetError(104, "Connection reset by peer"),
    TimeoutError("timed out"),
    UnicodeError("label empty or too long"),
    UnicodeEncodeError("latin-1", "ä", 0, 1, "ordinal not in range"),
    ValueError("odd"),
    http.client.IncompleteRead(b"x"),
    http.client.BadStatusLine("x"),
    urllib3.exceptions.LocationParseError("x"),
    urllib3.exceptions.ProxySchemeUnknown("proxyhost"),
    urllib3.exceptions.ProtocolError("x"),
    urllib3.exceptions.ClosedPoolError(None, "x"),
    requests.exceptions.InvalidProxyURL("x"),
    requests.exceptions.InvalidSchema("x"),
    requests.exceptions.InvalidHeader("x"),
    requests.exceptions.RetryError("x"),
    requests.exceptions.StreamConsumedError("x"),
]


@EVERYBODY
@pytest.mark.parametrize("error", RAW, ids=lambda error: type(error).__name__)
def test_every_error_of_the_libraries_becomes_one_of_ours(asking, monkeypatch, who, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", fail)
    assert re.search(f"{HOST}.*(does not answer|cannot be reached)", asking(who, 443))


@pytest.mark.parametrize(
    "address", ["https://*.example/", "https://" + "a" * 70 + ".example/", "https://.example/", "https://a..example/"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_address_to_which_nothing_can_be_sent(address, method):
    with Session() as session, pytest.raises(Unanswered) as caught:
        session.request(method, address, timeout=5)
    assert not caught.value.sent
