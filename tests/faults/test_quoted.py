"""A server that repeats the whole request, in every form: nothing of a secret is in an error or in a log."""

import json
import socket
import threading
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from psauth import AuthorizationFlow, PsauthError
from psauth.api.transport import Transport
from psauth.auth.renewal import renew
from psauth.auth.revocation import disconnect
from psauth.connecting import store_api_key
from psauth.vault.service import Service
from tests.repeated import FORMS, left

CODE = "code-Xy71/+&=-9fKd93"
API_KEY = "key-Rt55-9fKd93Zp41xQ7"
ACCESS = "access-1-Kd93/x+y=zZp41"
REFRESH = "refresh-1-Zp41/x+y=zKd93"
CLIENT_SECRET = "client:secret/7Hq2+%ü-x"
COOKIE = "cookie-Bb31-9fKd93Zp41"
SHAPES = {
    # status, headers and body, of what the server repeats
    "refused": lambda said: (400, {}, {"error": said, "error_description": said}),
    "refused with details": lambda said: (
        422, {}, {"error": "no", "errorCode": said, "requestId": said, "details": {said: [said]}}
    ),
    "refused in plain text": lambda said: (400, {"Content-Type": "text/plain"}, said),
    "refused at the end of a long text": lambda said: (400, {}, {"error": "x" * 190 + said}),
    "unauthorized": lambda said: (401, {}, {"error": said}),
    "a gateway": lambda said: (403, {}, {"message": said}),
    "not there": lambda said: (404, {}, {"error": said, "message": said}),
    "too many": lambda said: (429, {"Retry-After": "9999"}, {"error": said}),
    "down": lambda said: (500, {}, {"error": said, "error_description": said}),
    "a page": lambda said: (200, {"Content-Type": "text/html"}, f"<html>{said}</html>"),
    "an error that says yes": lambda said: (200, {}, {"error": said, "error_description": said}),
    "a type": lambda said: (200, {"Content-Type": one_line(said)}, '{"access_tok'),
    "another token type": lambda said: (200, {}, {"access_token": "new-9fKd93Zp41xQ7", "token_type": said}),
    "elsewhere": lambda said: (302, {"Location": f"https://{one_line(said)[-60:]}.example/"}, ""),
    "elsewhere here": lambda said: (302, {"Location": f"/{one_line(said)}"}, ""),
    "packed": lambda said: (200, {"Content-Encoding": one_line(said)[-40:]}, "{}"),
    "sent in pieces": lambda said: (200, {"Transfer-Encoding": one_line(said)}, "{}"),
    "a time": lambda said: (
        429,
        {"Retry-After": one_line(said), "X-Api-Key-Rate-Limit-Limit": one_line(said), "WWW-Authenticate": one_line(said)},
        {"error": "no", "error_uri": said},
    ),
    "something else": lambda said: (206, {"Content-Type": one_line(said)}, {"error": said}),
}  # fmt: skip
SECRETS = (CODE, API_KEY, ACCESS, REFRESH, CLIENT_SECRET, COOKIE)


def one_line(text):
    return "".join(c if 32 < ord(c) < 127 else "_" for c in text)


@pytest.fixture
def server():
    """Answers as `shape` says, with what `form` makes of the request."""

    class Server(BaseHTTPRequestHandler):
        def answer(self):
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            repeated = f"{self.requestline}\n{self.headers}\n{sent}"
            here.heard += repeated
            values = [*self.headers.values(), *(part.partition("=")[2] for part in sent.split("&"))]
            said = " ".join(here.form(text) for text in (repeated, *values) if text)
            status, headers, body = here.shape(said)
            content = (body if isinstance(body, str) else json.dumps(body)).encode("utf-8", "replace")
            self.send_response(status, one_line(said[-200:]))
            self.send_header("Set-Cookie", f"session={COOKIE}; Path=/")
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value[:9000])
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = answer  # noqa: N815 - the names that http.server looks for

        def log_message(self, *_):
            """Nothing."""

    here = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    here.daemon_threads = True
    here.heard = ""
    here.url = f"http://127.0.0.1:{here.server_address[1]}"
    thread = threading.Thread(target=here.serve_forever, args=(0.02,))
    thread.start()
    yield here
    here.shutdown()
    here.server_close()
    thread.join()


@pytest.fixture
def there(settings, server):
    """Settings that send everything to the server."""
    return settings.with_(
        client_secret=CLIENT_SECRET,
        authorize_url=f"{server.url}/authorize",
        token_url=f"{server.url}/token",
        revoke_url=f"{server.url}/revoke",
        api_url=f"{server.url}/v1",
    )


