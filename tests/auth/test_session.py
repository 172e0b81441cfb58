"""Session: what it adds to a request, which is nothing, and whose certificates it trusts."""

import pytest
import requests

import psauth
from psauth import Settings, Vault
from psauth.auth.discovery import service_for_oauth
from psauth.auth.limits import SHORT
from psauth.auth.session import Session
from psauth.vault.engine import BUSY_PATIENCE
from psauth.vault.service import Service
from psauth.vault.vault import LOCK_PATIENCE


@pytest.mark.parametrize("how", [{}, {"auth": None}, {"headers": {"X-API-Key": "k"}}])
def test_a_netrc_file_is_never_used(requests_mock, tmp_path, monkeypatch, how):
    (tmp_path / ".netrc").write_text("default login me password hunter2\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    requests_mock.get("https://api.example/x")
    with requests.Session() as plain:
        assert "Authorization" in plain.get("https://api.example/x", timeout=5).request.headers, "the file is one"
    with Session() as session:
        assert "Authorization" not in session.get("https://api.example/x", timeout=5, **how).request.headers


@pytest.mark.parametrize(
    ("value", "trusted"),
    [
        ("yes", True),
        ("no", False),
        ("No ", False),
        ("false", False),
        ("0", False),
        ("off", False),
        ("TRUE", True),
        ("", True),
    ],
)
def test_the_setting_may_be_written_in_many_ways(monkeypatch, value, trusted):
    monkeypatch.setenv("PSAUTH_SYSTEM_CERTIFICATES", value)
    assert Settings().trusts_system is trusted
    assert Settings().unknown == ()


@pytest.mark.parametrize("value", ["maybe", "2", "/etc/ssl/cert.pem"])
def test_another_value_is_refused(value):
    with pytest.raises(psauth.SettingsError, match="PSAUTH_SYSTEM_CERTIFICATES .* Expected yes or no"):
        Settings(system_certificates=value)


def test_a_stored_connection_follows_the_settings_of_this_machine_and_not_those_it_was_made_with(settings, make_token):
    without = settings.with_(system_certificates="no")
    assert service_for_oauth(without).system_certificates is False
    assert Service.for_api_key(without).system_certificates is False
    Vault.open(without).connect("default", service_for_oauth(without), token=make_token())
    assert Vault.open(without).read().service.system_certificates is False
    assert Vault.open(settings).read().service.system_certificates is True
    assert Vault.open(settings).connections()[0].service == Vault.open(without).connections()[0].service


@pytest.mark.parametrize(("name", "value"), [("total_time", "60"), ("total_time", "0.5"), ("total_time", "3600"), ("answer_size", "1000"), ("answer_size", "0.001"), ("answer_size", " 32 ")])  # fmt: skip
def test_limits_follow_the_settings_of_this_machine(monkeypatch, settings, make_token, name, value):
    monkeypatch.setenv(f"PSAUTH_{name.upper()}", value)
    chosen = Settings(client_id="analyst", api_url="https://api.example/v1")
    Vault.open(settings).connect("default", service_for_oauth(settings), token=make_token())
    for service in (Service.for_api_key(chosen), service_for_oauth(chosen), Vault.open(chosen).read().service):
        limits = {"total_time": service.total_seconds, "answer_size": service.answer_bytes / 1e6}
        assert limits[name] == float(value)


@pytest.mark.parametrize(
    "value", ["0", "0.0", "-1", "nan", "inf", "1e3", "many", "1,5", "٣", "60 s", "100000", "9" * 400]
)
@pytest.mark.parametrize("name", ["total_time", "answer_size"])
def test_a_limit_that_is_none_is_refused(name, value):
    with pytest.raises(psauth.SettingsError, match=f"PSAUTH_{name.upper()} .* Expected (seconds|MB) above 0 and up to"):
        Settings(**{name: value})


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("application/json", "ä"),
        ("text/plain; charset=utf-8", "ä"),
        ("text/plain; charset=latin-1", "Ã¤"),
        ("text/plain; charset=punycode", "ä"),
        ("text/plain; charset=idna", "ä"),
        ("text/plain; charset=hex", "ä"),
        ("text/plain; charset=nonsense", "ä"),
        ("text/plain; charset=unicode_escape", "ä"),
    ],
)
def test_an_answer_is_read_in_an_encoding_that_cannot_do_harm(requests_mock, kind, text):
    requests_mock.get("https://api.example/x", content="ä".encode(), headers={"Content-Type": kind})
    with Session() as session:
        assert session.get("https://api.example/x", timeout=5).text == text


def test_a_refresh_with_all_its_tries_ends_before_others_stop_waiting_for_its_lock():
    assert 2 * SHORT.seconds + 3 * BUSY_PATIENCE <= LOCK_PATIENCE, "and its writes may wait for other writers"
