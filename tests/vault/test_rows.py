"""Rows: every field comes back as it went in, and is bound to exactly the place that earlier vaults bound it to."""

import warnings
from datetime import UTC, datetime, timedelta

import pytest

from psauth import Vault
from psauth.secret import Secret
from psauth.vault.connection import Connection, Pending, Stored, fingerprint
from psauth.vault.keys import create_key, parse_key


def just_now(moment):
    return moment.tzinfo is UTC and abs(datetime.now(UTC) - moment) < timedelta(minutes=1)


def test_every_field_of_a_connection_comes_back(settings, vault, service, make_token):
    token = make_token()
    id = vault.connect("acme", service, token=token, label="Lindqvist").id
    stored = Vault.open(settings).read("acme")
    assert just_now(stored.connection.created_at)
    assert stored == Stored(
        connection=Connection(
            account="acme",
            kind="oauth",
            label="Lindqvist",
            scope="read write",
            expires_at=token.expires_at,
            service=service.without_secret(),
            created_at=stored.connection.created_at,
            id=id,
            revision=1,
            renewable=True,
            ended=None,
        ),
        token=token,
        api_key=None,
        client_secret=Secret("client-secret-7Hq2"),
    )
    assert isinstance(stored.client_secret, Secret)
    assert stored.service == service
    assert stored.connection.service.client_secret == ""


def test_every_field_of_an_api_key_comes_back(vault, service):
    connection = vault.connect("robot", service, api_key="key-Rt55")
    stored = vault.read("robot")
    assert (stored.connection, stored.token, stored.api_key) == (connection, None, "key-Rt55")
    assert isinstance(stored.api_key, Secret)
    assert (connection.kind, connection.scope, connection.expires_at, connection.label) == ("api_key", None, None, None)
    assert (connection.renewable, connection.ended, len(connection.id)) == (False, None, 16)


@pytest.mark.parametrize("take", ["pending", "consume"])
def test_every_field_of_an_authorization_comes_back(vault, service, take):
    vault.await_callback(
        "state-1",
        account="acme",
        verifier="verifier-7",
        service=service,
        redirect_uri="http://localhost:8501/",
        browser="browser-1",
        return_to="/connection",
    )
    pending = getattr(vault, take)("state-1")
    assert just_now(pending.created_at)
    assert pending == Pending(
        account="acme",
        verifier="verifier-7",
        service=service,
        redirect_uri="http://localhost:8501/",
        return_to="/connection",
        browser_hash=fingerprint("browser-1"),
        created_at=pending.created_at,
    )
    assert isinstance(pending.verifier, Secret)


def test_the_places_are_those_of_every_vault_of_version_3(settings, vault, service, make_token):
    """Who changes what something is bound to makes all vaults unreadable, and needs another version."""
    key = parse_key(settings.secret_key)
    vault.connect("acme", service, token=make_token(), label="Lindqvist")
    details = {"account": "acme", "verifier": "verifier-7", "service": service, "redirect_uri": "http://localhost/"}
    vault.await_callback("state-1", browser="b", return_to="/", **details)
    vault.amend_budget("mine", lambda _: ("7", None))
    with vault._reading() as db:
        connection = db.exec_driver_sql("SELECT * FROM connections").one()
        pending = db.exec_driver_sql("SELECT * FROM pending").one()
        ledger = db.exec_driver_sql("SELECT ledger FROM budgets").scalar()
        canary = db.exec_driver_sql("SELECT value FROM meta WHERE name = 'canary'").scalar()
    made = datetime.fromtimestamp(connection.created_at, UTC).isoformat()
    place = ("connections", "acme", connection.id, "oauth", made)
    assert key.decrypt(connection.label, "label", *place) == '"Lindqvist"'
    assert key.decrypt(connection.ended, "ended", *place) == "null"
    assert key.decrypt(connection.service, "service", *place) == service.to_json()
    assert key.decrypt(connection.credential, "credential", *place) == vault.read("acme").token.to_json()
    begun = datetime.fromtimestamp(pending.created_at, UTC).isoformat()
    place = ("pending", fingerprint("state-1"), "acme", fingerprint("b"), "http://localhost/", "/", begun)
    assert key.decrypt(pending.verifier, "verifier", *place) == "verifier-7"
    assert key.decrypt(pending.service, "service", *place) == service.to_json()
    assert key.decrypt(ledger, "budgets", "ledger", "mine") == "7"
    assert key.decrypt(canary, "meta", "canary") == f'psauth vault{{"acme": "{connection.id}"}}'
    assert (connection.format, pending.format) == (3, 3)


def test_a_state_of_half_an_emoji_has_a_fingerprint():
    assert fingerprint("\ud83d") == "7586f70fb89addbc55ee252028451c6f36b6e76ca64d663e64c71bce7fd5bdff"
    assert fingerprint("state-1") == "f36b45ae818809ee24ae2489edabfe3cf2a12627b6929c07fc7a3b885d414d44"


def test_the_warning_of_a_new_key_can_be_turned_off_by_its_module(tmp_path):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.filterwarnings("ignore", module="psauth")
        create_key(vault="v", folder=tmp_path)
    assert caught == []
