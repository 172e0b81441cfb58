"""The authorization-code flow: what is granted, and every way in which it is refused."""

from __future__ import annotations

import pytest
import requests

from psauth.sandbox import SandboxServer
from tests.flow.parts import query_of
from tests.sandbox.conftest import REDIRECT, App, Clock


def test_a_consent_becomes_a_code_and_the_code_a_token_that_opens_the_api(box: SandboxServer, app: App) -> None:
    back = app.callback()
    assert back["state"] == app.state
    assert back["iss"] == box.url
    answer = app.exchange(back["code"])
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    token = answer.json()
    assert set(token) == {"access_token", "refresh_token", "token_type", "expires_in", "scope"}
    assert (token["token_type"], token["expires_in"], token["scope"]) == ("Bearer", 3600, "read write")
    assert app.works(token["access_token"])


def test_the_scope_may_be_written_with_a_comma_or_a_space(app: App) -> None:
    assert app.connect(scope="read,write")["scope"] == app.connect(scope="read write")["scope"] == "read write"
    assert app.connect(scope="read")["scope"] == "read"


def test_the_secret_may_come_as_http_basic(box: SandboxServer, app: App) -> None:
    secret = (box.client_id, box.client_secret)
    answer = app.exchange(app.code(), auth=secret, client_id=None, client_secret=None)
    assert answer.status_code == 200
    assert box.requests[-1].credential == "basic"


def test_the_public_client_needs_no_secret(box: SandboxServer, app: App) -> None:
    public = box.public_client_id
    assert app.exchange(app.code(client_id=public), client_id=public, client_secret=None).status_code == 200


def test_the_public_client_needs_pkce(box: SandboxServer, app: App) -> None:
    back = app.callback(client_id=box.public_client_id, code_challenge=None, code_challenge_method=None)
    assert back["error"] == "invalid_request"
    assert "code" not in back


def test_the_confidential_client_may_leave_pkce_out(app: App) -> None:
    code = app.code(code_challenge=None, code_challenge_method=None)
    assert app.exchange(code, code_verifier=None).status_code == 200


@pytest.mark.parametrize("method", ["plain", None, "S512"])
def test_only_s256_is_a_challenge(app: App, method: str | None) -> None:
    assert app.callback(code_challenge_method=method)["error"] == "invalid_request"


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"code": "made-up"}, 400, "invalid_grant"),
        ({"code_verifier": "x" * 60}, 400, "invalid_grant"),
        ({"code_verifier": None}, 400, "invalid_request"),
        ({"redirect_uri": "http://localhost:8501/"}, 400, "invalid_grant"),
        ({"redirect_uri": None}, 400, "invalid_grant"),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_secret": None}, 401, "invalid_client"),
        ({"client_id": "nobody"}, 400, "invalid_client"),
        ({"client_id": "psauth-sandbox-public", "client_secret": None}, 400, "invalid_grant"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": None}, 400, "unsupported_grant_type"),
    ],
)
def test_an_exchange_that_differs_from_its_request_is_refused(
    app: App, changes: dict[str, str | None], status: int, error: str
) -> None:
    code = changes.pop("code") if "code" in changes else app.code()
    answer = app.exchange(code or "", **changes)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_a_wrong_basic_secret_is_401_with_a_challenge(box: SandboxServer, app: App) -> None:
    answer = app.exchange(app.code(), auth=(box.client_id, "wrong"), client_id=None, client_secret=None)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic")


def test_a_code_lives_sixty_seconds(app: App, clock: Clock) -> None:
    code = app.code()
    clock.advance(61)
    assert app.exchange(code).json()["error"] == "invalid_grant"


def test_a_code_used_twice_ends_what_it_gave(app: App) -> None:
    code = app.code()
    token = app.exchange(code).json()
    assert app.exchange(code).json()["error"] == "invalid_grant"
    assert not app.works(token["access_token"])
    assert app.refresh(token["refresh_token"]).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("body", [b'{"grant_type":"refresh_token"}', b"\xff\xfe=\xff", b""])
