"""A new token that the vault cannot take: in use from memory, told to other processes, and stored as soon as it can be."""

import pytest

from psauth import Vault
from psauth.api.access import Access
from psauth.auth.renewal import renew
from psauth.auth.unstored import UNSTORED_TOKENS
from psauth.exceptions import LoginRequired, VaultError
from tests.vault.parts import in_a_child, posix

TOKEN = "https://app.example/oauth/token"
ROTATED = {"access_token": "access-2-Gt61", "refresh_token": "refresh-2-Ww08", "expires_in": 3600}


@pytest.fixture
def full(vault, monkeypatch):
    """From now on no token can be stored; its end is that one can again."""
    with monkeypatch.context() as patch:

        def refuse(*args):
            raise VaultError("The disk is full.")

        def fill():
            patch.setattr(Vault, "renew", refuse)

        yield fill, patch.undo


@pytest.fixture
def unstored(vault, store, full, requests_mock):
    """A connection whose new token could not be stored, as the vault has it."""
    requests_mock.post(TOKEN, json=ROTATED)
    old = store(lives=0)
    full[0]()
    assert renew(vault, old).token.access_token == "access-2-Gt61"
    yield old
    full[1]()
    UNSTORED_TOKENS.store(vault, old)


def test_it_is_said_without_the_token(logs, unstored, vault, requests_mock):
    requests_mock.post(TOKEN, json={**ROTATED, "access_token": "access-3-Gt62"})
    again = renew(vault, renew(vault, unstored), because="asked")
    said = logs.text("psauth")
    assert "could not be stored: The disk is full. It is used from memory" in said
    assert again.token.access_token not in said
    assert "refresh-2-Ww08" in requests_mock.last_request.text, "the newest refresh token was used"


def test_a_client_made_meanwhile_uses_it_without_asking_the_service(unstored, vault, requests_mock):
    before = requests_mock.call_count
    assert vault.read() == unstored, "the vault does not know it"
    access = Access(vault.read(), vault)
    assert access.current().token.access_token == "access-2-Gt61"
    assert renew(vault, unstored).token.access_token == "access-2-Gt61"
    assert requests_mock.call_count == before


def test_it_is_stored_with_the_next_request_that_can(unstored, vault, full):
    access = Access(renew(vault, unstored), vault)
    access.current()
    assert vault.read() == unstored
    full[1]()
    access.current()
    assert vault.read().token.refresh_token == "refresh-2-Ww08"
    assert UNSTORED_TOKENS.find(vault, unstored) is None
    assert vault.holder("default", what="unstored") is None


def test_it_is_stored_with_the_next_renewal_that_can(unstored, vault, full):
    full[1]()
    assert renew(vault, unstored).token.access_token == "access-2-Gt61"
    assert vault.read().token.access_token == "access-2-Gt61"


def test_it_is_stored_when_the_process_ends(unstored, vault, full):
    full[1]()
    UNSTORED_TOKENS._store_all()
    assert vault.read().token.access_token == "access-2-Gt61"


def test_a_login_that_came_after_it_makes_it_needless(unstored, vault, store, full):
    full[1]()
    new = store(access_token="access-9")
    assert UNSTORED_TOKENS.find(vault, new) is None
    assert UNSTORED_TOKENS.store(vault, new) is None
    assert vault.read() == new
    assert vault.holder("default", what="unstored") is None


@posix
def test_another_process_does_not_spend_the_old_token_again(unstored, settings, requests_mock):
    before = requests_mock.call_count

    def check():
        vault = Vault.open(settings)
        assert UNSTORED_TOKENS.find(vault, unstored) is None, "it stays with the parent"
        with pytest.raises(
            VaultError, match=r"Process \d+ .* holds a new token of account 'default' in memory.*Make room"
        ):
            renew(vault, vault.read(), because="asked")
        assert requests_mock.call_count == before

    in_a_child(check)


@posix
def test_another_process_goes_on_with_an_access_token_that_lives(vault, store, full, settings, requests_mock, logs):
    requests_mock.post(TOKEN, json=ROTATED)
    old = store(lives=30)
    full[0]()
    renew(vault, old)

    def check():
        vault = Vault.open(settings)
        assert renew(vault, vault.read()) == old
        assert "Going on with the access token while it lives" in logs.text("psauth")

    in_a_child(check)
    full[1]()
    UNSTORED_TOKENS.store(vault, old)


def test_when_its_process_dies_another_one_tries_the_old_token(vault, store, settings, requests_mock):
    requests_mock.post(TOKEN, json=ROTATED)
    old = store(lives=0)

    def hold_and_die():
        UNSTORED_TOKENS.hold(vault, old, old.token)

    in_a_child(hold_and_die)
    assert renew(vault, old).token.access_token == "access-2-Gt61"


@pytest.mark.parametrize("moment", ["before", "after"])
def test_ctrl_c_while_it_is_stored_loses_nothing(vault, store, requests_mock, monkeypatch, moment):
    requests_mock.post(TOKEN, json=ROTATED)
    old, real = store(lives=0), Vault.renew
    interrupted = []

    def interrupt(*args):
        if interrupted:
            return real(*args)
        interrupted.append(1)
        if moment == "after":
            real(*args)
        raise KeyboardInterrupt

    monkeypatch.setattr(Vault, "renew", interrupt)
    with pytest.raises(KeyboardInterrupt):
        renew(vault, old)
    assert vault.read().token.refresh_token == "refresh-2-Ww08"
    assert vault.holder("default", what="unstored") is None


def test_a_connection_that_was_removed_meanwhile_is_not_held(vault, store, requests_mock):
    old = store(lives=0)
    requests_mock.post(TOKEN, json=lambda *_: vault.forget("default") and ROTATED)
    with pytest.raises(LoginRequired, match="removed or replaced"):
        renew(vault, old)
    assert UNSTORED_TOKENS.find(vault, old) is None


@pytest.mark.parametrize("because", ["expiry", "asked"])
def test_without_room_for_a_new_token_a_living_one_goes_on(vault, store, requests_mock, monkeypatch, logs, because):
    def full(*args):
        raise VaultError("The disk is full.")

    old = store(lives=30)
    monkeypatch.setattr(Vault, "attempt", full)
    if because == "expiry":
        assert renew(vault, old) == old
        assert "refresh postponed: The disk is full." in logs.text("psauth")
    else:
        with pytest.raises(VaultError, match="The disk is full"):
            renew(vault, old, because=because)
    assert not requests_mock.called
