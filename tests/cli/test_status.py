"""psauth status: who is connected, from which settings, and what is wrong."""

import json
import re
import sqlite3
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import psauth
from psauth import Vault
from tests.cli.processes import MASKED
from tests.flow.parts import expire_at_the_service


def test_a_login_that_is_needed_is_named_as_it_is_typed_here(configured, terminal):
    psauth.login("analyst", settings=configured.settings)
    expire_at_the_service(configured)
    configured.knobs.fault("/oauth/token", "body", status=400, body='{"error": "invalid_grant"}')
    code, out, _ = terminal("status")
    assert code == 3
    assert "psauth login --account analyst" in out
    assert "psauth.login(" not in out


def test_status_of_nobody(terminal):
    code, out, _ = terminal("status")
    assert code == 3
    assert "Nobody is connected, and nothing is set to connect with." in out


def test_status_says_where_each_setting_came_from_and_no_secret(connected, terminal, tmp_path, monkeypatch):
    monkeypatch.setenv("PSAUTH_CLIENTID", "a slip")
    monkeypatch.delenv("PSAUTH_ISSUER")
    (tmp_path / ".env").write_text(f"PSAUTH_ISSUER={connected.url}\nPSAUTH_API_KEY={connected.api_key}\n")
    code, out, _ = terminal("status", "--json")
    report = json.loads(out)
    settings = report["settings"]
    assert code == 0
    assert settings["PSAUTH_CLIENT_ID"] == {"value": connected.client_id, "from": "environment"}
    assert settings["PSAUTH_ISSUER"] == {"value": connected.url, "from": ".env"}
    assert settings["PSAUTH_SCOPE"] == {"value": "read,write", "from": "default"}
    for name, source in {"CLIENT_SECRET": "environment", "SECRET_KEY": "environment", "API_KEY": ".env"}.items():
        assert settings[f"PSAUTH_{name}"] == {"value": MASKED, "from": source}
    assert report["unknown_settings"] == ["PSAUTH_CLIENTID"]
    assert report["key"] == "PSAUTH_SECRET_KEY"
    (connection,) = report["connections"]
    assert connection["account"] == "default"
    assert (connection["answers"], connection["label"], connection["problem"]) == (
        True,
        "Larkspur Instruments (sandbox)",
        None,
    )
    assert connection["service"] == connected.api_url
    text = terminal("status")[1]
    assert "PSAUTH_CLIENTID: not a setting of psauth; misspelt?" in text
    assert re.search(r"PSAUTH_CLIENT_SECRET +\*\*\*  \(environment\)", text)
    assert re.search(
        r"default  oauth  Larkspur Instruments \(sandbox\)  until .*, renewed by itself\n +http.*/v1  answers", text
    )
    for secret in (connected.client_secret, connected.api_key, connected.settings.secret_key):
        assert secret not in out + text


def test_status_offline_asks_nobody(connected, terminal):
    connected.requests.clear()
    code, out, _ = terminal("status", "--offline")
    assert code == 0
    assert "not asked" in out
    assert len(connected.requests) == 0


def test_status_when_the_service_is_down(connected, terminal, naps):
    connected.knobs.fault("/v1/testAuth", status=503, times=99)
    code, out, _ = terminal("status")
    assert code == 1
    assert "does not answer: /v1/testAuth answered 503" in out


def test_status_when_the_service_is_gone(box, terminal, monkeypatch, naps, tmp_path):
    kept = box.settings.with_(home=str(tmp_path / "kept"))
    psauth.login(settings=kept)
    monkeypatch.setenv("PSAUTH_HOME", kept.home)
    monkeypatch.setenv("PSAUTH_SECRET_KEY", kept.secret_key)
    box.stop()
    code, out, _ = terminal("status", "--json")
    (connection,) = json.loads(out)["connections"]
    assert (code, connection["answers"]) == (1, False)
    assert "does not answer" in connection["problem"]


