"""Which credential an account has, from where, and what is said when there is none."""

import pytest
from requests_mock import ANY

import psauth
from psauth.connecting import Login, find_credential, find_login, open_client, port_mismatch, store_api_key
from psauth.exceptions import ApiError, ArgumentError, LoginRequired, PermissionDenied, SettingsError
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
    requests_mock.get(f"{API_KEY_BASE}/workflows", json={"workflows": []})
    assert psauth.login().label is None


@pytest.mark.parametrize("answer", [{"status_code": 404, "text": "404 page not found"}, {"json": {"status": "UP"}}])
def test_an_api_key_for_something_else_is_not_stored(requests_mock, monkeypatch, answer):
    monkeypatch.setenv("PSAUTH_API_KEY", "key-Rt55")
    requests_mock.get(ANY, **answer)
    with pytest.raises(ApiError, match="PSAUTH_API_URL="):
        psauth.login()
    assert psauth.Vault.open().connections() == []


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


# The credential -------------------------------------------------------------------------------------------------------


@pytest.fixture
def keyed(settings):
    return settings.with_(api_key="key-Rt55")


def test_a_stored_connection_comes_first(keyed, vault, store):
    stored = store()
    credential = find_credential(keyed, vault)
    assert (credential.source, credential.stored, credential.ended) == ("vault", stored, None)
    assert credential.kept == stored.connection


def test_then_comes_the_api_key_of_the_settings_for_every_account(keyed, vault):
    for account in ("default", "acme"):
        credential = find_credential(keyed, vault, account)
        assert credential.source == "settings"
        assert (credential.stored.connection.account, credential.stored.api_key) == (account, "key-Rt55")
        assert credential.stored.connection.id == ""
        assert credential.kept is None
        assert "key-Rt55" not in repr(credential) + str(vars(credential))


def test_then_there_is_nothing(settings, vault):
    credential = find_credential(settings, vault, "acme")
    assert (credential.source, credential.stored, credential.ended) == ("nothing", None, None)
    with pytest.raises(LoginRequired, match=r"No connection is stored.*psauth\.login\(account='acme'\)"):
        open_client(credential, vault)


def test_a_connection_that_has_ended_says_so_and_the_api_key_stands_in_for_it(settings, keyed, vault, store):
    vault.end(store(), "it was over")
    without, with_key = find_credential(settings, vault), find_credential(keyed, vault)
    assert without.source == "nothing"
    assert without.ended.ended == with_key.ended.ended == "it was over"
    assert with_key.source == "settings"
    assert without.kept == with_key.kept == without.ended
    with pytest.raises(LoginRequired, match="has ended: it was over"):
        open_client(without, vault)


def test_a_credential_is_frozen_and_asks_no_service(keyed, vault, requests_mock):
    credential = find_credential(keyed, vault)
    with pytest.raises(AttributeError):
        credential.source = "vault"
    assert not requests_mock.called


@pytest.mark.parametrize("account", ["", " ", None, 7, "a\nb"])
def test_a_name_that_no_account_can_have(settings, vault, account):
    for call in (
        lambda: find_credential(settings, vault, account),
        lambda: psauth.connect(account, settings=settings),
        lambda: psauth.login(account, settings=settings),
        lambda: psauth.logout(account, settings=settings),
    ):
        with pytest.raises(ArgumentError, match="no name for an account"):
            call()


@pytest.mark.parametrize("call", [psauth.connect, psauth.login, psauth.logout])
def test_what_is_no_settings_is_said(call):
    with pytest.raises(SettingsError, match="A dict is no settings"):
        call(settings={"api_key": "key-Rt55"})


def test_the_api_key_and_a_stored_copy_of_it_share_one_ledger(keyed, vault, requests_mock):
    keyed = keyed.with_(client_id="", client_secret="", authorize_url="", token_url="", api_url="")
    requests_mock.get(f"{API_KEY_BASE}/testAuth", json={"apiKeyLabel": "Acme"})
    names = []
    amend = vault.amend_budget
    vault.amend_budget = lambda name, change: names.append(name) or amend(name, change)
    store_api_key(keyed.api_key, Service.for_api_key(keyed), vault, "default")
    for settings in (keyed.with_(api_key=""), keyed):
        for account in ("default", "acme"):
            if (credential := find_credential(settings, vault, account)).stored is not None:
                open_client(credential, vault).whoami()
    assert len(names) >= 4
    assert len(set(names)) == 1
    assert "key-Rt55" not in names[0]


def test_two_connections_by_oauth_have_a_ledger_each(vault, store):
    ledgers = {
        open_client(find_credential(psauth.Settings(), vault, a), vault).connection.id for a in ("a", "b") if store(a)
    }
    assert len(ledgers) == 2


# The login ------------------------------------------------------------------------------------------------------------


def test_a_login_uses_the_oauth_app_then_the_key_then_where_it_was_before(settings, keyed, vault, store):
    bare = psauth.Settings()
    stored = store()
    assert find_login(keyed, None) == Login(kind="oauth")
    only_key = keyed.with_(client_id="", client_secret="")
    assert find_login(only_key, stored).kind == "api_key"
    assert find_login(bare, stored) == Login(kind="oauth", service=stored.service)
    assert find_login(bare, None) is None
    assert find_login(bare, store("robot", api_key="key-Rt55")) is None
    assert find_login(bare.with_(client_secret="half"), stored) is None, (
        "what is half configured is to be completed first"
    )


def test_with_nothing_to_connect_with_a_misspelt_name_is_said_too(monkeypatch):
    monkeypatch.setenv("PSAUTH_APIKEY", "key-Rt55")
    with pytest.raises(LoginRequired, match=r"psauth\.login\(\)\. PSAUTH_APIKEY is not .* mean PSAUTH_API_KEY\?"):
        psauth.connect(interactive=False)


# The port -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("redirect_uri", "port", "here"),
    [
        ("http://localhost:8501/", 8502, "http://localhost:8502/"),
        ("http://[::1]:8501/cb", 8502, "http://[::1]:8502/cb"),
        ("https://127.0.0.1:8501/", 8511, "https://127.0.0.1:8511/"),
    ],
)
def test_a_port_that_the_answer_would_not_come_back_to(redirect_uri, port, here):
    assert f"PSAUTH_REDIRECT_URI={here}" in port_mismatch(redirect_uri, port)


@pytest.mark.parametrize("redirect_uri", ["http://localhost:8502/", "http://localhost/", "https://app.example:1/"])
def test_a_port_that_fits_or_that_nobody_can_tell(redirect_uri):
    assert port_mismatch(redirect_uri, 8502) is None


# What is shown of it --------------------------------------------------------------------------------------------------


def test_an_ended_connection_does_not_read_as_renewed_in_a_notebook(vault, store):
    vault.end(store(), "it was over")
    card = find_credential(psauth.Settings(), vault).kept._repr_html_()
    assert "has ended: it was over" in card
    assert "renewed" not in card