def test_a_body_that_is_no_form_is_refused(box: SandboxServer, body: bytes) -> None:
    answer = requests.post(f"{box.url}/oauth/token", body, headers={"Content-Type": "application/json"}, timeout=10)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_a_parameter_that_stands_twice_is_refused(box: SandboxServer) -> None:
    form = [("grant_type", "refresh_token"), ("refresh_token", "a"), ("refresh_token", "b")]
    answer = requests.post(f"{box.url}/oauth/token", form, timeout=10)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_unreadable_basic_credentials_are_a_400_not_a_crash(box: SandboxServer) -> None:
    headers = {"Authorization": "Basic /////w=="}
    answer = requests.post(f"{box.url}/oauth/token", {"grant_type": "refresh_token"}, headers=headers, timeout=10)
    assert answer.status_code in (400, 401)


@pytest.mark.parametrize(
    "redirect",
    ["http://localhost:1/", "http://127.0.0.1:8501/callback?page=2", "http://[::1]:9000/deep/path", "http://localhost"],
)
def test_any_loopback_address_is_registered(box: SandboxServer, app: App, redirect: str) -> None:
    back = box.approve(app.url(redirect_uri=redirect))
    assert back.startswith(redirect)
    assert app.exchange(query_of(back)["code"], redirect_uri=redirect).status_code == 200


@pytest.mark.parametrize(
    "redirect",
    [
        "https://evil.example.com/",
        "http://localhost.evil.example.com/",
        "http://localhost@evil.example.com/",
        "http://localhost:8501/#fragment",
        "http://localhost:99999/",
        "javascript:alert(1)",
        "http://localhost\\@evil.example.com/",
        "http://löcalhost/",
        "",
    ],
)
def test_any_other_address_is_never_redirected_to(app: App, redirect: str) -> None:
    answer = requests.get(app.url(redirect_uri=redirect), allow_redirects=False, timeout=10)
    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert "cannot connect" in answer.text


def test_an_unknown_client_is_never_redirected(app: App) -> None:
    answer = requests.get(app.url(client_id="nobody"), allow_redirects=False, timeout=10)
    assert answer.status_code == 400
    assert "Location" not in answer.headers


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"scope": "admin"}, "invalid_scope"),
        ({"code_challenge": "short"}, "invalid_request"),
    ],
)
def test_other_errors_go_back_with_state_and_iss(
    box: SandboxServer, app: App, changes: dict[str, str | None], error: str
) -> None:
    address = box.approve(app.url(**changes))
    assert address.startswith(REDIRECT)
    back = query_of(address)
    assert (back["error"], back["state"], back["iss"]) == (error, app.state, box.url)


def test_the_metadata_says_where_everything_is(box: SandboxServer) -> None:
    for name in ("oauth-authorization-server", "openid-configuration"):
        document = requests.get(f"{box.url}/.well-known/{name}", timeout=10).json()
        assert document["issuer"] == box.url
        assert document["authorization_endpoint"] == f"{box.url}/oauth/authorize"
        assert document["token_endpoint"] == f"{box.url}/oauth/token"
        assert document["revocation_endpoint"] == f"{box.url}/oauth/revoke"
        assert document["code_challenge_methods_supported"] == ["S256"]
        assert document["authorization_response_iss_parameter_supported"] is True
        assert {"client_secret_post", "client_secret_basic", "none"} <= set(
            document["token_endpoint_auth_methods_supported"]
        )


def test_below_a_prefix_every_address_has_it() -> None:
    with SandboxServer(runs=15, prefix="/sandbox") as box:
        assert box.url.endswith("/sandbox")
        app = App(box)
        assert app.callback()["iss"] == box.url
        token = app.connect()
        assert app.works(token["access_token"])
        document = requests.get(f"{box.url}/.well-known/oauth-authorization-server", timeout=10).json()
        assert document["token_endpoint"] == f"{box.url}/oauth/token"
        assert box.requests[-1].path == "/.well-known/oauth-authorization-server"
