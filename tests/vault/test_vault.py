"""The vault: what is stored comes back, changes of what was replaced touch nothing, every key but its own is refused."""

import time
import warnings
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet

import psauth.vault.connection
import psauth.vault.sqlite
from psauth import Vault
from psauth.auth.flow import AuthorizationFlow
from psauth.auth.renewal import renew
from psauth.exceptions import LoginRequired, PsauthWarning, SettingsError, VaultError
from psauth.vault.vault import ROOM, ROOM_SHARE
from tests.vault.parts import await_callback, contents


def test_a_connection_comes_back_as_it_was_stored_also_after_reopening(settings, vault, service, make_token):
    token = make_token()
    connection = vault.connect("acme", service, token=token, label="Ünïcode ✓")
    again = Vault.open(settings).read("acme")
    assert again.connection == connection
    assert again.token == token
    assert again.api_key is None
    assert (connection.kind, connection.label, connection.renewable) == ("oauth", "Ünïcode ✓", True)


def test_an_api_key_comes_back_and_does_not_show(vault, store):
    stored = store(api_key="key-Rt55")
    assert stored.api_key == "key-Rt55"
    assert stored.connection.kind == "api_key"
    assert "key-Rt55" not in f"{stored} {stored!r} {stored.connection!r} {stored.api_key!r}"


@pytest.mark.parametrize(
    "account", ["default", "ünï/cødé", "../../etc/passwd", "a b'; DROP TABLE connections; --", "x" * 500]
)
def test_any_text_can_name_an_account(settings, vault, store, account):
    store(account)
    with vault.lock(account):
        assert vault.read(account).connection.account == account
    assert {p.parent for p in settings.home_path.rglob("*")} == {settings.home_path}


def test_accounts_come_sorted_and_apart(vault, store):
    for account in ("zoo", "acme", "Default"):
        store(account, access_token=f"access-of-{account}")
    assert [c.account for c in vault.connections()] == ["Default", "acme", "zoo"]
    assert vault.read("acme").token.access_token == "access-of-acme"


def test_a_connection_that_is_not_there_names_the_line_to_type(vault):
    assert vault.find() is None
    assert vault.stamp() is None
    with pytest.raises(LoginRequired, match=r"psauth\.login\(account='acme'\)"):
        vault.read("acme")


def test_the_stamp_moves_with_every_change_and_not_without(vault, service, make_token, store):
    stamps = [None]

    def moved(expected=True):
        stamp = vault.stamp()
        assert (stamp not in stamps) == expected
        stamps.append(stamp)

    stored = store()
    moved()
    vault.attempt(stored)
    moved(False)
    vault.renew(stored, make_token(access_token="2"))
    moved()
    vault.name(stored.connection, "Label")
    moved()
    vault.name(vault.read().connection, "Label")
    moved(False)
    vault.end(stored, "over")
    moved()
    vault.connect("default", service, token=make_token())
    moved()


def test_a_change_of_a_connection_that_was_replaced_touches_nothing(vault, store, make_token):
    old = store(access_token="old")
    new = store(access_token="new")
    for change in (
        lambda: vault.attempt(old),
        lambda: vault.renew(old, make_token(access_token="late")),
        lambda: vault.end(old, "late"),
        lambda: vault.name(old.connection, "late"),
    ):
        with pytest.raises(LoginRequired, match="removed or replaced meanwhile"):
            change()
    assert vault.read() == new


def test_forgetting_takes_the_pending_requests_along(vault, store, service):
    store("acme")
    await_callback(vault, service, account="acme")
    await_callback(vault, service, "state-2", account="other")
    assert vault.forget("acme")
    assert not vault.forget("acme")
    assert vault.find("acme") is None
    assert vault.pending("state-1") is None
    assert vault.pending("state-2") is not None


def test_without_a_setting_the_key_is_made_once_and_found_again(settings, service, make_token):
    bare = settings.with_(secret_key="")
    with pytest.warns(PsauthWarning, match="No keyring"):
        Vault.open(bare).connect("default", service, token=make_token())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = Vault.open(bare)
    assert again.read().token.access_token == "access-1-Kd93"
    assert again.key_source.endswith("vault.key")


def test_keys_rotate(settings, service, make_token, vault, store):
    new, old = Fernet.generate_key().decode(), settings.secret_key
    store("one")
    await_callback(vault, service, verifier="verifier-7")
    both = Vault.open(settings.with_(secret_key=f"{new},{old}"))
    assert both.read("one").token == Vault.open(settings).read("one").token
    assert both.rotate() == 1
    only_new = Vault.open(settings.with_(secret_key=new))
    assert only_new.read("one").token.access_token == "access-1-Kd93"
    assert only_new.pending("state-1").verifier == "verifier-7"
    with pytest.raises(VaultError, match="does not open"):
        Vault.open(settings)


WRONG = {
    "another key": ({"secret_key": Fernet.generate_key().decode()}, VaultError, "PSAUTH_SECRET_KEY does not open"),
    "no key": ({"secret_key": ""}, VaultError, "is gone"),
    "no key at all": ({"secret_key": "hunter2"}, SettingsError, "not a Fernet key"),
}


