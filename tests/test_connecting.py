"""Which credential an account has, from where, and what is said when there is none."""

import pytest

import psauth
from psauth.exceptions import LoginRequired, PermissionDenied, SettingsError
from psauth.vault.service import Service

API_KEY_BASE = "https://public-api.process.st/api/v1.1"


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
