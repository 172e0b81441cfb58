"""What is asked, and by which machine: nothing that a request says of it is believed beyond what the server sees."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from psauth.dashboard.web.notices import notices
from tests.dashboard.web.asking import arrive, ask, named

ODD = [
    "user@localhost:8501",
    "user:password@localhost:8501",
    "@localhost:8501",
    "localhost:8501@evil.example",
    "localhost:",
    "localhost:0",
    "localhost:08501",
    "localhost:65536",
    "localhost:99999999999999999999",
    "localhost:8501a",
    "localhost:+8501",
    "localhost:-1",
    "localhost:8501:8501",
    "localhost:８５０１".encode().decode("latin-1"),
    "localhost.:8501",
    "localhost.",
    ".localhost",
    "a.localhost:8501",
    "localhost ",
    " localhost",
    "local host",
    "localhost,localhost",
    "localhost, evil.example",
    "localhost/",
    "localhost/path",
    "localhost?x",
    "localhost#x",
    "localhost\\@evil.example",
    "http://localhost:8501",
    "127.1:8501",
    "2130706433",
    "0x7f.1",
    "127.0.0.1.:8501",
    "127.0.0.1.evil.example",
    "0.0.0.0:8501",
    "::1",
    "[::1",
    "::1]",
    "[::1]x",
    "[::ffff:127.0.0.1]:8501",
    "[::1%25eth0]:8501",
    "",
    "\t",
    "localhost%00",
    "localhost%2eevil.example",
]


@pytest.mark.parametrize("host", ODD)
def test_an_odd_host_does_not_come_in(host: str) -> None:
    for path in ("/", "/connect", "/?code=a&state=b", "/psauth-app", "/_stcore/health", "/sandbox/v1/workflows"):
        assert ask(path, host=host).status == 403, path
    assert ask("/_stcore/stream", kind="websocket", host=host).type == "websocket.close"


def test_no_host_and_two_hosts_do_not_come_in() -> None:
    assert ask(without=("host",)).status == 403
    assert ask(lines=[("host", "localhost:8501")]).status == 403
    assert ask(lines=[("host", "evil.example")]).status == 403


@pytest.mark.parametrize("path", ["http://evil.example/", "http://localhost:8501/", "*", "", "evil.example:443"])
def test_a_whole_address_in_the_place_of_a_path_does_not_come_in(path: str) -> None:
    assert ask(path).status == 403


@pytest.mark.parametrize("end", ["client", "server"])
@pytest.mark.parametrize("address", ["192.168.1.5", "2001:db8::1", "0.0.0.0"])
def test_both_ends_of_the_connection_are_this_machine(end: str, address: str) -> None:
    assert ask(**{end: (address, 8501)}).status == 403


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_what_a_proxy_says_of_the_scheme_is_not_believed(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`scheme` is what the server has made of the header, for any program of this machine."""
    for said in ("https", "http", "wss", "x"):
        answer = ask("/connect", cookie="s", scheme=scheme, extra={"x-forwarded-proto": said})
        target = urlsplit(answer.headers["location"])
        assert (target.scheme, target.netloc) == ("http", "localhost:8501")
        assert dict(parse_qsl(target.query))["redirect_uri"] == "http://localhost:8501/"


def test_nothing_that_a_proxy_says_reaches_the_pages() -> None:
    extra = {
        "x-forwarded-host": "localhost:3000",
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-proto": "https",
        "x-forwarded-port": "443",
        "x-forwarded-prefix": "/x",
        "x-real-ip": "127.0.0.1",
        "forwarded": "host=localhost:3000;proto=https",
    }
    answer = ask(extra=extra)
    assert answer.status == 200
    assert not extra.keys() & answer.seen.keys()
    assert answer.seen["host"] == "localhost:8501"


# Settings and vaults that cannot be used ------------------------------------------------------------------------------


@pytest.fixture(
    params=["a false setting", "a damaged vault", "a home that is a file", "no folder at all", "a wrong key"]
)
def broken(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """What a person may have made of the settings, the vault or its folder."""
    home = tmp_path / "home"
    if request.param == "a false setting":
        (tmp_path / ".env").write_text("PSAUTH_API_URL=nonsense-value\n")
    elif request.param == "a damaged vault":
        home.mkdir()
        (home / "vault.db").write_bytes(b"no database " * 1000)
    elif request.param == "a home that is a file":
        home.write_text("")
    elif request.param == "no folder at all":
        monkeypatch.setenv("PSAUTH_HOME", "/proc/nobody/home")
    else:
        monkeypatch.setenv("PSAUTH_SECRET_KEY", "too short")
    return str(request.param)


@pytest.mark.parametrize("path", ["/connect", "/?code=a&state=b", "/cb?error=access_denied&state=b"])
def test_whatever_is_broken_connecting_and_the_callback_lead_to_a_page(broken: str, path: str) -> None:
    arrive(ask(path, cookie="broken"), cookie="broken")
    notice = notices.take(named("broken"))
    assert notice is not None
    assert not notice.connected


def test_whatever_is_broken_the_mark_of_the_app_and_its_sandbox_answer(broken: str) -> None:
    mark = ask("/psauth-app", started=False, said={}, accept="*/*")
    assert mark.status in (200, 503)  # a wrong key is found out when it is used
    assert '"app":"psauth"' in mark.text
    page, answer = (
        ask("/sandbox/oauth/authorize?x=1"),
        ask("/sandbox/v1/workflows", started=False, said={}, accept="*/*"),
    )
    assert page.status in (200, 400, 503)
    assert answer.status in (401, 503)
    if page.status == 503:
        assert "<h1>The sandbox cannot begin</h1>" in page.text
        assert "nonsense-value" not in answer.text
        assert '"errorCode"' in answer.text


def test_whatever_is_broken_a_login_in_a_terminal_reads_why(broken: str) -> None:
    answer = ask("/?code=a&state=b", started=False)
    assert answer.status == 403
    assert "<h1>" in answer.text
