"""Connection: what a person is shown of it."""

import re
from datetime import UTC, datetime, timedelta

import pytest

import psauth
from psauth.exceptions import ArgumentError
from psauth.vault.connection import Connection, Pending, check_account, fingerprint


def ends(connection):
    """The last row of the card."""
    return re.search(r"Expires</th><td>(.*?)</td>", connection._repr_html_()).group(1)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"lives": 3600}, r"in (59|60) min \(at \d{4}-\d\d-\d\d \d\d:\d\d UTC\), renewed by itself"),
        ({"lives": 3600, "refresh_token": None}, r"in (59|60) min \(at .* UTC\)"),
        ({"lives": -60}, r"in 0 min \(at .* UTC\), renewed by itself"),
        ({"lives": None}, "not said by the service"),
        (dict.fromkeys(("expires_at", "obtained_at"), datetime(2026, 11, 20, tzinfo=UTC)), "not said by the service"),
        ({"api_key": "key-Rt55"}, "when the key is deleted in Process Street"),
    ],
)
def test_the_card_says_when_the_access_ends(store, given, said):
    assert re.fullmatch(said, ends(store(**given).connection))


def test_the_card_of_a_connection_that_has_ended_says_so(vault, store):
    vault.end(store(), "the service has ended the access (invalid_grant)")
    assert ends(vault.read().connection) == "has ended: the service has ended the access (invalid_grant)"


def test_what_the_service_calls_itself_is_text_and_no_markup(vault, store):
    vault.name(store().connection, "<script>alert(1)</script>")
    assert "<script>" not in vault.read().connection._repr_html_()


@pytest.mark.parametrize("account", ["", "  ", "a\nb", "a\0", None, 7, b"default", ["default"]])
def test_what_is_no_name_for_an_account_is_an_error_of_psauth_and_a_value_error(account):
    for error in (ArgumentError, psauth.PsauthError, ValueError):
        with pytest.raises(error, match="is no name for an account. Expected a text like 'default'"):
            check_account(account)


@pytest.mark.parametrize("settings", ["settings", {"client_id": "a"}, 7])
def test_what_is_no_settings_is_said_by_the_vault(settings):
    with pytest.raises(ArgumentError, match=r"is no settings\. Expected psauth\.Settings"):
        psauth.Vault.open(settings)


def test_a_connection_that_is_not_kept_has_no_id(service):
    now = datetime.now(UTC)
    unstored = Connection.unstored("acme", service)
    assert unstored.created_at - now < timedelta(minutes=1)
    assert unstored == Connection(
        account="acme",
        kind="api_key",
        label=None,
        scope=None,
        expires_at=None,
        service=service,
        created_at=unstored.created_at,
        id="",
        revision=0,
        renewable=False,
        ended=None,
    )
    assert "<th style='text-align:left'>Label</th><td>–</td>" in unstored._repr_html_()


def test_minutes_are_minutes(make_token, vault, service):
    now = datetime.now(UTC)
    vault.connect("default", service, token=make_token(expires_at=now + timedelta(days=9)))
    assert ends(vault.read().connection).startswith("in 12960 min (at ")


def test_ten_minutes_are_enough_and_not_more(service):
    now = datetime.now(UTC)
    pending = Pending(
        account="a",
        verifier="v",
        service=service,
        redirect_uri="r",
        return_to=None,
        browser_hash=fingerprint(""),
        created_at=now,
    )
    for age, is_expired in [(-600, False), (-601, True), (600, False), (601, True)]:
        assert pending.is_expired(now=now + timedelta(seconds=age)) is is_expired
    assert pending.belongs_to(None)
    assert pending.belongs_to("")
    assert not pending.belongs_to("another")
