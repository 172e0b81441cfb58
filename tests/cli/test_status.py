"""psauth status: who is connected, from which settings, and what is wrong."""

import json
import re

import psauth
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
