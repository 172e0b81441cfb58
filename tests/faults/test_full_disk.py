"""A full disk loses no token: the room is taken before the old one is spent, and what cannot be stored stays in use."""

import contextlib
import os
import random

import pytest

from psauth import Vault, VaultError
from psauth.auth.renewal import renew
from psauth.auth.unstored import UNSTORED_TOKENS
from psauth.vault.service import Service
from tests.faults.small_disk import LimitedFiles, make_disk
from tests.faults.strict import StrictServer

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="there is nothing to mount on Windows")]

KB = 1024


@pytest.fixture
def strict():
    server = StrictServer(size=6_000)
    yield server
    server.close()


@pytest.fixture
def make_full(tmp_path):
    """Makes small disks, each in the place of the last one."""
    disks = []

    def close():
        if disks:
            disks.pop().close()

    def make(size=2048 * KB, kind=make_disk):
        close()
        folder = tmp_path / "disk"
        folder.mkdir(exist_ok=True)
        disks.append(kind(folder, size))
        return disks[-1]

    yield make
    close()


@pytest.fixture
def connect(settings, strict, make_token):
    """A vault on a disk, with a connection to the strict server."""

    def connect(disk, name):
        vault = Vault.open(settings.with_(home=str(disk.folder / name)))
        service = Service(api_url=f"{strict.url}/v1", token_url=f"{strict.url}/token", client_id="analyst")
        token = make_token(access_token=strict.access_token(), refresh_token=strict.refresh_token())
        vault.connect("default", service, token=token)
        return vault

    return connect


def tries(vault, chance):
    """Several refreshes, each of which may be refused for want of room."""
    for _ in range(chance.randrange(1, 5)):
        with contextlib.suppress(VaultError):
            renew(vault, vault.read(), because="asked")


def many(count, strict, make_full, connect, kind=make_disk):
    for number in range(count):
        chance = random.Random(number)
        strict.begin_anew()
        disk = make_full(chance.randrange(400, 2048) * KB, kind)
        vault = connect(disk, f"home-{number}")
        leave = chance.choice([0, 4, 12, 30, 60, 100, 200, 300, 400]) * KB
        if chance.random() < 0.5:
            disk.fill(leave=leave)
        else:  # another program fills it while the service answers
            strict.before_answer = lambda disk=disk, leave=leave: disk.fill(leave=leave)
        tries(vault, chance)
        if chance.random() < 0.3:
            strict.before_answer = lambda: None
            tries(vault, chance)
        strict.before_answer = lambda: None
        disk.free()
        renewed = renew(vault, vault.read(), because="asked")
        assert not strict.is_revoked, f"disk {number} lost a token"
        assert vault.read().token == renewed.token, f"disk {number} did not store it afterwards"
        assert renewed.token.refresh_token == strict.refresh_token()


def test_twenty_full_disks_lose_no_token(strict, make_full, connect):
    many(20, strict, make_full, connect)


@pytest.mark.soak
def test_two_hundred_full_disks_lose_no_token(strict, make_full, connect):
    many(200, strict, make_full, connect)


def test_where_nothing_can_be_mounted_no_token_is_lost_either(strict, make_full, connect):
    many(10, strict, make_full, connect, LimitedFiles)


def test_the_room_is_taken_before_the_token_is_spent(strict, make_full, connect):
    """Tokens of 6 kB with 60 kB free once lost the connection."""
    disk = make_full()
    vault = connect(disk, "home")
    disk.fill(leave=60 * KB)
    count = strict.count
    with pytest.raises(VaultError, match="disk is full; make room"):
        renew(vault, vault.read(), because="asked")
    assert strict.count == count, "nothing was spent"
    disk.free()
    renew(vault, vault.read(), because="asked")
    assert not strict.is_revoked


def test_a_disk_that_fills_up_during_the_request_has_room_for_the_token(strict, make_full, connect):
    disk = make_full()
    vault = connect(disk, "home")
    strict.before_answer = lambda: disk.fill(leave=0)
    renewed = renew(vault, vault.read(), because="asked")
    assert UNSTORED_TOKENS.find(vault, renewed) is None, "it was stored at once"
    disk.free()
    assert vault.read().token == renewed.token


def test_a_token_that_cannot_be_stored_is_used_and_stored_later(strict, make_full, connect, logs, settings):
    disk = make_full()
    vault = connect(disk, "home")
    old = vault.read()

    def fill_to_the_last_byte():
        (disk.folder / "home" / "vault.db-reserve").unlink()
        disk.fill(leave=0)

    strict.before_answer = fill_to_the_last_byte
    renewed = renew(vault, old, because="asked")
    strict.before_answer = lambda: None
    assert renewed.token.access_token == strict.access_token()
    said = logs.text("psauth")
    assert "could not be stored" in said
    assert "used from memory" in said
    assert strict.access_token() not in said
    assert UNSTORED_TOKENS.find(vault, old).token == renewed.token
    with pytest.raises(VaultError):
        renew(vault, old, because="asked")
    assert not strict.is_revoked
    disk.free()
    assert vault.read().token == old.token
    assert UNSTORED_TOKENS.store(vault, old).token == renewed.token
    assert vault.read().token == renewed.token
    assert UNSTORED_TOKENS.find(vault, old) is None
    assert vault.holder("default", what="unstored") is None
