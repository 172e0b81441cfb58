"""Logging in from a notebook or terminal: by the browser here, by pasting, by the app, or with an API key."""

import http.client
import socket
import sys
import threading
import types
import webbrowser
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

import psauth
from psauth.auth import browser as interactive
from psauth.exceptions import (
    AccessDenied,
    ExchangeFailed,
    IssuerMismatch,
    LoginRequired,
    PermissionDenied,
    SettingsError,
    StateUnknown,
    VaultError,
)
from psauth.vault.service import Service
from psauth.vault.vault import Vault

TOKEN = "https://app.example/oauth/token"
API_KEY_BASE = "https://public-api.process.st/api/v1.1"


@pytest.fixture
def local(settings):
    """Settings whose redirect URI is a bare loopback, so that any free port will do."""
    return settings.with_(redirect_uri="http://127.0.0.1/")


@pytest.fixture
def token_endpoint(requests_mock):
    """Answers every exchange."""
    return requests_mock.post(TOKEN, json={"access_token": "access-new", "scope": "read"})


@pytest.fixture(autouse=True)
def no_real_browser(monkeypatch):
    """No test opens a window; those with a browser bring their own."""
    monkeypatch.setattr(webbrowser, "open", lambda url: pytest.fail("a browser was opened"))


@pytest.fixture
def terminal(monkeypatch):
    """A person at a terminal who types the given lines; returns what they were asked."""

    def type_lines(*lines):
        typed, asked = iter(lines), []

        def read(prompt=""):
            asked.append(prompt)
            line = next(typed)
            if isinstance(line, BaseException):
                raise line
            return line() if callable(line) else line

        monkeypatch.setattr("builtins.input", read)
        monkeypatch.setattr(sys, "stdin", types.SimpleNamespace(isatty=lambda: True))
        return asked

    return type_lines


def query(url):
    return dict(parse_qsl(urlsplit(url).query))


def visit(address):
    """What a browser does with an address on this machine: go there, and on to where it is sent."""
    for _ in range(3):
        parts = urlsplit(address)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=5)
        try:
            connection.request("GET", parts._replace(scheme="", netloc="").geturl(), headers={"Host": parts.netloc})
            answer = connection.getresponse()
            page = answer.read().decode()
        finally:
            connection.close()
        if answer.status != 303:
            return page
        address = parts._replace(path=answer.headers["Location"], query="").geturl()
    return pytest.fail("sent round in circles")


def consenting(monkeypatch, answer=lambda sent: {"code": "c", "state": sent["state"]}, *, before=()):
    """A browser whose person answers the consent page at once; returns the pages they saw."""
    pages, tabs = [], []

    def browse(url):
        sent = query(url)
        for stray in before:
            visit(sent["redirect_uri"] + stray)
        pages.append(visit(sent["redirect_uri"] + "?" + urlencode(answer(sent))))

    def open_(url):
        tabs.append(threading.Thread(target=browse, args=(url,)))
        tabs[-1].start()
        return True

    monkeypatch.setattr(webbrowser, "open", open_)
    return pages, tabs


# By the browser here --------------------------------------------------------------------------------------------------


def test_the_browser_brings_the_answer_to_a_free_port(local, token_endpoint, monkeypatch, capsys):
    pages, tabs = consenting(monkeypatch, before=["favicon.ico", "?code=x&state=wrong"])
    connection = psauth.login("acme", settings=local, timeout=10)
    tabs[0].join(5)
    assert (connection.account, connection.scope) == ("acme", "read")
    assert "Connected" in pages[0]
    assert Vault.open(local).read("acme").token.access_token == "access-new"
    sent = dict(parse_qsl(token_endpoint.last_request.text))
    assert urlsplit(sent["redirect_uri"]).hostname == "127.0.0.1"
    assert urlsplit(sent["redirect_uri"]).port
    assert "https://app.example/oauth/authorize?" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (lambda sent: {"error": "access_denied", "state": sent["state"]}, AccessDenied),
        (lambda sent: {"code": "bad", "state": sent["state"]}, ExchangeFailed),
    ],
)
def test_a_refusal_in_the_browser_is_raised_here_and_shown_there(local, requests_mock, monkeypatch, answer, error):
    requests_mock.post(TOKEN, status_code=400, json={"error": "invalid_grant"})
    pages, tabs = consenting(monkeypatch, answer)
    with pytest.raises(error):
        psauth.login(settings=local, timeout=10)
    tabs[0].join(5)
    assert "Not connected" in pages[0]


