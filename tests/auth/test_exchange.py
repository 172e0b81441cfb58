"""The exchange of the code: the exact request, and what each answer leads to."""

import base64
from urllib.parse import urlencode

import pytest
import requests
from requests_mock import ANY

from psauth import AuthorizationFlow
from psauth.exceptions import (
    ExchangeFailed,
    StateSpent,
)
from tests.auth.wire import ANSWER, TOKEN, body


def test_the_exchange_is_exactly_this_request(flow, token_endpoint):
    flow.finish({"state": flow.begin().state, "code": "the code/+&="})
    (request,) = token_endpoint.request_history
    sent = body(token_endpoint)
    assert len(sent.pop("code_verifier")) >= 43
    assert sent == {
        "grant_type": "authorization_code",
        "code": "the code/+&=",
        "client_id": "analyst",
        "client_secret": "client-secret-7Hq2",
        "redirect_uri": "http://localhost:8501/",
    }
    assert request.method == "POST"
    assert request.url == TOKEN
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert request.headers["Accept"] == "application/json"
    assert "Authorization" not in request.headers
    assert request.timeout == (5.0, 20.0)


@pytest.mark.parametrize(
    ("token_auth", "secret", "authorization", "in_body"),
    [
        ("post", "s3cret:+ü%", None, "s3cret:+ü%"),
        ("post", "", None, None),
        ("basic", "s3cret:+ü%", "analyst%40example:s3cret%3A%2B%C3%BC%25", None),
        ("none", "s3cret", None, None),
        ("none", "", None, None),
    ],
)
def test_the_client_shows_itself_as_configured(
    settings, vault, token_endpoint, token_auth, secret, authorization, in_body
):
    custom = settings.with_(client_id="analyst@example", client_secret=secret, token_auth=token_auth)
    flow = AuthorizationFlow(custom, vault)
    flow.finish({"state": flow.begin().state, "code": "c"})
    header = token_endpoint.last_request.headers.get("Authorization")
    assert header == (authorization and "Basic " + base64.b64encode(authorization.encode()).decode())
    assert body(token_endpoint).get("client_secret") == in_body
    assert body(token_endpoint)["client_id"] == "analyst@example"


