"""Who comes in, and what every page carries; asked as ASGI, the way a server asks."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest

import psauth
from psauth.dashboard.web.guard import SECURITY_HEADERS
from psauth.dashboard.web.notices import CONNECTED, notices
from psauth.dashboard.web.start import this_start
from psauth.settings import Settings
from psauth.vault.vault import Vault
from tests.dashboard.web.asking import LED, arrive, ask, named


@pytest.mark.parametrize("host", ["localhost:8501", "127.0.0.1:8501", "[::1]:8501", "LOCALHOST"])
def test_this_machine_comes_in_by_each_of_its_names(host: str) -> None:
    assert ask(host=host).status == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8501", "localhost.evil.example", "192.168.1.5:8501", "", "[::1"]
)
def test_a_name_that_only_resolves_to_this_machine_does_not(host: str) -> None:
    answer = ask(host=host)
    assert answer.status == 403
    assert "Only on this machine" in answer.text


@pytest.mark.parametrize("peer", ["192.168.1.9", "10.0.0.4", "2001:db8::1"])
def test_another_machine_does_not_come_in(peer: str) -> None:
    assert ask(peer=peer).status == 403
    assert ask("/connect", peer=peer).status == 403
    assert ask("/sandbox/v1/workflows", peer=peer).status == 403


FORWARDED = [
    {"x-forwarded-host": "x-8501.app.github.dev"},
    {"x-forwarded-host": "localhost:8501, evil.example"},
    {"X-FORWARDED-HOST": "8501-ada-psauth.gitpod.io"},
    {"x-forwarded-host": "localhost.evil.example"},
    {"x-forwarded-host": "[::1"},
    {"forwarded": "for=203.0.113.9;host=x-8501.app.github.dev;proto=https"},
    {"forwarded": 'for="[2001:db8::1]:4711"'},
    {"forwarded": 'host=localhost, Host="hub.example:443"'},
    {"forwarded": "for=unknown"},
    {"x-forwarded-for": "203.0.113.9"},
    {"x-forwarded-for": "127.0.0.1, 2001:db8::1"},
    {"x-original-host": "x.example"},
    {"x-real-ip": "10.0.0.7"},
]


@pytest.mark.parametrize("extra", FORWARDED, ids=lambda extra: str(*extra.items()))
def test_what_a_proxy_forwards_from_elsewhere_does_not_come_in_by_a_local_name(extra: dict[str, str]) -> None:
    for path in ("/", "/connect", "/?code=a&state=b", "/sandbox/v1/workflows", "/psauth-app"):
        answer = ask(path, extra={name.lower(): value for name, value in extra.items()})
        assert answer.status == 403, path
    assert "Only on this machine" in answer.text
    closed = ask("/_stcore/stream", kind="websocket", extra={name.lower(): value for name, value in extra.items()})
    assert closed.type == "websocket.close"


@pytest.mark.parametrize(
    "extra",
    [
        {"x-forwarded-host": "localhost:3000"},
        {"x-forwarded-host": ""},
        {"x-forwarded-for": "127.0.0.1, ::1"},
        {"x-forwarded-for": "[::1]:4711"},
        {"forwarded": 'for="[::1]:4711";host=localhost:8501;proto=http;by=203.0.113.43'},
        {"x-forwarded-proto": "https"},
        {"x-real-ip": "127.0.0.1"},
    ],
)
def test_what_a_proxy_on_this_machine_forwards_from_this_machine_comes_in(extra: dict[str, str]) -> None:
    assert ask(extra=extra).status == 200


@pytest.mark.parametrize("host", ["x-8501.app.github.dev", "8501-ada-psauth.gitpod.io", "hub.example:443"])
def test_who_comes_by_a_forwarded_name_reads_the_way_out(host: str) -> None:
    for answer in (ask(host=host), ask(extra={"x-forwarded-host": host})):
        assert answer.status == 403
        assert "forwarded to it" in answer.text
        assert "ssh -L 8501:localhost:8501" in answer.text
        assert "psauth login --paste" in answer.text
        assert host not in answer.text


def test_the_way_out_names_the_port_of_this_app() -> None:
    from streamlit import config

    before = config.get_option("server.port")
    config.set_option("server.port", 8511)
    try:
        assert "ssh -L 8511:localhost:8511" in ask(host="x-8511.app.github.dev").text
    finally:
        config.set_option("server.port", before)


def test_a_websocket_from_elsewhere_is_closed_before_it_opens() -> None:
    assert ask("/_stcore/stream", kind="websocket", host="evil.example").type == "websocket.close"


@pytest.mark.parametrize("address", [None, "0.0.0.0", "192.168.1.5", "example.com"])
def test_a_server_on_another_address_serves_nobody(address: str | None) -> None:
    from streamlit import config

    config.set_option("server.address", address)
    assert ask().status == 403


def test_every_answer_carries_the_security_headers() -> None:
    headers = ask().headers
    assert {name.lower(): value for name, value in SECURITY_HEADERS.items()}.items() <= headers.items()


def test_a_new_browser_gets_a_name_of_256_bits_that_scripts_cannot_read() -> None:
    cookie = ask().headers["set-cookie"]
    name, value = cookie.split(";")[0].split("=")
    assert name == "psauth-browser-8501"
    assert len(value) >= 43
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_a_known_browser_keeps_its_name_and_scripts_do_not_get_one() -> None:
    assert "set-cookie" not in ask(cookie="known").headers
    assert "set-cookie" not in ask("/static/x.js", accept="*/*", extra={"sec-fetch-mode": "no-cors"}).headers


def test_connect_leads_to_the_sandbox_when_nothing_is_configured() -> None:
    answer = ask("/connect", cookie="browser-1")
    assert answer.status == 302
    target = urlsplit(answer.headers["location"])
    assert f"{target.scheme}://{target.netloc}{target.path}" == "http://localhost:8501/sandbox/oauth/authorize"
    query = dict(parse_qsl(target.query))
    assert query["redirect_uri"] == "http://localhost:8501/"
    assert query["code_challenge_method"] == "S256"
    pending = Vault.open(Settings(env_file=None)).pending(query["state"])
    assert pending is not None
    assert pending.belongs_to(named("browser-1"))
    assert not pending.belongs_to(named("browser-2"))
    assert not pending.belongs_to(None)


def test_connect_leads_to_the_configured_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PSAUTH_CLIENT_ID", "analyst")
    answer = ask("/connect", cookie="b")
    assert answer.headers["location"].startswith("https://app.process.st/oauth/authorize?")


def test_connect_by_another_name_goes_to_the_redirect_uris_name_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PSAUTH_CLIENT_ID", "analyst")
    answer = ask("/connect?return_to=/connection", host="127.0.0.1:8501", cookie="b")
    there = answer.headers["location"]
    assert there == f"http://localhost:8501/connect?return_to=%2Fconnection&token={this_start().token}"
    # The way there counts as another site's, and there is no cookie of that name yet: the token speaks for both.
    led = ask(there.removeprefix("http://localhost:8501"), started=False, said=LED | {"sec-fetch-site": "cross-site"})
    assert led.headers["location"].startswith("https://app.process.st/oauth/authorize?")
    assert any(line.startswith(f"psauth-start-8501={this_start().cookie};") for line in led.cookies)


@pytest.mark.parametrize("configured", ["http://127.0.0.1/cb", "http://localhost/cb"])
def test_a_bare_loopback_redirect_uri_gets_this_apps_port_and_keeps_its_name(
    configured: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PSAUTH_CLIENT_ID", "analyst")
    monkeypatch.setenv("PSAUTH_REDIRECT_URI", configured)
    host = urlsplit(configured).hostname or ""
    answer = ask("/connect", host=f"{host}:8505")
    assert dict(parse_qsl(urlsplit(answer.headers["location"]).query))["redirect_uri"] == f"http://{host}:8505/cb"
    other = {"127.0.0.1": "localhost", "localhost": "127.0.0.1"}[host]
    there = ask("/connect", host=f"{other}:8505").headers["location"]
    assert there == f"http://{host}:8505/connect?token={this_start().token}"


def test_an_answer_that_would_come_back_to_another_port_is_said_beforehand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PSAUTH_CLIENT_ID", "analyst")
    answer = arrive(ask("/connect", host="localhost:8502", cookie="p"), host="localhost:8502", cookie="p")
    assert (answer.status, answer.headers["location"]) == (303, "/")
    notice = notices.take(named("p"))
    assert notice is not None
    assert "PSAUTH_REDIRECT_URI" in notice.text


@pytest.mark.parametrize(
    "path", ["https://evil.example", "//evil.example", "/\\evil.example", "/%0d%0aSet-Cookie:a=b", "/a b"]
)
def test_connect_never_returns_to_another_host(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PSAUTH_CLIENT_SECRET", "half")
    answer = arrive(ask(f"/connect?return_to={path}", cookie="b"), cookie="b")
    assert (answer.status, answer.headers["location"]) == (303, "/")
    notices.take(named("b"))


def test_an_api_key_is_tried_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    with psauth.Sandbox(runs=5) as box:
        monkeypatch.setenv("PSAUTH_API_KEY", box.api_key)
        monkeypatch.setenv("PSAUTH_API_URL", box.api_url)
        answer = arrive(ask("/connect?return_to=/connection", cookie="k"), cookie="k")
        assert (answer.status, answer.headers["location"]) == (303, "/connection")
        assert notices.take(named("k")) == CONNECTED
        assert Vault.open(Settings(env_file=None)).read().connection.kind == "api_key"


@pytest.mark.parametrize("path", ["/", "/callback", "/some/deep/path", "/connect/callback", "/connected"])
def test_a_callback_is_taken_off_any_path_and_the_address_is_clean_afterwards(path: str) -> None:
    answer = arrive(ask(f"{path}?code=abc&state=unknown", cookie="c"), cookie="c")
    assert (answer.status, answer.headers["location"]) == (303, "/")
    notice = notices.take(named("c"))
    assert notice is not None
    assert notice.title == "This answer is not ours"
    assert notices.take(named("c")) is None  # told once


def test_what_is_no_callback_is_left_alone() -> None:
    assert ask("/?page=2").text == "a page"
    assert ask("/_stcore/health?state=x").text == "a page"


def test_other_requests_are_told_that_this_is_the_app() -> None:
    assert '"app":"psauth"' in ask("/psauth-app").text


def test_whatever_breaks_while_connecting_is_a_calm_page_and_never_a_bare_500(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def break_down(*_: object, **__: object) -> None:
        raise OSError("token-secret-77")

    monkeypatch.setattr("psauth.dashboard.web.routes.Vault.open", break_down)
    for path in ("/connect", "/?code=a&state=b"):
        assert arrive(ask(path, cookie="x"), cookie="x").headers["location"] == "/"
        notice = notices.take(named("x"))
        assert notice is not None
        assert notice.title == "Something went wrong here"
        assert "token-secret-77" not in str(notice) + caplog.text


def test_connect_leads_back_to_where_an_ended_connection_was_made() -> None:
    with psauth.Sandbox(runs=5) as box:
        settings = box.settings.with_(home=Settings(env_file=None).home, secret_key=Settings(env_file=None).secret_key)
        vault = Vault.open(settings)
        flow = psauth.AuthorizationFlow(settings, vault)
        flow.finish(box.login(flow.begin()))
        vault.end(vault.read(), "the service has ended the access (invalid_grant)")
        answer = ask("/connect", host="127.0.0.1:8501", cookie="y")
        assert answer.headers["location"].startswith(box.url + "/oauth/authorize?")
        assert "redirect_uri=http%3A%2F%2F127.0.0.1%3A8501%2F" in answer.headers["location"]  # a bare one: any port


@pytest.mark.parametrize("path", ["/foo/bar", "/runs/", "/workflows/abc?x=1"])
def test_a_page_that_is_nowhere_leads_to_the_first_one(path: str) -> None:
    answer = ask(path)
    assert (answer.status, answer.headers["location"]) == (307, "/")


@pytest.mark.parametrize(
    "path", ["/", "/runs", "/connection?x=/a/b", "/_stcore/health", "/media/abc.csv", "/static/js/main.js"]
)
def test_what_is_served_is_let_through(path: str) -> None:
    assert ask(path).text == "a page"


def test_a_callback_below_a_second_slash_is_taken_and_not_led_away() -> None:
    assert ask("/oauth/callback?state=x&code=y").status == 303


def test_a_script_that_is_nowhere_is_not_led_to_a_page() -> None:
    assert ask("/foo/bar.js", accept="*/*", said={}).text == "a page"
