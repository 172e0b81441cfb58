"""Nobody waits for what the service calls a connection: it is asked behind the pages, while the browser goes on."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
from streamlit.testing.v1 import AppTest

import psauth
from psauth.connecting import store_api_key
from psauth.dashboard.web.label import AGAIN_AFTER, TRIES, Labels
from psauth.dashboard.web.notices import UNTRIED, notices
from psauth.exceptions import LoginRequired
from psauth.settings import Settings
from psauth.vault.service import Service
from psauth.vault.vault import Vault
from tests.dashboard.conftest import texts
from tests.dashboard.web.asking import Answer, arrive, ask, named
from tests.flow.parts import wait_until

pytestmark = pytest.mark.slow


class Api:
    """An API that says nothing, a 503, or its name, as long as it is told to."""

    def __init__(self) -> None:
        self.asked, self.speaks = threading.Event(), threading.Event()
        self.status = 200
        self.requests = 0
        api = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                api.requests += 1
                api.asked.set()
                api.speaks.wait(60)
                body = json.dumps({"apiKeyLabel": "Acme GmbH"}).encode()
                self.send_response(api.status)
                if api.status == 503:
                    self.send_header("Retry-After", "2")
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.speaks.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def api() -> Iterator[Api]:
    api = Api()
    yield api
    api.close()
    asking = [t for t in threading.enumerate() if t.name in ("psauth-label", "psauth-api-key")]
    for thread in asking:
        thread.join(30)
        assert not thread.is_alive()


@pytest.fixture
def vault(api: Api, box: psauth.Sandbox, monkeypatch: pytest.MonkeyPatch) -> Vault:
    """The vault of an app whose authorization server is the sandbox's, and whose API is the one above."""
    own = box.settings
    monkeypatch.setenv("PSAUTH_API_URL", api.url)
    for name in ("client_id", "client_secret", "authorize_url", "token_url", "issuer", "token_auth"):
        monkeypatch.setenv(f"PSAUTH_{name.upper()}", str(getattr(own, name)))
    monkeypatch.setenv("PSAUTH_REDIRECT_URI", "http://localhost:8501/")
    return Vault.open(Settings(env_file=None))


def log_in(box: psauth.Sandbox) -> Answer:
    """The answer to the callback."""
    back = urlsplit(box.login(ask("/connect", cookie="b").headers["location"]))
    return ask(f"{back.path}?{back.query}", cookie="b")


def label_of(vault: Vault) -> str | None:
    return vault.read().connection.label


def test_the_browser_goes_on_while_the_api_is_still_silent(api: Api, vault: Vault, box: psauth.Sandbox) -> None:
    answer = log_in(box)
    assert not api.speaks.is_set()
    assert answer.status == 303
    assert label_of(vault) is None
    assert api.asked.wait(30)
    api.speaks.set()
    wait_until(lambda: label_of(vault) == "Acme GmbH", why="the label")