WRONG = {
    "a web page": (200, "text/html", b"<!doctype html><title>Process Street</title>"),
    "a web page without a type": (200, None, b"<!doctype html><div id=root></div>"),
    "a gateway": (403, "application/json", b'{"message":"Missing Authentication Token"}'),
    "a gateway that knows no such path": (404, "application/json", b'{"message":"Missing Authentication Token"}'),
    "a page that is not there": (404, "text/html", b"<h1>Not Found</h1>"),
}


@pytest.fixture
def wrong(request):
    """The address of a server that answers everything in one way, and not as Process Street does."""
    status, kind, body = request.param

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            if kind is not None:
                self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/api"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("kind", ["api_key", "oauth"])
@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG, indirect=True)
def test_status_does_not_call_an_answer_what_no_process_street_api_answers(
    wrong, terminal, monkeypatch, store, service, naps, kind
):
    if kind == "oauth":
        store(service=replace(service, api_url=wrong))
    else:
        monkeypatch.setenv("PSAUTH_API_KEY", "key-Rt55")
        monkeypatch.setenv("PSAUTH_API_URL", wrong)
    code, text, _ = terminal("status")
    assert code == 1
    assert f"{wrong}  cannot be used: " in text
    assert "  answers" not in text
    assert "PSAUTH_API_URL=https://public-api.process.st/api/v1.1" in text
    assert "psauth.log" not in text, "the lines to type are those of a terminal"
    (connection,) = json.loads(terminal("status", "--json")[1])["connections"]
    assert (connection["answers"], connection["reached"]) == (False, True)


def test_status_of_an_ended_connection_asks_for_a_login(connected, terminal):
    expire_at_the_service(connected)
    connected.knobs.fault("/oauth/token", "body", status=400, body='{"error": "invalid_grant"}')
    code, out, _ = terminal("status")
    assert code == 3, "found out just now"
    assert "needs a login: The connection of account 'default' has ended" in out
    code, out, _ = terminal("status", "--json")
    assert code == 3, "remembered"
    (connection,) = json.loads(out)["connections"]
    assert connection["problem"] == "ended: the service has ended the access (invalid_grant)"


def test_an_ended_connection_does_not_read_as_renewed(connected, terminal):
    vault = Vault.open(connected.settings)
    vault.end(vault.read(), "the service has ended the access (invalid_grant)")
    for words in ((), ("status",), ("status", "--offline")):
        text = terminal(*words)[1]
        assert "ended" in text, words
        assert "renewed by itself" not in text, words
    (connection,) = json.loads(terminal("status", "--json")[1])["connections"]
    assert connection["renewable"] is False


def test_a_connection_that_ends_while_it_is_asked_does_not_read_as_renewed(connected, terminal):
    expire_at_the_service(connected)
    connected.knobs.fault("/oauth/token", "body", status=400, body='{"error": "invalid_grant"}')
    text = terminal("status")[1]
    assert "has ended" in text
    assert "renewed by itself" not in text


def test_an_access_that_is_over_and_cannot_be_renewed_says_so(connected, terminal):
    vault = Vault.open(connected.settings)
    stored = vault.read()
    past = datetime.now(UTC) - timedelta(hours=1)
    vault.renew(
        stored, replace(stored.token, refresh_token=None, expires_at=past, obtained_at=past - timedelta(hours=1))
    )
    assert "expired" in terminal()[1]
    text = terminal("status", "--offline")[1]
    assert f"expired {past.isoformat(timespec='seconds')}" in text
    assert "needs a login" in terminal("status")[1]


# Settings -------------------------------------------------------------------------------------------------------------

HALVES = {
    "CLIENT_SECRET": "s3cret-value",
    "ISSUER": "https://login.example",
    "AUTHORIZE_URL": "https://login.example/authorize",
    "TOKEN_URL": "https://login.example/token",
}


@pytest.mark.parametrize("half", HALVES)
def test_half_an_oauth_app_is_named(terminal, monkeypatch, half):
    monkeypatch.setenv(f"PSAUTH_{half}", HALVES[half])
    code, text, _ = terminal("status")
    assert code == 3
    assert f"PSAUTH_CLIENT_ID: missing, and without it PSAUTH_{half} cannot be used" in text
    assert f"PSAUTH_CLIENT_ID is missing beside PSAUTH_{half}. Set it, then: psauth login" in text
    assert "nothing is set to connect with" not in text + terminal()[1]
    assert "s3cret-value" not in text
    assert json.loads(terminal("status", "--json")[1])["missing_settings"] == ["PSAUTH_CLIENT_ID"]


