"""Service: where settings lead, what an issuer's metadata may say, and that it comes back from the vault unchanged."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from psauth import Settings
from psauth.auth.discovery import service_for_oauth
from psauth.auth.session import Session
from psauth.exceptions import ServiceUnavailable, SettingsError
from psauth.vault.service import Service

ISSUER = "https://login.example"
RFC_8414 = f"{ISSUER}/.well-known/oauth-authorization-server"
OPENID = f"{ISSUER}/.well-known/openid-configuration"
METADATA = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/authorize",
    "token_endpoint": f"{ISSUER}/token",
    "revocation_endpoint": f"{ISSUER}/revoke",
    "authorization_response_iss_parameter_supported": True,
}


@pytest.fixture
def found():
    """Settings that leave everything to the issuer."""
    return Settings(client_id="analyst", issuer=ISSUER)


def test_without_addresses_those_of_process_street_apply():
    service = service_for_oauth(Settings(client_id="analyst"))
    assert service.authorize_url == "https://app.process.st/oauth/authorize"
    assert service.token_url == "https://app.process.st/oauth/token"
    assert service.api_url == "https://api.process.st/v1"
    assert (service.revoke_url, service.issuer, service.scope) == ("", "", "read,write")
    assert Service.for_api_key(Settings(api_key="k")).api_url == "https://public-api.process.st/api/v1.1"


def test_configured_addresses_are_taken_as_they_stand(settings, service, requests_mock):
    for name in ("authorize_url", "token_url", "revoke_url", "api_url", "client_id", "client_secret", "token_auth"):
        assert getattr(service, name) == getattr(settings, name)
    assert Service.for_api_key(settings).api_url == settings.api_url
    assert not requests_mock.called


def test_an_api_key_connection_remembers_nothing_of_the_oauth_client(settings):
    assert Service.for_api_key(settings) == Service(api_url=settings.api_url)


@pytest.mark.parametrize("given", [{}, {"client_secret": "s"}])
def test_without_a_client_there_is_no_oauth(given):
    with pytest.raises(SettingsError, match="PSAUTH_CLIENT_ID is missing"):
        service_for_oauth(Settings(**given))


def test_the_issuers_metadata_name_the_addresses(found, requests_mock):
    requests_mock.get(RFC_8414, json=METADATA)
    service = service_for_oauth(found)
    assert (service.authorize_url, service.token_url, service.revoke_url) == (
        f"{ISSUER}/authorize",
        f"{ISSUER}/token",
        f"{ISSUER}/revoke",
    )
    assert service.iss_required
    assert requests_mock.call_count == 1


def test_openids_well_known_path_is_asked_second(found, requests_mock):
    requests_mock.get(RFC_8414, status_code=404)
    requests_mock.get(OPENID, json={**METADATA, "authorization_response_iss_parameter_supported": False})
    service = service_for_oauth(found)
    assert service.token_url == f"{ISSUER}/token"
    assert not service.iss_required


def test_an_issuer_with_a_path_is_asked_where_each_standard_says(requests_mock):
    issuer = f"{ISSUER}/tenant"
    requests_mock.get(f"{ISSUER}/.well-known/oauth-authorization-server/tenant", text="<html>", status_code=200)
    requests_mock.get(f"{issuer}/.well-known/openid-configuration", json={**METADATA, "issuer": issuer})
    assert service_for_oauth(Settings(client_id="a", issuer=issuer)).authorize_url == f"{ISSUER}/authorize"


def test_what_is_configured_wins_over_what_is_published(requests_mock):
    requests_mock.get(RFC_8414, json=METADATA)
    service = service_for_oauth(Settings(client_id="a", issuer=ISSUER, token_url="https://other.example/token"))
    assert service.token_url == "https://other.example/token"
    assert service.authorize_url == f"{ISSUER}/authorize"


def test_an_issuer_is_not_asked_when_every_address_is_configured(settings, requests_mock):
    assert service_for_oauth(settings.with_(issuer=ISSUER)).token_url == settings.token_url
    assert not requests_mock.called


def test_metadata_without_revocation_leave_it_out(found, requests_mock):
    requests_mock.get(RFC_8414, json={k: v for k, v in METADATA.items() if k != "revocation_endpoint"})
    assert service_for_oauth(found).revoke_url == ""


@pytest.mark.parametrize("named", ["https://evil.example", ISSUER + "/", ISSUER.upper(), None, ["x"]])
def test_metadata_of_another_issuer_are_not_used(found, requests_mock, named):
    requests_mock.get(RFC_8414, json={**METADATA, "issuer": named})
    requests_mock.get(OPENID, json=METADATA)
    with pytest.raises(SettingsError, match="belongs to issuer"):
        service_for_oauth(found)


@pytest.mark.parametrize("answer", ['["a list"]', '"text"', "7", "null"])
def test_metadata_that_are_no_object_are_not_used(found, requests_mock, answer):
    requests_mock.get(RFC_8414, text=answer)
    requests_mock.get(OPENID, text=answer)
    with pytest.raises(SettingsError, match="No authorization server metadata found.*JSON that is no object"):
        service_for_oauth(found)


@pytest.mark.parametrize("endpoint", ["authorization_endpoint", "token_endpoint", "revocation_endpoint"])
@pytest.mark.parametrize("address", ["http://login.example/x", "ftp://login.example/x", "//evil.example", 7, {"a": 1}])
def test_an_address_in_the_metadata_must_be_https_or_loopback(found, requests_mock, endpoint, address):
    requests_mock.get(RFC_8414, json={**METADATA, endpoint: address})
    with pytest.raises(SettingsError):
        service_for_oauth(found)


ENDPOINTS = {"authorization_endpoint": "AUTHORIZE", "token_endpoint": "TOKEN", "revocation_endpoint": "REVOKE"}
HERE = ["localhost", "LOCALHOST", "localhost.", "app.localhost", "localhost.localdomain", "127.0.0.1", "127.1", "127.8.9.10",
        "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "0.0.0.0", "0", "[::1]", "[::]",
        "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[2002:7f00:1::]"]  # fmt: skip
"""How a host may be written that is this machine."""
NEAR = [
    "10.1.2.3",
    "192.168.0.1",
    "172.16.9.9",
    "169.254.169.254",
    "[fe80::1]",
    "[fd00::1]",
    "100.64.0.1",
    "3232235521",
]
"""How a host may be written that is in a private network."""


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("host", [*HERE, *NEAR])
def test_a_remote_issuer_sends_nobody_and_nothing_to_this_machine(found, requests_mock, endpoint, host):
    for address in (f"https://{host}/x", f"https://{host}:8443/x", f"http://{host}:8123/x"):
        requests_mock.get(RFC_8414, json={**METADATA, endpoint: address})
        with pytest.raises(SettingsError, match=f"The {endpoint} in the metadata of {ISSUER}") as caught:
            service_for_oauth(found)
        assert f"set PSAUTH_{ENDPOINTS[endpoint]}_URL yourself" in str(caught.value)


@pytest.mark.parametrize("host", ["other.example", "auth.other.example:8443", "93.184.216.34", "xn--bcher-kva.example"])
def test_metadata_may_name_another_host(found, requests_mock, host):
    requests_mock.get(RFC_8414, json={**METADATA, "token_endpoint": f"https://{host}/token?tenant=a&b=%20"})
    assert service_for_oauth(found).token_url == f"https://{host}/token?tenant=a&b=%20"


@pytest.mark.parametrize(
    ("issuer", "address"),
    [
        ("http://127.0.0.1:8123", "http://127.0.0.1:9000/token"),
        ("http://localhost:8123", "http://127.0.0.1:8123/token"),
        ("http://localhost:8123", "https://10.1.2.3/token"),
        ("https://10.1.2.3", "https://10.1.2.3:8443/token"),
        ("https://10.1.2.3", "https://10.4.5.6/token"),
        ("https://10.1.2.3", "https://login.example/token"),
    ],
)
def test_an_issuer_in_the_same_place_may_name_it(requests_mock, issuer, address):
    published = {**METADATA, "issuer": issuer, "token_endpoint": address}
    requests_mock.get(f"{issuer}/.well-known/oauth-authorization-server", json=published)
    assert service_for_oauth(Settings(client_id="a", issuer=issuer)).token_url == address


def test_an_issuer_of_the_private_network_names_nothing_here(requests_mock):
    published = {**METADATA, "issuer": "https://10.1.2.3", "token_endpoint": "https://127.0.0.1/token"}
    requests_mock.get("https://10.1.2.3/.well-known/oauth-authorization-server", json=published)
    with pytest.raises(SettingsError, match="this machine or in a private network"):
        service_for_oauth(Settings(client_id="a", issuer="https://10.1.2.3"))


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize(
    "address",
    [
        f"{ISSUER}/x#fragment", "https://user@login.example/x", "https://user:pw@login.example/x", f"{ISSUER}/a b", f" {ISSUER}/x",
        f"{ISSUER}/x\n", f"{ISSUER}/\x00", f"{ISSUER}\\@evil.example/x", "https://login.example:port/x", "https://[::1/x", "https://",
        "https:///x", "https://lögin.example/x", "https://\uff11\uff12\uff17.0.0.1/x", "https://%6cocalhost/x", f"{ISSUER}/\ud83d",
        "javascript:alert(1)", "x" * 10**5, f"{ISSUER}/" + "x" * 10**5, [f"{ISSUER}/x"], {"a": 1}, True, 0, False, [], {},
    ],
    ids=lambda value: ascii(value)[:24].replace("\\", "/"),
)  # fmt: skip
def test_an_odd_address_in_the_metadata_is_refused_with_the_next_step(found, requests_mock, endpoint, address):
    requests_mock.get(RFC_8414, json={**METADATA, endpoint: address})
    with pytest.raises(SettingsError, match=f"The {endpoint} in the metadata") as caught:
        service_for_oauth(found)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 600
    assert f"set PSAUTH_{ENDPOINTS[endpoint]}_URL yourself" in str(caught.value)


@pytest.mark.parametrize("says", [True, False, None, "true", 1, []])
def test_only_a_plain_yes_promises_that_the_issuer_is_named(found, requests_mock, says):
    requests_mock.get(RFC_8414, json={**METADATA, "authorization_response_iss_parameter_supported": says})
    assert service_for_oauth(found).iss_required is (says is True)


def test_metadata_that_name_something_twice_are_not_used(found, requests_mock):
    doubled = json.dumps(METADATA)[:-1] + ', "token_endpoint": "https://evil.example/token"}'
    requests_mock.get(RFC_8414, text=doubled)
    requests_mock.get(OPENID, status_code=404)
    with pytest.raises(SettingsError, match="the same name twice"):
        service_for_oauth(found)


@pytest.mark.parametrize("endpoint", ["authorization_endpoint", "token_endpoint"])
def test_metadata_must_name_the_addresses_that_are_needed(found, requests_mock, endpoint):
    requests_mock.get(RFC_8414, json={k: v for k, v in METADATA.items() if k != endpoint})
    with pytest.raises(SettingsError, match="names no"):
        service_for_oauth(found)


def test_a_loopback_issuer_may_speak_http(requests_mock):
    issuer = "http://127.0.0.1:8123/sandbox"
    published = {**METADATA, "issuer": issuer, "token_endpoint": f"{issuer}/token"}
    requests_mock.get("http://127.0.0.1:8123/.well-known/oauth-authorization-server/sandbox", json=published)
    assert service_for_oauth(Settings(client_id="a", issuer=issuer)).token_url == f"{issuer}/token"


def test_no_metadata_anywhere_says_what_was_tried(found, requests_mock):
    requests_mock.get(RFC_8414, status_code=404)
    for text, what in {"<html>": "a web page", "[" * 100_000: "not JSON", "": "an empty answer", "OK": "text"}.items():
        requests_mock.get(OPENID, text=text)
        with pytest.raises(
            SettingsError, match=rf"authorization-server: status 404; .*openid-configuration: {what}"
        ) as caught:
            service_for_oauth(found)
        for part in (RFC_8414, OPENID, "No Process Street API answers so", "PSAUTH_ISSUER", "PSAUTH_API_KEY"):
            assert part in str(caught.value)


@pytest.mark.parametrize("error", [requests.ConnectionError, requests.ReadTimeout, requests.exceptions.SSLError])
def test_an_issuer_that_does_not_answer_is_a_matter_of_trying_later(found, requests_mock, error):
    requests_mock.get(RFC_8414, exc=error)
    with pytest.raises(ServiceUnavailable, match="login.example does not answer"):
        service_for_oauth(found)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_issuer_in_trouble_is_not_a_wrong_setting(found, requests_mock, status):
    requests_mock.get(RFC_8414, status_code=status)
    requests_mock.get(OPENID, status_code=404)
    with pytest.raises(ServiceUnavailable, match=f"status {status}.*Try again"):
        service_for_oauth(found)


@pytest.mark.parametrize("location", ["https://evil.example/metadata", "http://[::1"])
def test_discovery_follows_no_redirect_waits_finitely_and_sends_no_credential(found, requests_mock, tmp_path, location):
    (tmp_path / ".netrc").write_text("machine login.example login me password hunter2\n")
    requests_mock.get(RFC_8414, status_code=302, headers={"Location": location})
    requests_mock.get(OPENID, json=METADATA)
    service_for_oauth(found)
    assert [r.url for r in requests_mock.request_history] == [RFC_8414, OPENID]
    for request in requests_mock.request_history:
        assert request.timeout == (5.0, 20.0)
        assert "Authorization" not in request.headers


def test_json_for_the_vault_brings_the_service_back_with_its_secret_masked(service):
    again = Service.from_json(service.to_json())
    assert again == service
    for shown in (repr(again), str(again), repr(again.client_secret), repr(service.to_json()), repr(vars(again))):
        assert service.client_secret not in shown


@pytest.fixture
def proxy(monkeypatch):
    """A proxy that the environment names for everything, and the addresses it was asked for."""
    asked = []

    class Proxy(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{server.server_address[1]}")
    yield asked
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_what_goes_to_this_machine_never_goes_by_a_proxy(proxy, host):
    with Session() as session, pytest.raises(requests.ConnectionError):
        session.get(f"http://{host}:1/v1/workflows", headers={"Authorization": "Bearer access-1"}, timeout=5)
    assert proxy == []


def test_what_goes_elsewhere_takes_the_proxy_of_the_environment(proxy):
    with Session() as session:
        session.get("http://intranet.example/", timeout=5)
    assert proxy == ["http://intranet.example/"]