@pytest.mark.parametrize("token_auth", ["post", "none", "basic"])
def test_a_netrc_file_never_adds_credentials(settings, vault, token_endpoint, tmp_path, monkeypatch, token_auth):
    (tmp_path / "netrc").write_text("machine app.example login me password hunter2\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    flow = AuthorizationFlow(settings.with_(token_auth=token_auth), vault)
    flow.finish({"state": flow.begin().state, "code": "c"})
    header = token_endpoint.last_request.headers.get("Authorization", "")
    assert base64.b64encode(b"me:hunter2").decode() not in header
    assert bool(header) == (token_auth == "basic")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", ["https://evil.example/token", "http://[::1", "https://evil.example:port/", ""])
def test_a_redirect_of_the_token_endpoint_is_not_followed(flow, requests_mock, status, location):
    requests_mock.post(TOKEN, status_code=status, headers={"Location": location})
    requests_mock.register_uri(ANY, "https://evil.example/token", json=ANSWER)
    with pytest.raises(ExchangeFailed, match=str(status)):
        flow.finish({"state": flow.begin().state, "code": "c"})
    assert [r.hostname for r in requests_mock.request_history] == ["app.example"]


@pytest.mark.parametrize(
    "answer",
    [
        {"json": ANSWER},
        {"text": urlencode(ANSWER), "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
        {"text": urlencode(ANSWER) + "\n", "headers": {"Content-Type": "text/plain"}},
        {"json": {**ANSWER, "expires_in": "3600", "token_type": "bearer", "organization": {"id": 1}}},
    ],
    ids=["json", "form", "form as text", "json with a text number"],
)
def test_the_answer_may_be_json_or_a_form(flow, vault, requests_mock, answer):
    requests_mock.post(TOKEN, **answer)
    connection = flow.finish({"state": flow.begin().state, "code": "c"})
    token = vault.read().token
    assert (token.access_token, token.refresh_token, token.scope) == ("access-new", "refresh-new", "read write")
    assert connection.expires_at == token.expires_at is not None
    assert connection.renewable


@pytest.mark.parametrize("form", [False, True], ids=["json", "form"])
@pytest.mark.parametrize("lacking", ["expires_in", "refresh_token", "scope", "all"])
def test_the_answer_may_lack_everything_but_the_access_token(flow, vault, requests_mock, form, lacking):
    answer = {k: v for k, v in ANSWER.items() if k not in (lacking if lacking != "all" else [*ANSWER][1:])}
    requests_mock.post(TOKEN, **({"text": urlencode(answer)} if form else {"json": answer}))
    connection = flow.finish({"state": flow.begin().state, "code": "c"})
    token = vault.read().token
    assert token.access_token == "access-new"
    assert (token.expires_at is None) == ("expires_in" not in answer)
    assert token.refresh_token == answer.get("refresh_token")
    assert connection.scope == token.scope == answer.get("scope")
    assert connection.renewable == ("refresh_token" in answer)


@pytest.mark.parametrize(
    ("answer", "status", "error", "said"),
    [
        ({"status_code": 400, "json": {"error": "invalid_grant", "error_description": "too late"}}, 400, "invalid_grant",
         r"answered 400 \(invalid_grant: too late\)"),
        ({"status_code": 401, "json": {"error": "invalid_client"}}, 401, "invalid_client", "Check PSAUTH_CLIENT_ID"),
        ({"status_code": 400, "text": "error=invalid_request"}, 400, "invalid_request", "400 .invalid_request."),
        ({"json": {"error": "bad_verification_code"}}, 200, "bad_verification_code", "bad_verification_code"),
        ({"text": "error=bad_verification_code&error_description=x"}, 200, "bad_verification_code", "bad_veri"),
        ({"status_code": 503, "json": {"error": "temporarily_unavailable"}}, 503, None, "503 .temporarily_unavailable."),
        ({"status_code": 500, "text": "<html>Oops</html>"}, 500, None, "answered 500"),
        ({"status_code": 429, "text": ""}, 429, None, "answered 429"),
        ({"text": "<html><a href='x?a=b&c=d'>Sign in</a></html>"}, 200, None, "200, but there is no access_token"),
        ({"text": ""}, 200, None, "200, but there is no access_token"),
        ({"json": ["access_token"]}, 200, None, "no access_token"),
        ({"text": '{"access_token": "cut o'}, 200, None, "no access_token"),
        ({"json": {"access_token": ""}}, 200, None, "no access_token"),
        ({"json": {"access_token": {"a": 1}}}, 200, None, "no access_token"),
        ({"status_code": 204}, 204, None, "no access_token"),
        ({"text": "[" * 100_000}, 200, None, "no access_token"),
        ({"content": b"\xff\xfe\x00" * 30}, 200, None, "no access_token"),
        ({"exc": requests.ConnectTimeout}, None, None, r"does not answer \(ConnectTimeout\)"),
        ({"exc": requests.ReadTimeout}, None, None, "does not answer"),
        ({"exc": requests.exceptions.SSLError}, None, None, "does not answer"),
        ({"exc": requests.exceptions.ChunkedEncodingError}, None, None, "does not answer"),
    ],
)  # fmt: skip
def test_an_exchange_that_brings_no_token_carries_status_and_error(
    flow, vault, requests_mock, answer, status, error, said
):
    requests_mock.post(TOKEN, **answer)
    request = flow.begin()
    with pytest.raises(ExchangeFailed, match=said) as caught:
        flow.finish({"state": request.state, "code": "c"})
    assert (caught.value.status, caught.value.error) == (status, error)
    assert vault.find() is None
    assert requests_mock.call_count == 1  # a code is spent by its first use
    with pytest.raises(StateSpent):
        flow.finish({"state": request.state, "code": "c"})


@pytest.mark.parametrize("odd", [{"error": 5}, {"error": {"code": "x"}}, {"error": None}, {"error": ["invalid_grant"]}])
def test_an_error_in_an_unheard_of_form_is_no_reason_to_break(flow, requests_mock, odd):
    requests_mock.post(TOKEN, status_code=400, json=odd)
    with pytest.raises(ExchangeFailed, match="400") as caught:
        flow.finish({"state": flow.begin().state, "code": "c"})
    assert caught.value.error is None
