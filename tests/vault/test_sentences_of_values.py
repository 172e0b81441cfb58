"""What connections, tokens and refused values say of themselves, word for word."""

from datetime import UTC, datetime, timedelta

import pytest

from psauth.exceptions import ArgumentError, LoginRequired
from psauth.vault.connection import Connection, ended, login_line
from psauth.vault.service import Service
from psauth.vault.tables import check_addresses
from psauth.vault.token import Token
from tests.vault.parts import said


def test_what_cannot_be_stored(vault, service):
    one = "A connection has one credential. Expected either token= or api_key=."
    assert said(lambda: vault.connect("default", service), ArgumentError) == one
    for name in ("", " ", "a\nb", None, 3):
        expected = f"{name!r} is no name for an account. Expected a text like 'default'."
        assert said(lambda name=name: vault.find(name), ArgumentError) == expected


def test_addresses_that_are_too_long():
    check_addresses("x" * 2000, "y" * 2000)
    check_addresses("", None)
    for name, addresses in {"redirect_uri": ("x" * 2001, None), "return_to": ("", "y" * 2001)}.items():
        assert said(lambda addresses=addresses: check_addresses(*addresses), ArgumentError) == (
            f"{name} has 2001 characters. Expected at most 2000; pass a shorter one."
        )


def test_a_connection_that_is_not_there(vault, store):
    assert said(lambda: vault.read("acme"), LoginRequired) == (
        "No connection is stored for account 'acme'. Log in with: psauth.login(account='acme')"
    )
    stored = store()
    vault.forget("default")
    assert said(lambda: vault.end(stored, "x"), LoginRequired) == (
        "The connection of account 'default' was removed or replaced meanwhile. Log in with: psauth.login()"
    )


def test_a_connection_that_has_ended(vault, store):
    stored = store("acme")
    vault.end(stored, "the service said so")
    assert str(ended(vault.read("acme").connection)) == (
        "The connection of account 'acme' has ended: the service said so. Log in with: psauth.login(account='acme')"
    )
    assert login_line("default") == "psauth.login()"


REFUSED = {
    "none": ({}, "there is no access_token in it"),
    "blank": ({"access_token": " "}, "there is no access_token in it"),
    "a line break": ({"access_token": "a\nb"}, "its access_token holds characters that cannot stand in a header"),
    "too long": ({"access_token": "a" * 16385}, "its access_token has 16,385 characters, which fit into no header"),
    "of another type": (
        {"access_token": "a", "token_type": "mac" + "x" * 50},
        f"its token_type is {'mac' + 'x' * 37 + '…'!r}, and the API takes Bearer tokens only",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_token_that_cannot_be_used(what):
    answer, sentence = REFUSED[what]
    assert said(lambda: Token.from_answer(answer), ValueError) == sentence


def test_what_values_show_of_themselves(make_token, service, vault):
    token = Token.from_answer({"access_token": "a"})
    assert repr(token) == "Token(access_token=***, refresh_token=None, scope=None, expires_at=unknown)"
    end = datetime(2030, 1, 2, 3, 4, 5, 678, UTC)
    assert repr(make_token(expires_at=end)) == (
        "Token(access_token=***, refresh_token=***, scope='read write', expires_at=2030-01-02T03:04:05+00:00)"
    )
    assert said(token.__reduce__, TypeError) == (
        "A Token is not pickled: it would leave the vault. Open the vault where the token is needed."
    )
    assert repr(Service(api_url="https://a.example", client_id="c", token_url="https://b.example")) == (
        "Service(api_url='https://a.example', client_id='c', token_url='https://b.example')"
    )
    assert repr(vault) == f"Vault({vault.place!r})"


ENDS = {
    "over": ({"ended": "why"}, "has ended: why"),
    "key": ({"kind": "api_key"}, "when the key is deleted in Process Street"),
    "unknown": ({"expires_at": None}, "not said by the service"),
    "soon": ({"expires_at": timedelta(minutes=9.9)}, "in 10 min (at {:%Y-%m-%d %H:%M} UTC)"),
    "past": (
        {"expires_at": timedelta(minutes=-9), "renewable": True},
        "in 0 min (at {:%Y-%m-%d %H:%M} UTC), renewed by itself",
    ),
}


@pytest.mark.parametrize("what", ENDS)
def test_a_connection_as_a_table(what):
    changes, end = ENDS[what]
    now = datetime.now(UTC)
    if changes.get("expires_at") is not None:
        changes = {**changes, "expires_at": now + changes["expires_at"]}
        end = end.format(changes["expires_at"])
    details = {"kind": "oauth", "label": "A & B", "scope": None, "expires_at": None}
    connection = Connection(
        account="a",
        service=Service(api_url="https://api.example:1/v1"),
        created_at=now,
        id="i",
        revision=1,
        **{**details, **changes},
    )
    rows = {
        "Service": "api.example:1",
        "Account": "a",
        "Label": "A &amp; B",
        "Kind": connection.kind,
        "Scope": "–",
        "Expires": end,
    }
    cells = "".join(f"<tr><th style='text-align:left'>{name}</th><td>{text}</td></tr>" for name, text in rows.items())
    assert connection._repr_html_() == f"<table>{cells}</table>"
