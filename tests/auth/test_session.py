"""Session: what it adds to a request, which is nothing, and whose certificates it trusts."""

import pytest
import requests

import psauth
from psauth import Settings, Vault
from psauth.auth.discovery import service_for_oauth
from psauth.auth.session import Session
from psauth.vault.service import Service


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
