"""The service is not where the settings say: what is said, and that the way out which it names is one."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import psauth
from psauth import Vault, WrongAddress

PAGE = b"<!doctype html><title>Process Street</title><div id=root></div>"

ANSWERS = {
    # what a server that is no API answers: status, headers, body
    "a web application": (200, {"Content-Type": "text/html; charset=utf-8"}, PAGE),
    "a page without a type": (200, {}, PAGE),
    "a page that is called JSON": (200, {"Content-Type": "application/json"}, b"\n\n  " + PAGE),
    "nothing": (200, {"Content-Type": "application/json"}, b""),
    "no content": (204, {}, b""),
    "a list": (200, {"Content-Type": "application/json"}, b"[]"),
    "a word": (200, {"Content-Type": "text/plain"}, b"healthy"),
    "a gateway": (403, {"Content-Type": "application/json"}, b'{"message":"Missing Authentication Token"}'),
    "a gateway that forbids": (403, {"Content-Type": "application/json"}, b'{"message":"Forbidden"}'),
    "a gateway of another kind": (404, {"Content-Type": "application/json"}, b'{"message": "Not Found"}'),
    "a page that is not there": (404, {"Content-Type": "text/html"}, b"<h1>404</h1>"),
    "a page that asks for a password": (401, {"Content-Type": "text/html"}, b"<html>Who are you?</html>"),
    "a firewall": (403, {"Content-Type": "text/html"}, b"<html>Blocked</html>"),
    "a login page": (302, {"Location": "/login"}, b""),
    "a login page elsewhere": (302, {"Location": "https://login.example/?next=x"}, b""),
}


@pytest.fixture
def wrong(request):
    """A server that answers everything in one way; `asked` are the paths."""
    status, headers, body = request.param

    class Server(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.server.asked.append(self.path)
            redirected = self.path == "/login"
            self.send_response(200 if redirected else status)
            for name, value in {} if redirected else headers.items():
                self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Length", str(len(PAGE if redirected else body)))
            self.end_headers()
            self.wfile.write(PAGE if redirected else body)

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, *_):
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    server.daemon_threads = True
    server.asked = []
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


SPEAKING = {how: answer for how, answer in ANSWERS.items() if how != "a list"}
"""Those that show it at /testAuth already, of whose answer little is known."""
at_first_sight = pytest.mark.parametrize("wrong", SPEAKING.values(), ids=SPEAKING, indirect=True)
everywhere = pytest.mark.parametrize("wrong", ANSWERS.values(), ids=ANSWERS, indirect=True)
PUBLIC = "PSAUTH_API_URL=https://public-api.process.st/api/v1.1"


@everywhere
def test_a_connection_with_a_wrong_api_address_says_how_to_change_it_and_that_works(box, wrong):
    settings = box.settings.with_(api_url=f"{wrong.url}/v1")
    with psauth.connect(settings=settings) as ps, pytest.raises((WrongAddress, psauth.UntrustedAddress)) as caught:
        ps.users()
    message = str(caught.value)
    for part in (
        f"{wrong.url}/v1/users ",
        "o Process Street API answers so",
        PUBLIC,
        "psauth.logout() and psauth.login()",
        "PSAUTH_API_KEY",
    ):
        assert part in message
    assert "again in" not in message
    assert "administrator" not in message
    assert message.isprintable()
    assert [path for path in wrong.asked if path != "/login"] == ["/v1/users"], "asked once"
    psauth.logout(settings=box.settings)
    psauth.login(settings=box.settings)
    with psauth.connect(settings=box.settings) as ps:
        assert len(ps.users()) > 0


SILENT = {
    "words": (404, {"Content-Type": "text/plain"}, b"404 page not found\n"),
    "nothing": (404, {"Content-Type": "application/json"}, b""),
    "errors of its own": (404, {"Content-Type": "application/json"}, b'{"errors": [{"code": "x"}]}'),
    "a health check": (200, {"Content-Type": "application/json"}, b'{"status": "UP"}'),
    "no data": (200, {"Content-Type": "application/json"}, b'{"data": null}'),
}
"""What the service might answer too, so it is no proof of a wrong address."""
FRAMEWORK = (
    404,
    {"Content-Type": "application/json"},
    b'{"status": 404, "error": "Not Found", "path": "/oauth/token"}',
)


@pytest.mark.parametrize("wrong", SILENT.values(), ids=SILENT, indirect=True)
def test_an_answer_that_says_little_names_the_other_address_too(box, wrong):
    settings = box.settings.with_(client_id="", api_key="key-Rt55-and-more", api_url=f"{wrong.url}/v1")
    with psauth.connect(settings=settings) as ps, pytest.raises(psauth.ApiError) as caught:
        ps.users()
    assert f"{wrong.url}/v1/users" in str(caught.value)
    assert PUBLIC in str(caught.value)
    assert "a wrong address" in str(caught.value)


@pytest.mark.parametrize("wrong", [*SILENT.values(), FRAMEWORK], ids=[*SILENT, "a framework"], indirect=True)
def test_a_token_endpoint_that_says_little_is_named_too(box, wrong):
    settings = box.settings.with_(
        issuer="", token_url=f"{wrong.url}/oauth/token", authorize_url=f"{box.url}/oauth/authorize"
    )
    flow = psauth.AuthorizationFlow(settings, Vault.open(settings))
    with pytest.raises(psauth.ExchangeFailed) as caught:
        flow.finish(box.login(flow.begin()))
    for part in (f"{wrong.url}/oauth/token answered", "PSAUTH_TOKEN_URL", "PSAUTH_API_KEY"):
        assert part in str(caught.value)
    assert "Begin again" not in str(caught.value)


@pytest.mark.parametrize("wrong", SILENT.values(), ids=SILENT, indirect=True)
def test_an_issuer_that_says_little_is_named_too(settings, wrong):
    with pytest.raises(psauth.SettingsError, match="No authorization server metadata found") as caught:
        psauth.AuthorizationFlow(
            settings.with_(issuer=wrong.url, token_url="", revoke_url=""), Vault.open(settings)
        ).begin()
    assert "PSAUTH_ISSUER" in str(caught.value)
    assert "None" not in str(caught.value)


@at_first_sight
def test_whoami_does_not_say_that_it_works(box, wrong):
    with (
        psauth.connect(settings=box.settings.with_(api_url=f"{wrong.url}/v1")) as ps,
        pytest.raises((WrongAddress, psauth.UntrustedAddress), match="o Process Street API answers so"),
    ):
        ps.whoami()


@at_first_sight
def test_an_api_key_at_a_wrong_address_is_not_stored(box, wrong):
    settings = box.settings.with_(client_id="", api_key="key-Rt55-and-more", api_url=f"{wrong.url}/v1")
    with pytest.raises((WrongAddress, psauth.UntrustedAddress)) as caught:
        psauth.login(settings=settings)
    assert PUBLIC in str(caught.value)
    assert f"{wrong.url}/v1/testAuth " in str(caught.value)
    assert "logout" not in str(caught.value), "nothing is stored that would have to go"
    assert "key-Rt55" not in str(caught.value)
    assert Vault.open(settings).find() is None


@everywhere
def test_a_token_endpoint_elsewhere_is_named_at_the_exchange(box, wrong):
    settings = box.settings.with_(
        issuer="", token_url=f"{wrong.url}/oauth/token", authorize_url=f"{box.url}/oauth/authorize"
    )
    flow = psauth.AuthorizationFlow(settings, Vault.open(settings))
    with pytest.raises(psauth.ExchangeFailed) as caught:
        flow.finish(box.login(flow.begin()))
    message = str(caught.value)
    for part in (
        f"{wrong.url}/oauth/token answered",
        "no Process Street API answers so",
        "PSAUTH_TOKEN_URL",
        "PSAUTH_API_KEY",
    ):
        assert part in message
    assert "Try again in a moment" not in message
    assert wrong.asked == ["/oauth/token"]


@pytest.mark.parametrize(
    "wrong", [ANSWERS["a web application"], ANSWERS["a page that is not there"], ANSWERS["a firewall"]], indirect=True
)
def test_a_web_page_where_tokens_should_be_revoked_is_no_revocation(box, wrong):
    settings = box.settings.with_(
        issuer="", token_url=f"{box.url}/oauth/token", authorize_url=f"{box.url}/oauth/authorize",
        revoke_url=f"{wrong.url}/oauth/revoke",
    )  # fmt: skip
    psauth.connect(settings=settings).close()
    done = psauth.logout(settings=settings)
    assert not done.revoked
    assert f"{wrong.url}/oauth/revoke answered" in done.message
    assert "no Process Street API answers so" in done.message


@everywhere
def test_an_issuer_elsewhere_is_named(settings, wrong):
    with pytest.raises(psauth.SettingsError) as caught:
        psauth.AuthorizationFlow(
            settings.with_(issuer=wrong.url, token_url="", revoke_url=""), Vault.open(settings)
        ).begin()
    message = str(caught.value)
    assert (
        f"{wrong.url}/.well-known/oauth-authorization-server" in message
        or json.dumps([]) in str(wrong.asked)
        or "issuer None" in message
    )
    assert "PSAUTH_ISSUER" in message
    assert "again in" not in message