def test_a_vault_that_breaks_meanwhile_is_said_at_once(local, token_endpoint, monkeypatch):
    def broken(*args, **kwargs):
        raise VaultError("The disk is full.")

    monkeypatch.setattr(Vault, "connect", broken)
    _, tabs = consenting(monkeypatch)
    with pytest.raises(VaultError, match="disk is full"):
        psauth.login(settings=local, timeout=10)
    tabs[0].join(5)


def test_nobody_answering_ends_with_a_login_required(local, monkeypatch):
    monkeypatch.setattr(webbrowser, "open", lambda url: True)
    with pytest.raises(LoginRequired, match=r"Nobody answered .*psauth\.login\(\)"):
        psauth.login(settings=local, timeout=0.1)


def test_ctrl_c_ends_the_wait_and_frees_the_port(local, monkeypatch):
    ports = []

    def interrupted(self, timeout):
        ports.append(urlsplit(self.redirect_uri).port)
        raise KeyboardInterrupt

    monkeypatch.setattr(webbrowser, "open", lambda url: True)
    monkeypatch.setattr("psauth.auth.receiver.Receiver.wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        psauth.login(settings=local)
    with socket.create_server(("127.0.0.1", ports[0])):
        pass


def test_settings_that_consent_by_themselves_need_no_browser(settings, token_endpoint):
    asking = settings.with_(consent=lambda url: f"http://localhost:8501/?code=c&state={query(url)['state']}")
    assert psauth.login(settings=asking).kind == "oauth"


# By pasting -----------------------------------------------------------------------------------------------------------

REMOTE = {
    "JupyterHub": {"JUPYTERHUB_USER": "ada"},
    "Colab": {"COLAB_RELEASE_TAG": "release"},
    "an SSH session": {"SSH_CONNECTION": "10.0.0.1 22"},
}


def paste(url_of, **changes):
    return lambda: "http://localhost:8501/?" + urlencode({"code": "c", "state": query(url_of())["state"], **changes})


def shown_address(capsys, seen):
    def address():
        seen.append(capsys.readouterr().out)
        return next(line for text in reversed(seen) for line in text.splitlines() if line.startswith("https://app"))

    return address


@pytest.mark.parametrize("place", REMOTE)
def test_where_the_browser_is_elsewhere_the_address_is_printed_and_pasted_back(
    settings, token_endpoint, monkeypatch, terminal, capsys, place
):
    for name, value in REMOTE[place].items():
        monkeypatch.setenv(name, value)
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    seen = []
    asked = terminal(paste(shown_address(capsys, seen)))
    assert psauth.login(settings=settings).kind == "oauth"
    assert asked == ["Callback address: "]
    assert f"This is {place}" in seen[0]
    assert "begins with http://localhost:8501/" in seen[0]


def test_an_ssh_session_with_a_display_has_a_browser(local, token_endpoint, monkeypatch):
    monkeypatch.setenv("SSH_CONNECTION", "10.0.0.1 22")
    monkeypatch.setenv("DISPLAY", ":0")
    _, tabs = consenting(monkeypatch)
    assert psauth.login(settings=local, timeout=10)
    tabs[0].join(5)


def test_wrong_pastes_are_explained_and_the_right_one_still_works(
    settings, token_endpoint, monkeypatch, terminal, capsys
):
    monkeypatch.setenv("JUPYTERHUB_USER", "ada")
    seen = []
    terminal("not an address", "http://localhost:8501/?code=c&state=wrong", paste(shown_address(capsys, seen)))
    assert psauth.login(settings=settings).kind == "oauth"
    assert "no state" in "".join(seen)
    assert "answers no request made here" in "".join(seen)


def test_three_wrong_pastes_end_the_login(settings, token_endpoint, monkeypatch, terminal):
    monkeypatch.setenv("JUPYTERHUB_USER", "ada")
    asked = terminal(*["http://localhost:8501/?code=c&state=wrong"] * 3)
    with pytest.raises(StateUnknown):
        psauth.login(settings=settings)
    assert len(asked) == 3


@pytest.mark.parametrize(
    ("changes", "error", "pastes"),
    [
        ({"error": "access_denied"}, AccessDenied, 1),
        ({"code": "bad"}, ExchangeFailed, 1),
        ({"iss": "http://evil"}, IssuerMismatch, 3),
    ],
)
def test_an_answer_that_ends_the_request_is_not_asked_for_again(
    settings, requests_mock, monkeypatch, terminal, capsys, changes, error, pastes
):
    monkeypatch.setenv("JUPYTERHUB_USER", "ada")
    requests_mock.post(TOKEN, status_code=400, json={"error": "invalid_grant"})
    seen = []
    asked = terminal(*[paste(shown_address(capsys, seen), **changes)] * 3)
    with pytest.raises(error):
        psauth.login(settings=settings)
    assert len(asked) == pastes


@pytest.mark.parametrize(
    ("redirect_uri", "why"),
    [("https://callback.example/psauth", "is not on this machine"), ("https://localhost/", "is not")],
)
def test_a_redirect_uri_that_psauth_cannot_serve_is_pasted(
    settings, token_endpoint, terminal, capsys, redirect_uri, why
):
    seen = []
    terminal(paste(shown_address(capsys, seen)))
    assert psauth.login(settings=settings.with_(redirect_uri=redirect_uri))
    assert why in seen[0]


@pytest.mark.parametrize("how", ["no browser", "an error"])
def test_a_machine_without_a_browser_is_pasted(local, token_endpoint, monkeypatch, terminal, capsys, how):
    def open_(url):
        if how == "an error":
            raise webbrowser.Error("no browser")
        return False

    monkeypatch.setattr(webbrowser, "open", open_)
    seen = []
    terminal(paste(shown_address(capsys, seen)))
    assert psauth.login(settings=local)
    assert "No browser was found" in seen[0]


def test_without_a_terminal_there_is_nobody_to_ask(settings, monkeypatch):
    monkeypatch.setenv("JUPYTERHUB_USER", "ada")
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    for stdin in (None, types.SimpleNamespace(isatty=lambda: False)):
        monkeypatch.setattr(sys, "stdin", stdin)
        with pytest.raises(LoginRequired, match=r"no terminal to ask.*psauth login"):
            psauth.login(settings=settings)


@pytest.mark.parametrize(
    "error", [EOFError(), RuntimeError("raw_input was called, but this frontend does not support it")]
)
def test_an_input_that_does_not_work_is_a_login_required(settings, monkeypatch, terminal, error):
    monkeypatch.setenv("JUPYTERHUB_USER", "ada")
    terminal(error)
    with pytest.raises(LoginRequired, match="none can be asked here"):
        psauth.login(settings=settings)


def test_ctrl_c_at_the_prompt_is_ctrl_c(settings, monkeypatch, terminal):
    monkeypatch.setenv("JUPYTERHUB_USER", "ada")
    terminal(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        psauth.login(settings=settings)


# By the app -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def busy(settings):
    """Settings whose port is taken by another program."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield settings.with_(redirect_uri=f"http://127.0.0.1:{taken.getsockname()[1]}/")


def mark(settings):
    return settings.redirect_uri + interactive.APP_MARK.lstrip("/")


@pytest.mark.parametrize("answer", [{"status_code": 404}, {"text": "<html>"}, {"json": []}, {"json": {"app": "other"}}])
def test_a_port_taken_by_another_program_is_pasted(busy, token_endpoint, requests_mock, terminal, capsys, answer):
    requests_mock.get(mark(busy), **answer)
    seen = []
    terminal(paste(shown_address(capsys, seen)))
    assert psauth.login(settings=busy)
    assert f"Port {urlsplit(busy.redirect_uri).port} is taken by another program" in seen[0]


@pytest.fixture
def app_time(monkeypatch):
    """The waiting for the app, without waiting: each pause runs the next of the given steps."""

    def steps(*actions):
        state = types.SimpleNamespace(now=0.0, actions=[*actions])

        def sleep(seconds):
            state.now += 10
            if state.actions:
                state.actions.pop(0)()

        monkeypatch.setattr(interactive, "time", types.SimpleNamespace(sleep=sleep, monotonic=lambda: state.now))

    return steps


def test_the_app_on_that_port_takes_the_answer(busy, token_endpoint, requests_mock, monkeypatch, app_time):
    requests_mock.get(mark(busy), json=interactive.app_mark(Vault.open(busy)))
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda url: opened.append(url) or True)

    def the_app_finishes():
        psauth.AuthorizationFlow(busy, Vault.open(busy)).finish({"code": "c", "state": query(opened[0])["state"]})

    app_time(lambda: None, the_app_finishes)
    assert psauth.login("acme", settings=busy).scope == "read"


def test_an_app_that_gets_no_answer_is_not_waited_for_forever(busy, requests_mock, monkeypatch, app_time):
    requests_mock.get(mark(busy), json=interactive.app_mark(Vault.open(busy)))
    monkeypatch.setattr(webbrowser, "open", lambda url: True)
    app_time()
    with pytest.raises(LoginRequired, match="Nobody answered"):
        psauth.login(settings=busy)


def test_an_app_with_another_vault_is_just_another_program(busy, requests_mock, monkeypatch):
    requests_mock.get(mark(busy), json={"app": "psauth", "vault": "another"})
    monkeypatch.setattr(webbrowser, "open", lambda url: True)
    with pytest.raises(LoginRequired, match="no terminal to ask"):
        psauth.login(settings=busy)


def test_an_app_that_is_refused_says_so_on_its_page(busy, requests_mock, monkeypatch, app_time):
    requests_mock.get(mark(busy), json=interactive.app_mark(Vault.open(busy)))
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda url: opened.append(url) or True)
    app_time(lambda: Vault.open(busy).consume(query(opened[0])["state"]))
    with pytest.raises(LoginRequired, match="its page says why"):
        psauth.login(settings=busy)


# With an API key ------------------------------------------------------------------------------------------------------


def test_an_api_key_is_tried_and_then_stored_with_its_label(requests_mock, monkeypatch, logs):
    monkeypatch.setenv("PSAUTH_API_KEY", "key-Rt55")
    requests_mock.get(f"{API_KEY_BASE}/testAuth", json={"apiKeyLabel": "Acme"})
    connection = psauth.login("acme")
    assert (connection.kind, connection.label, connection.account) == ("api_key", "Acme", "acme")
    assert requests_mock.last_request.headers["X-API-Key"] == "key-Rt55"
    assert psauth.Vault.open().read("acme").api_key == "key-Rt55"
    assert connection.service == Service(api_url=API_KEY_BASE)
    assert "connected: account=acme kind=api_key" in logs.text("psauth")


@pytest.mark.parametrize(("status", "error"), [(401, LoginRequired), (403, PermissionDenied)])
def test_an_api_key_that_is_refused_is_not_stored(requests_mock, monkeypatch, status, error):
    monkeypatch.setenv("PSAUTH_API_KEY", "key-Rt55")
    requests_mock.get(f"{API_KEY_BASE}/testAuth", status_code=status, json={"error": "No"})
    with pytest.raises(error):
        psauth.login()
    assert psauth.Vault.open().connections() == []


@pytest.mark.parametrize("answer", [{"status_code": 404}, {"json": {"apiKeyLabel": 7}}, {"json": []}])
def test_a_service_without_a_label_is_no_obstacle(requests_mock, monkeypatch, answer):
    monkeypatch.setenv("PSAUTH_API_KEY", "key-Rt55")
    requests_mock.get(f"{API_KEY_BASE}/testAuth", **answer)
    assert psauth.login().label is None


def test_with_nothing_to_log_in_with_the_settings_are_named():
    with pytest.raises(SettingsError, match=r"PSAUTH_CLIENT_ID .*PSAUTH_API_KEY.*psauth\.Sandbox\(\)"):
        psauth.login()


def test_with_a_name_misspelt_that_name_is_said(monkeypatch):
    monkeypatch.setenv("PSAUTH_APIKEY", "key-Rt55")
    with pytest.raises(
        SettingsError, match=r"PSAUTH_APIKEY is not a setting of psauth. Did you mean PSAUTH_API_KEY\?$"
    ) as error:
        psauth.login()
    assert "key-Rt55" not in str(error.value)


def test_with_half_of_it_the_missing_half_is_named(monkeypatch):
    monkeypatch.setenv("PSAUTH_CLIENT_SECRET", "s")
    with pytest.raises(SettingsError, match="PSAUTH_CLIENT_ID is not set"):
        psauth.login()