def all_of(error):
    """What an error says and holds."""
    fields = [repr(vars(error)), *(str(value) for value in vars(error).values())]
    return "\n".join([str(error), repr(error), *fields, "".join(traceback.format_exception(error))])


def said_by(call, *args, **named):
    try:
        value = call(*args, **named)
        return "" if isinstance(value, dict) else str(value)  # data is the service's own affair
    except PsauthError as error:
        return all_of(error)


@pytest.mark.parametrize("form", FORMS)
def test_a_secret_that_is_repeated_is_in_no_error_and_no_log(there, vault, store, server, naps, logs, form):
    server.form, texts = FORMS[form], []
    turn = [*FORMS].index(form) % 4  # each shape meets a quarter of the forms, or this would take minutes
    for server.shape in [*SHAPES.values()][turn::4]:
        for token_auth in ("post", "basic"):
            flow = AuthorizationFlow(there.with_(token_auth=token_auth), vault)
            request = flow.begin()
            texts.append(said_by(flow.finish, {"state": request.state, "code": CODE}))
        service = Service.for_api_key(there)
        texts.append(said_by(store_api_key, API_KEY, service, vault, "default"))
        of_flow = store("oauth", service=stored_service(there), access_token=ACCESS, refresh_token=REFRESH)
        for stored in (of_flow, store("key", api_key=API_KEY, service=service)):
            with_ours = Transport(stored, vault)
            texts += [
                said_by(with_ours.get, "/x"),
                said_by(with_ours.send, "PUT", "/x", {}),
                said_by(with_ours.ask_label),
            ]
            with_ours.close()
        for because in ("expiry", "asked"):
            ending = store("oauth", service=stored_service(there), lives=0, access_token=ACCESS, refresh_token=REFRESH)
            texts.append(said_by(renew, vault, ending, because=because))
        store("oauth", service=stored_service(there), access_token=ACCESS, refresh_token=REFRESH)
        texts.append(said_by(disconnect, vault, "oauth"))
    assert API_KEY in server.heard, "it was there to be repeated"
    assert ACCESS in server.heard
    shown = "\n".join(texts) + logs.text("psauth", "urllib3", "requests_oauthlib", "oauthlib")
    for secret in SECRETS:
        remains = left(shown, secret)
        at = shown.lower().find(min(remains).lower()) if remains else 0
        assert not remains, shown[max(at - 300, 0) : at + 100]


def test_a_header_that_cannot_be_read_is_not_logged(vault, store, there, logs, capfd):
    heads = [b"no colon {}\r\n", b" folded {}\r\n", b"X: {}\rY\r\n", b": {}\r\n", b"X\x00: {}\r\n"]
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer():
            for head in heads:
                with listening.accept()[0] as caller:
                    caller.recv(65_536)
                    said = head.replace(b"{}", f"Bearer {ACCESS}".encode())
                    caller.sendall(b"HTTP/1.1 400 Bad\r\n" + said + b"Content-Length: 2\r\nConnection: close\r\n\r\n{}")

        thread = threading.Thread(target=answer)
        thread.start()
        service = stored_service(there.with_(api_url=f"http://127.0.0.1:{listening.getsockname()[1]}/v1"))
        stored = store(service=service, access_token=ACCESS)
        text = "".join(said_by(Transport(stored, vault).get, "/x") for _ in heads)
        thread.join()
    assert not left(text + logs.text() + "".join(capfd.readouterr()), ACCESS)


@pytest.mark.parametrize(
    "header", ["Content-Encoding", "Transfer-Encoding", "Retry-After", "Content-Type", "Connection"]
)
@pytest.mark.parametrize("status", [200, 401, 429, 503])
def test_a_header_that_is_a_secret_alone_is_in_no_error(there, vault, store, server, naps, logs, header, status):
    server.form = str
    texts = []
    for secret in (ACCESS, REFRESH, CODE, CLIENT_SECRET):
        server.shape = lambda _, secret=secret: (status, {header: one_line(secret)}, "{}")
        flow = AuthorizationFlow(there, vault)
        texts.append(said_by(flow.finish, {"state": flow.begin().state, "code": CODE}))
        stored = store("oauth", service=stored_service(there), access_token=ACCESS, refresh_token=REFRESH)
        with_ours = Transport(stored, vault)
        texts += [said_by(with_ours.get, "/x"), said_by(with_ours.send, "PUT", "/x", {})]
        with_ours.close()
        texts.append(said_by(renew, vault, stored, because="asked"))
        texts.append(said_by(disconnect, vault, "oauth"))
    shown = "\n".join(texts) + logs.text("psauth", "urllib3")
    assert [secret for secret in SECRETS if left(shown, secret)] == []


def stored_service(settings):
    from psauth.auth.discovery import service_for_oauth

    return service_for_oauth(settings)