def test_a_503_with_retry_after_holds_up_nobody_and_the_label_comes_later(
    api: Api, vault: Vault, box: psauth.Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("psauth.dashboard.web.label.AGAIN_AFTER", 0.0)
    api.status = 503
    assert log_in(box).status == 303
    assert api.requests <= 1, "no answer of the API was waited for"
    api.speaks.set()
    wait_until(lambda: api.requests > 1, why="a second attempt")
    api.status = 200
    wait_until(lambda: label_of(vault) == "Acme GmbH", why="the label")


def test_the_views_show_the_host_until_the_label_is_there(
    api: Api, vault: Vault, box: psauth.Sandbox, run: Callable[..., AppTest]
) -> None:
    log_in(box)
    page = run(settle=False)
    assert "127.0.0.1" in texts(page)
    assert "Acme" not in texts(page)
    api.speaks.set()
    wait_until(lambda: label_of(vault) == "Acme GmbH", why="the label")
    assert "Acme GmbH" in texts(page.run())


def test_a_key_is_stored_untried_where_the_api_is_silent(
    api: Api, vault: Vault, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("CLIENT_ID", "CLIENT_SECRET", "AUTHORIZE_URL", "TOKEN_URL", "ISSUER"):
        monkeypatch.delenv(f"PSAUTH_{name}")
    monkeypatch.setenv("PSAUTH_API_KEY", "key-Rt55-of-acme")
    answer = ask("/connect?return_to=/connection", cookie="k")
    assert not api.speaks.is_set()
    assert arrive(answer, cookie="k").headers["location"] == "/connection"
    assert label_of(vault) is None
    assert "stored untried" in caplog.text
    assert notices.take(named("k")) == UNTRIED
    api.speaks.set()
    wait_until(lambda: label_of(vault) == "Acme GmbH", why="the label")


def test_a_terminal_waits_for_a_silent_api_only_so_long(api: Api, vault: Vault) -> None:
    connection = store_api_key("key-Rt55-of-acme", Service(api_url=api.url), vault, "robot", patience=0.2)
    assert not api.speaks.is_set()
    assert (connection.kind, connection.label, connection.untried) == ("api_key", None, True)
    assert "not tried yet" in connection._repr_html_()


def test_nobody_is_told_connected_whose_key_was_not_tried(
    api: Api, vault: Vault, run: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    store_api_key("key-Rt55-of-acme", Service(api_url=api.url), vault, "default", patience=0.0)
    page = run(settle=False)
    page.session_state["psauth.notice"] = UNTRIED
    (toast,) = page.run().toast
    assert "stored, but not tried yet" in toast.value
    assert "Connected" not in toast.value


def test_a_key_that_is_refused_in_time_is_not_stored(api: Api, vault: Vault) -> None:
    api.status = 401
    api.speaks.set()
    with pytest.raises(LoginRequired):
        store_api_key("key-Rt55-of-acme", Service(api_url=api.url), vault, "robot", patience=30)
    assert vault.find("robot") is None


# Again ----------------------------------------------------------------------------------------------------------------


def test_it_is_asked_again_only_after_a_while_and_not_without_end(
    box: psauth.Sandbox, connected: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    asked: list[float] = []
    monkeypatch.setattr("psauth.dashboard.web.label.time.monotonic", lambda: now[0])
    labels = Labels()

    def fail(*_: object) -> None:
        asked.append(now[0])
        raise psauth.exceptions.ServiceUnavailable("Nobody answers.")

    monkeypatch.setattr("psauth.dashboard.web.label.open_client", fail)
    connection = connected.read().connection
    labels.again(connection, connected)
    assert asked == [], "nobody has begun to learn it"

    def settled() -> None:
        for thread in [t for t in threading.enumerate() if t.name == "psauth-label"]:
            thread.join(30)

    labels.learn(connection, connected)
    settled()
    labels.again(connection, connected)
    settled()
    assert asked == [1000.0]
    for _ in range(2 * TRIES):
        now[0] += AGAIN_AFTER
        labels.again(connection, connected)
        settled()
    assert len(asked) == TRIES


def settled_asking() -> None:
    for thread in [t for t in threading.enumerate() if t.name == "psauth-label"]:
        thread.join(30)


def test_after_a_restart_of_the_app_a_label_that_is_missing_is_learned(
    api: Api, vault: Vault, run: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("psauth.dashboard.parts.sidebar.labels", Labels())  # those of a process that has just begun
    vault.connect("default", Service(api_url=api.url), api_key="key-Rt55-of-acme")
    api.speaks.set()
    run(settle=False)
    wait_until(lambda: label_of(vault) == "Acme GmbH", why="the label")


def test_a_service_that_knows_no_label_is_asked_once(connected: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    class Nameless:
        def __enter__(self) -> Nameless:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def whoami(self) -> None:
            asked.append(1)

    monkeypatch.setattr("psauth.dashboard.web.label.open_client", lambda *_: Nameless())
    labels, connection = Labels(), connected.read().connection
    for _ in range(3):
        labels.meet(connection, connected)
        settled_asking()
    assert asked == [1]


def test_a_connection_that_was_replaced_meanwhile_is_not_asked_for(
    box: psauth.Sandbox, connected: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = connected.read()
    connected.connect("default", old.service, token=old.token)
    monkeypatch.setattr("psauth.dashboard.web.label.open_client", lambda *_: pytest.fail("asked"))
    labels = Labels()
    labels.learn(old.connection, connected)
    for thread in [t for t in threading.enumerate() if t.name == "psauth-label"]:
        thread.join(30)
    assert connected.read().connection.label is None