def test_half_an_oauth_app_is_named_beside_an_api_key_and_beside_a_connection(connected, terminal, monkeypatch):
    monkeypatch.delenv("PSAUTH_CLIENT_ID")
    monkeypatch.setenv("PSAUTH_API_KEY", connected.api_key)
    code, text, _ = terminal("status")
    assert code == 0
    assert "PSAUTH_CLIENT_ID: missing, and without it PSAUTH_CLIENT_SECRET and PSAUTH_ISSUER cannot be used" in text


@pytest.mark.parametrize(
    ("name", "meant"),
    [("PSAUTH_APIKEY", "PSAUTH_API_KEY"), ("PSAUTH_CLIENT", "PSAUTH_CLIENT_ID"), ("PSAUTH_XYZ", None)],
)
def test_a_misspelt_name_is_said_with_what_it_resembles(terminal, monkeypatch, name, meant):
    monkeypatch.setenv(name, "key-Rt55")
    text = terminal("status")[1]
    assert f"{name}: not a setting of psauth; misspelt?" in text
    assert ("Did you mean" in text) == (meant is not None)
    assert meant is None or f"Did you mean {meant}?" in text
    assert "key-Rt55" not in text
    assert f"{name} is not a setting of psauth" in terminal("login")[2]


def test_the_env_file_that_was_read_is_named(terminal, tmp_path, monkeypatch):
    env_file = tmp_path / ".env"
    env_file.write_text("PSAUTH_SCOPE=read\n")
    below = tmp_path / "notebooks"
    below.mkdir()
    (tmp_path / "app.py").touch()
    monkeypatch.chdir(below)
    assert f".env   {env_file}\n" in terminal("status")[1]
    assert json.loads(terminal("status", "--json")[1])["env_file"] == str(env_file)


def test_that_no_env_file_was_read_is_said(terminal, tmp_path):
    assert f".env   none in {tmp_path}" in terminal("status")[1]
    assert json.loads(terminal("status", "--json")[1])["env_file"] is None


# An API key of the settings -------------------------------------------------------------------------------------------


@pytest.fixture
def keyed(box, monkeypatch):
    monkeypatch.setenv("PSAUTH_API_KEY", box.api_key)
    monkeypatch.setenv("PSAUTH_API_URL", box.api_url)
    return box


def ledgers(vault):
    """The ledgers of budgets in a vault."""
    with sqlite3.connect(vault.place) as database:
        rows = database.execute("select name from budgets").fetchall()
    database.close()
    return sorted(name for (name,) in rows)


def test_status_and_connect_share_the_ledger_of_an_api_key(keyed, terminal):
    code, text, _ = terminal("status")
    assert code == 0
    assert "The API key of the settings; nothing is stored for it." in text
    (ledger,) = ledgers(Vault.open())
    with psauth.connect(interactive=False) as ps:
        ps.whoami()
    psauth.login()
    with psauth.connect(interactive=False) as ps:
        assert ps.connection.id
        ps.whoami()
    assert ledgers(Vault.open()) == [ledger], "stored or not: the key has one budget"
    assert keyed.api_key not in text + ledger


def test_an_ended_connection_that_an_api_key_stands_in_for(connected, terminal, monkeypatch):
    vault = Vault.open(connected.settings)
    vault.end(vault.read(), "the service has ended the access (invalid_grant)")
    monkeypatch.setenv("PSAUTH_API_KEY", connected.api_key)
    code, text, _ = terminal("status")
    assert code == 0, "as with psauth.connect()"
    assert "The stored connection has ended: the service has ended the access" in text
    (connection,) = json.loads(terminal("status", "--json")[1])["connections"]
    assert (connection["source"], connection["kind"], connection["answers"]) == ("settings", "api_key", True)