@pytest.mark.parametrize("how", WRONG)
def test_a_wrong_key_changes_nothing(settings, vault, store, how):
    store()
    before = contents(settings.home_path)
    changes, error, said = WRONG[how]
    for _ in range(2):
        with pytest.raises(error, match=said):
            Vault.open(settings.with_(**changes))
    assert contents(settings.home_path) == before
    assert Vault.open(settings).read().token


def test_a_key_that_changes_in_the_middle_is_said_record_by_record(settings, vault, store):
    store("mine")
    with vault._writing() as db:
        db.exec_driver_sql("UPDATE connections SET credential = ?", (Fernet(Fernet.generate_key()).encrypt(b"{}"),))
    before = contents(settings.home_path)
    with pytest.raises(VaultError, match="cannot be decrypted"):
        vault.read("mine")
    assert contents(settings.home_path) == before


def test_no_secret_stands_in_the_bytes_of_any_file(settings, vault, store, make_token, requests_mock):
    answer = {"access_token": "access-after-login", "refresh_token": "refresh-after-login"}
    requests_mock.post("https://app.example/oauth/token", json=answer)
    flow = AuthorizationFlow(settings, vault)
    verifiers, states = [], []
    files = b""
    with vault._reading() as held:  # an open reader keeps the write-ahead log from being folded in and removed
        held.exec_driver_sql("SELECT * FROM connections").all()
        for code in ("code-1-Xy71", "code-2-Xy72"):
            request = flow.begin(browser="browser-Bb31", return_to="/here")
            states.append(request.state)
            verifiers.append(str(vault.pending(request.state).verifier))
            flow.finish({"state": request.state, "code": code}, browser="browser-Bb31")
        states.append(flow.begin().state)
        store("key", api_key="key-Rt55")
        renew(vault, store("other", lives=0))
        files = b"".join(p.read_bytes() for p in settings.home_path.iterdir())
        assert "vault.db-wal" in {p.name for p in settings.home_path.iterdir()}
    files += b"".join(p.read_bytes() for p in settings.home_path.iterdir())
    secrets = [*answer.values(), *verifiers, *states, "code-1-Xy71", "code-2-Xy72", "key-Rt55", "browser-Bb31"]
    secrets += [settings.client_secret, settings.secret_key, "access-1-Kd93", "refresh-1-Zp41"]
    assert b"api.example" not in files, "the service is encrypted as a whole"
    assert b"default" in files, "the search sees what stands there"
    for secret in secrets:
        assert secret.encode() not in files


def test_a_vault_does_not_show_its_key(settings, vault):
    assert settings.secret_key not in repr(vault) + vault.key_source
    assert settings.home in repr(vault)


def test_ten_minutes_are_what_the_documentation_says():
    assert timedelta(minutes=10) == psauth.vault.connection.PENDING_LIFETIME


def test_rotation_takes_everything_along(settings, vault, store, service):
    token, key = store("mine"), store("keyed", api_key="key-Rt55")
    vault.name(token.connection, "Lindqvist")
    vault.end(key, "it has ended")
    details = {"redirect_uri": "http://localhost/", "verifier": "verifier-7", "account": "mine"}
    vault.await_callback("all", service=service, browser="b", return_to="/connection", **details)
    vault.await_callback("least", service=service, browser=None, return_to=None, **details)
    vault.amend_budget("ledger", lambda _: ("7", None))
    before = [vault.read("mine"), vault.read("keyed"), vault.pending("all"), vault.pending("least")]
    new = Fernet.generate_key().decode()
    assert Vault.open(settings.with_(secret_key=f"{new},{settings.secret_key}")).rotate() == 2
    rotated = Vault.open(settings.with_(secret_key=new))
    assert [rotated.read("mine"), rotated.read("keyed"), rotated.pending("all"), rotated.pending("least")] == before
    assert rotated.amend_budget("ledger", lambda text: (text, text)) == "7"


def attempted_at(vault):
    with vault._reading() as db:
        return db.exec_driver_sql("SELECT attempted_at FROM connections").scalar()


def test_a_refresh_is_noted_when_it_begins_and_cleared_when_it_ends(vault, store, make_token, monkeypatch):
    rooms = []
    monkeypatch.setattr(type(vault._store), "take_room", lambda _, size: rooms.append(size))
    for details in ({}, {"api_key": "k"}):
        begun = store(**details)
        vault.attempt(begun)
        assert rooms.pop() == ROOM + (ROOM_SHARE * len(begun.token.to_json()) if begun.token else 0)
        assert abs(attempted_at(vault) - time.time()) < 60
        vault.end(begun, "why")
        assert attempted_at(vault) is None
    begun = store()
    vault.end(begun, "why")
    vault.attempt(begun)
    renewed = vault.renew(begun, make_token(access_token="2")).connection
    assert (renewed.ended, renewed.revision) == (None, begun.connection.revision + 2)
    assert attempted_at(vault) is None


def test_whoever_names_no_account_means_the_default_one(vault, store):
    stored = store()
    store("another")
    assert vault.find() == vault.read() == vault.find("default") == stored
    assert vault.stamp() == vault.stamp("default") == f"{stored.connection.id}.1"
    assert vault.stamp("nobody") is None
