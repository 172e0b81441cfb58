"""Which page asks: this app's own and the person are heard, another site is not. Asked as ASGI, the way a server asks."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psauth.dashboard.web.start import this_start
from psauth.settings import Settings
from tests.dashboard.web.asking import LED, ask

CHANGING = ["POST", "PUT", "PATCH", "DELETE", "PROPFIND"]
FOREIGN = [
    "http://localhost:9999",
    "http://localhost",
    "https://localhost:8501",
    "http://127.0.0.1:8501",
    "http://[::1]:8501",
    "http://0.0.0.0:8501",
    "https://evil.example",
    "http://localhost:8501.evil.example",
    "http://localhost:8501@evil.example",
    "http://user@localhost:8501",
    "http://localhost:8501/",
    "http://localhost:8501 ",
    "http://localhost:08501",
    "http://localhost.:8501",
    "HTTP://LOCALHOST:8501/x",
    "localhost:8501",
    "//localhost:8501",
    "null",
    "",
    "file://",
    "http://localhost:8501, http://localhost:8501",
    "http://localhost:８５０１".encode().decode("latin-1"),
]
LOADED = {"sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"}
FRAMED = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"}
LINKED = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
OTHER_SITES = ["same-site", "cross-site", "Same-Origin", "same-origin ", "", "odd"]


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_websocket_of_another_origin_is_closed_before_it_opens(origin: str) -> None:
    assert ask("/_stcore/stream", kind="websocket", extra={"origin": origin}).type == "websocket.close"


def test_a_websocket_without_an_origin_or_with_two_is_closed() -> None:
    none = ask("/_stcore/stream", kind="websocket", without=("origin",))
    two = ask("/_stcore/stream", kind="websocket", lines=[("origin", "http://localhost:8501")])
    assert {none.type, two.type} == {"websocket.close"}


@pytest.mark.parametrize(
    ("host", "origin", "scheme"),
    [
        ("localhost:8501", "http://localhost:8501", "ws"),
        ("LOCALHOST:8501", "http://localhost:8501", "ws"),
        ("127.0.0.1:8501", "http://127.0.0.1:8501", "ws"),
        ("[::1]:8501", "http://[::1]:8501", "ws"),
        ("localhost", "http://localhost", "ws"),
        ("localhost:80", "http://localhost", "ws"),
        ("localhost", "http://localhost:80", "ws"),
        ("localhost", "https://localhost:443", "wss"),
        ("localhost:8501", "https://localhost:8501", "wss"),
    ],
)
def test_the_apps_own_page_opens_its_websocket_and_streamlit_finds_the_origin_it_knows(
    host: str, origin: str, scheme: str
) -> None:
    answer = ask("/_stcore/stream", kind="websocket", host=host, extra={"origin": origin}, scheme=scheme)
    assert answer.type == "websocket.accept"
    assert answer.seen["origin"] == f"{'https' if scheme == 'wss' else 'http'}://{host}"


@pytest.mark.parametrize("method", CHANGING)
@pytest.mark.parametrize("origin", FOREIGN)
def test_what_changes_something_is_refused_from_another_origin(method: str, origin: str) -> None:
    for path in ("/_stcore/upload_file/a/b", "/sandbox/oauth/authorize", "/component/x"):
        for said in ({}, {"sec-fetch-site": "same-site"}, LED):
            assert ask(path, method=method, said=said, extra={"origin": origin}).status == 403


@pytest.mark.parametrize("method", CHANGING)
def test_what_changes_something_needs_an_origin_where_a_browser_asks(method: str) -> None:
    path = "/_stcore/upload_file/a/b"
    assert ask(path, method=method, said={"sec-fetch-mode": "cors"}).status == 403
    assert ask(path, method=method, said=LED).status == 403
    two = [("origin", "http://localhost:8501")]
    assert ask(path, method=method, said={}, extra={"origin": "http://localhost:8501"}, lines=two).status == 403
    assert ask(path, method=method, said={}).text == "a page", "a program that is no browser"
    own = ask(path, method=method, said=LED, extra={"origin": "http://localhost:8501"})
    assert own.text == "a page"
    assert "origin" not in own.seen, "Streamlit would look up this machine's address on the internet for [::1]"


def test_programs_post_to_the_sandbox_without_an_origin_and_without_a_cookie() -> None:
    answer = ask("/sandbox/oauth/token", method="POST", said={}, started=False, accept="application/json")
    assert answer.status in (400, 401)
    assert "invalid" in answer.text


@pytest.mark.parametrize("site", OTHER_SITES)
@pytest.mark.parametrize(
    "path", ["/", "/connect", "/_stcore/host-config", "/media/abc.csv", "/?code=a&state=b", "/runs"]
)
def test_another_site_loads_nothing(site: str, path: str) -> None:
    for said in (LOADED, FRAMED, {"sec-fetch-mode": "cors", "sec-fetch-dest": "empty"}, {}):
        assert ask(path, cookie="b", said={"sec-fetch-site": site, **said}).status == 403
    assert Settings(env_file=None).home_path.exists() is False, "nothing was looked up, begun or stored"


@pytest.mark.parametrize("site", ["same-site", "cross-site"])
def test_another_site_may_lead_a_person_to_a_page_and_back_with_the_callback(site: str) -> None:
    said = {"sec-fetch-site": site, **LINKED}
    assert ask("/runs", said=said).text == "a page"
    assert ask("/?code=a&state=b", cookie="c", said=said).status == 303
    for path in ("/media/abc.csv", "/_stcore/host-config", "/_stcore/metrics", "/static/x.js"):
        assert ask(path, said=said).status == 403


def test_a_callback_comes_in_whatever_origin_the_way_there_has_left() -> None:
    said = {"sec-fetch-site": "cross-site", **LINKED}
    assert ask("/?code=a&state=b", cookie="c", said=said, extra={"origin": "null"}).status == 303


@pytest.mark.parametrize(
    "ahead",
    [
        {"sec-purpose": "prefetch"},
        {"sec-purpose": "prefetch;prerender"},
        {"purpose": "prefetch"},
        {"x-moz": "prefetch"},
        {"purpose": "preview"},
    ],
)
def test_nothing_is_begun_or_finished_ahead_of_time(ahead: dict[str, str]) -> None:
    for path in ("/connect", "/?code=a&state=b", f"/?token={this_start().token}"):
        answer = ask(path, cookie="b", extra=ahead)
        assert (answer.status, answer.cookies) == (403, [])
    assert not Settings(env_file=None).home_path.exists()


@pytest.mark.parametrize(
    "said",
    [
        LED,
        {**LED, "sec-fetch-site": "none"},
        {"referer": "http://localhost:8501/"},
        {"referer": "http://localhost:8501/runs?x=1"},
        {"referer": "http://localhost:8501"},
        {"origin": "http://localhost:8501"},
        {},
    ],
    ids=str,
)
def test_connect_begins_where_the_person_presses_it(said: dict[str, str]) -> None:
    assert ask("/connect", cookie="b", said=said).status == 302


@pytest.mark.parametrize(
    "said",
    [
        {**LED, "sec-fetch-site": "same-site"},
        {**LED, "sec-fetch-site": "cross-site"},
        {**LED, "sec-fetch-dest": "iframe"},
        {**LED, "sec-fetch-dest": "object"},
        {**LED, "sec-fetch-mode": "no-cors"},
        {"sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
        {"referer": "http://localhost:9999/"},
        {"referer": "http://localhost:85010/"},
        {"referer": "http://localhost:8501@evil.example/"},
        {"referer": "http://localhost:8501.evil.example/"},
        {"referer": "https://localhost:8501/"},
        {"referer": ""},
        {"origin": "null"},
        {"origin": "http://localhost:9999"},
        {"origin": "http://localhost:9999", "referer": "http://localhost:8501/"},
    ],
    ids=str,
)
def test_connect_does_not_begin_for_another_page(said: dict[str, str]) -> None:
    answer = ask("/connect", cookie="b", said=said)
    assert answer.status == 403
    assert "location" not in answer.headers
    assert not Settings(env_file=None).home_path.exists(), "nothing is pending"


def test_connect_without_a_word_of_who_asks_needs_both_cookies() -> None:
    assert ask("/connect", said={}).status == 403
    assert ask("/connect", said={}, cookie="b", started=False).status == 403
    assert ask("/connect", said={}, cookie="b", accept="image/png,*/*").status == 302, "a page by its path, as before"


def test_the_page_says_where_connect_is_pressed() -> None:
    text = ask("/connect", cookie="b", said={**LED, "sec-fetch-site": "same-site"}).text
    assert "Connect begins in the app" in text
    assert '<a href="/">' in text


@pytest.mark.parametrize("path", ["/connect", "/?code=a&state=b", "/", "/psauth-app", "/sandbox/oauth/authorize?x=1"])
def test_a_head_does_nothing(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PSAUTH_API_KEY", "key-Rt55-abcdef")
    monkeypatch.setenv("PSAUTH_API_URL", "http://localhost:1/v1")
    for said in (LED, {}):
        answer = ask(path, method="HEAD", cookie="b", said=said)
        assert (answer.status, answer.text) == (200, "")
    assert not Settings(env_file=None).home_path.exists()


def test_a_head_with_the_token_lets_nobody_in() -> None:
    answer = ask(f"/?token={this_start().token}", method="HEAD", started=False)
    assert (answer.status, answer.cookies) == (403, [])


@pytest.mark.parametrize(
    "path", ["/_stcore/agent/interact", "/_stcore/agent/mcp", "/_stcore/agent", "/_stcore/agent/x"]
)
def test_streamlits_interface_for_programs_is_off_whatever_its_option_says(path: str) -> None:
    for method in ("GET", "POST", "OPTIONS"):
        assert ask(path, method=method, said={}).status == 404


def test_the_options_of_streamlit_are_pinned() -> None:
    import tomllib

    from psauth.cli.commands import PINNED

    server = tomllib.loads((Path(__file__).parents[3] / ".streamlit" / "config.toml").read_text())["server"]
    assert server["enableAgentApi"] is False
    assert "cookieSecret" not in server
    pinned = [option.removeprefix("--server.").split("=") for option in PINNED]
    assert [value for name, value in pinned if name == "allowedHosts"] == server["allowedHosts"]
    assert all(str(server[name]).lower() == value for name, value in pinned if name != "allowedHosts")


def test_every_answer_may_be_read_by_the_apps_own_pages_only() -> None:
    for answer in (ask(), ask("/media/x"), ask(started=False), ask("/sandbox/", started=False)):
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"


ADDRESSES = st.one_of(
    st.sampled_from(FOREIGN),
    st.builds("{}://{}{}".format, st.sampled_from(["http", "https", "ws"]), st.text(max_size=20), st.text(max_size=10)),
    st.text(max_size=40),
)


@given(origin=ADDRESSES, method=st.sampled_from(["POST", "DELETE"]))
def test_no_origin_that_can_be_written_comes_in_but_the_apps_own(origin: str, method: str) -> None:
    written = origin.encode("utf-8", "replace").decode("latin-1")
    if written.lower() == "http://localhost:8501":
        return
    assert ask("/x", method=method, said={}, extra={"origin": written}).status == 403
    assert ask("/x", kind="websocket", extra={"origin": written}).type == "websocket.close"
