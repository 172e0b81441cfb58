"""What is said of keys, keyrings, locks and modes, word for word; and what the log of an opening holds."""

import os
import re
import threading
import warnings
from contextlib import contextmanager

import keyring
import pytest
from cryptography.fernet import Fernet
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from psauth import Vault
from psauth.exceptions import PsauthWarning, SettingsError, VaultError
from psauth.vault import keychain, keys
from psauth.vault.keys import create_key, find_key, key_file, parse_key, write_private
from psauth.vault.modes import Access
from psauth.vault.vault import log as vault_log
from tests.vault.older import make_older
from tests.vault.parts import posix, said

KEPT = "nothing was deleted or overwritten."
MAKE = 'python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
ONE, TWO = "Mq0x1k6S0S3r4d7v9n2y5u8w1c4f7i0l3o6r9t2z5E4=", "b2Jq8fQm1yVd5tKz7hXc3wLp9sRn4gTe6uAi0oDj2Ec="
ELSEWHERE = "set PSAUTH_HOME to a folder on a disk of this machine (PSAUTH_HOME=/its/path)"


class Fake(KeyringBackend):
    """A keyring that keeps what it is given, raises what it is told to, or waits."""

    priority = 1

    def __init__(self, error=None, waits=None):
        super().__init__()
        self.error, self.waits, self.kept, self.threads, self.asked = error, waits, {}, [], []

    def get_password(self, service, username):
        self.threads.append(threading.current_thread())
        self.asked.append((service, username))
        if self.waits is not None:
            self.waits.wait(20)
        if self.error is not None:
            raise self.error
        return self.kept.get((service, username))

    def set_password(self, service, username, password):
        self.get_password(service, username)
        self.kept[service, username] = password


@pytest.fixture
def use(monkeypatch):
    """Makes a keyring the one of this machine, with deadlines that a test can wait for."""
    monkeypatch.setattr(keychain, "DEADLINE", 0.1)
    monkeypatch.setattr(keychain, "SHORT_DEADLINE", 0.05)
    monkeypatch.setattr(keychain, "_unanswered", None)
    monkeypatch.setattr(keys, "_silent_at", set())
    released = threading.Event()

    def use(error=None, *, waits=False):
        fake = Fake(error, released if waits else None)
        keyring.set_keyring(fake)
        return fake

    yield use
    released.set()
    if keychain._unanswered is not None:
        keychain._unanswered.join(20)


@pytest.fixture
def place(tmp_path):
    """The vault's address and the folder a key file would be in."""
    return {"vault": str(tmp_path / "vault.db"), "folder": tmp_path}


# The setting --------------------------------------------------------------------------------------------------------

SETTINGS = {
    ",": f"PSAUTH_SECRET_KEY holds commas and no key. Expected Fernet keys, the newest first; make one with: {MAKE}",
    f"{ONE},{TWO},{ONE}": (
        "Key 3 in PSAUTH_SECRET_KEY is the same as key 1. Expected each key once, the newest first. Take one of them out, or "
        f"make a new one with: {MAKE}"
    ),
    "short": (
        f"PSAUTH_SECRET_KEY is not a Fernet key. Expected 44 characters of url-safe base64; make one with: {MAKE}"
    ),
    f"{ONE},short": (
        "Key 2 in PSAUTH_SECRET_KEY is not a Fernet key. Expected 44 characters of url-safe base64; make one with: "
        f"{MAKE}"
    ),
}


@pytest.mark.parametrize("text", SETTINGS)
def test_a_setting_that_is_no_key(text):
    assert said(lambda: parse_key(text), SettingsError) == SETTINGS[text]


def test_a_key_shows_where_it_came_from_and_nothing_else():
    assert repr(parse_key(ONE)) == "Key(***, source='PSAUTH_SECRET_KEY')"


def test_a_vault_with_another_key(settings, vault):
    assert said(lambda: Vault.open(settings.with_(secret_key=ONE))) == (
        f"The key from PSAUTH_SECRET_KEY does not open the vault {vault.place}. Use the key it was made with; "
        f"{KEPT} To begin anew, move {vault.place} away, then type: psauth login"
    )


# The file -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\xff", "cannot be read (it is no text). Restore it from a backup, or make it readable for you;"),
        (None, "cannot be read (it is a folder). Restore it from a backup, or make it readable for you;"),
        (b"x", "is damaged: expected 44 characters. Restore it from a backup;"),
        (ONE.encode() + b" " * 5000, None),
        (
            b" " * 4096 + ONE.encode(),
            "is damaged: expected 44 characters. Restore it from a backup;",
        ),
    ],
)
def test_a_key_file_that_is_none(place, content, sentence):
    file = key_file(place["folder"])
    file.mkdir() if content is None else file.write_bytes(content)
    if sentence is None:
        key = find_key("", **place)
        assert (key.texts, key.source) == ((ONE,), str(file))
    else:
        assert said(lambda: find_key("", **place)) == (
            f"The key file {file} {sentence} {KEPT} To begin anew, move {file} away, then type: psauth login"
        )


def test_a_key_file_that_cannot_be_written(place):
    file = key_file(place["folder"])
    file.mkdir()
    assert said(lambda: create_key(**place)) == (
        f"The key file {file} cannot be written (File exists). A file or a folder stands where the other was expected. "
        f"Move it away, or {ELSEWHERE}; nothing was kept."
    )
    with pytest.raises(FileExistsError) as refusal:
        write_private(file, "x")
    assert refusal.value.strerror == "File exists"


def test_a_key_that_is_gone(settings, vault):
    assert said(lambda: Vault.open(settings.with_(secret_key=""))) == (
        f"The key file {settings.home_path / 'vault.key'} is gone, and the key of the vault {vault.place} is neither in the "
        f"keyring nor in PSAUTH_SECRET_KEY. Restore the key file from a backup, or set PSAUTH_SECRET_KEY to the key; {KEPT} "
        f"To begin anew, move {vault.place} away, then type: psauth login"
    )


@posix
@pytest.mark.parametrize(
    ("access", "readers"),
    [
        (Access.PRIVATE, " (readable by you alone)"),
        (Access.OPEN, " (which others on this machine can read)"),
        (Access.UNKNOWN, ""),
    ],
)
@pytest.mark.parametrize("waits", [False, True])
def test_a_new_key_in_a_file(place, monkeypatch, use, access, readers, waits):
    use(RuntimeError(), waits=waits)
    monkeypatch.setattr(keys, "close_to_others", lambda path: access)
    reason = "The operating system's keyring does not answer" if waits else "No keyring on this machine"
    file = key_file(place["folder"])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        key = create_key(**place)
    (warning,) = caught
    assert str(warning.message) == (
        f"{reason}, so the vault's key is kept in {file}{readers}. Whoever can read that file and the vault can use your "
        "connections; set PSAUTH_SECRET_KEY to keep the key elsewhere."
    )
    assert (warning.category, warning.filename, warning.lineno) == (PsauthWarning, "<psauth>", 1)
    assert (key.source, key.is_open) == (str(file), access is Access.OPEN)
    assert file.read_text() == key.texts[0]


# The keyring --------------------------------------------------------------------------------------------------------

PROBLEMS = {
    "locked": (KeyringLocked(), "The operating system's keyring is locked: unlock it"),
    "broken": (OSError(), "The operating system's keyring does not work (OSError): repair it"),
    "silent": (
        None,
        "The operating system's keyring does not answer: if it asks for a password in a window, type it there",
    ),
}


@pytest.mark.parametrize("what", PROBLEMS)
def test_a_key_in_a_keyring_that_cannot_be_asked(settings, vault, use, what):
    error, problem = PROBLEMS[what]
    fake = use(error, waits=error is None)
    assert said(lambda: Vault.open(settings.with_(secret_key=""))) == (
        f"The key file {settings.home_path / 'vault.key'} was not found, and the key of the vault {vault.place} may be in the "
        f"keyring. {problem}, then try again. Or restore the key file from a backup, set PSAUTH_SECRET_KEY to the key, or PSAUTH_HOME to a new folder; "
        f"{KEPT} To begin anew, move {vault.place} away, then type: psauth login"
    )
    assert set(fake.asked) == {("psauth", vault.place)}


def test_a_key_in_the_keyring(place, use):
    fake = use()
    key = create_key(**place)
    assert fake.kept == {("psauth", place["vault"]): key.texts[0]}
    assert (key.source, find_key("", **place).source) == ("the operating system's keyring",) * 2
    assert keychain.problem(place["vault"]) is None
    assert not key_file(place["folder"]).exists()
    thread = fake.threads[0]
    assert (thread.name, thread.daemon) == ("psauth-keyring", True)
    assert isinstance(keychain.read(place["vault"], deadline=1), keys.Secret)


def test_a_keyring_that_forgets_is_none(place, use):
    fake = use()
    fake.set_password = lambda *_: None
    with pytest.warns(PsauthWarning, match="^No keyring on this machine, so"):
        create_key(**place)


def test_a_silent_keyring_beside_a_key_file_is_said_once(place, use, logs):
    write_private(key_file(place["folder"]), ONE)
    use(waits=True)
    for _ in range(2):
        assert find_key("", **place).texts == (ONE,)
    shown = [(record.levelname, record.getMessage()) for record in logs.records if record.name == "psauth.vault.keys"]
    assert shown == [
        (
            "WARNING",
            "The operating system's keyring does not answer, so the key of the vault is taken from "
            f"{key_file(place['folder'])}. Set PSAUTH_SECRET_KEY to its content, and the keyring is not asked.",
        )
    ]


def test_a_broken_keyring_is_said_in_the_log(place, use, logs):
    use(OSError("secret"))
    with pytest.warns(PsauthWarning):
        create_key(**place)
    find_key("", **place)
    shown = [(record.levelname, record.getMessage()) for record in logs.records if record.name == "psauth.vault.keys"]
    assert shown == [("DEBUG", "the keyring cannot be used: OSError")] * 2


def test_after_an_unanswered_question_none_is_asked_until_it_is_answered(place, use):
    fake = use(waits=True)
    for _ in range(3):
        with pytest.raises(keychain.Unanswered):
            keychain.read(place["vault"], deadline=0.05)
    assert len(fake.threads) == 1
    fake.waits.set()
    fake.threads[0].join(20)
    assert keychain.read(place["vault"], deadline=20) is None
    assert keychain._unanswered is None


def test_a_timeout_of_the_keyring_itself_is_its_own(use):
    use(TimeoutError("its own"))
    with pytest.raises(TimeoutError, match="its own"):
        keychain.read("v", deadline=20)
    assert keychain._unanswered is None


# Locks and the log --------------------------------------------------------------------------------------------------


@posix
@pytest.mark.parametrize("stopped", [False, True])
def test_a_lock_that_somebody_holds(vault, monkeypatch, stopped):
    monkeypatch.setattr("psauth.vault.locks._is_stopped", lambda pid: stopped and pid == str(os.getpid()))
    pid = os.getpid()
    with vault.lock("default"):
        sentence = said(lambda: vault.lock("default", timeout=0.01).__enter__())
    remedy = f"Wait until it is done, or end it (kill {pid}), and try again."
    if stopped:
        remedy = f"It is stopped: let it go on (kill -CONT {pid}) or end it (kill -9 {pid}), and try again."
    assert re.fullmatch(
        rf"Process {pid} \(since \d\d:\d\d:\d\d UTC\) has held the lock vault\.db\.account-[0-9a-f]{{16}}\.lock beside the "
        rf"vault for 0 seconds\. {re.escape(remedy)}",
        sentence,
    )


@posix
def test_a_lock_that_nobody_signed(vault, settings):
    with vault.lock("default"):
        (path,) = settings.home_path.glob("vault.db.account-*.lock")
        path.write_bytes(b"")
        assert said(lambda: vault.lock("default", timeout=0).__enter__()) == (
            f"Somebody has held the lock {path.name} beside the vault for 0 seconds. Look for a psauth process that hangs, "
            "end it, and try again."
        )


@posix
def test_what_the_log_says_of_an_opening(settings, vault, store, logs, monkeypatch):
    def opened():
        logs.records.clear()
        Vault.open(settings)
        return [(r.levelname, r.getMessage()) for r in logs.records if r.name == vault_log.name]

    assert opened() == []
    os.chmod(vault.place, 0o640)
    closed = f"The vault {vault.place} was readable by others; now only you can read it."
    assert opened() == [("WARNING", closed)]
    monkeypatch.setattr("psauth.vault.sqlite.close_to_others", lambda path: Access.OPEN)
    can_be_read = (
        f"The vault {vault.place} or its key can be read by others on this machine, and its drive does not let psauth change "
        "that. Set PSAUTH_HOME to a folder on another drive, or PSAUTH_SECRET_KEY to keep the key elsewhere."
    )
    assert opened() == [("WARNING", can_be_read)]
    assert opened() == []
    store()
    make_older(settings, 2)
    assert ("INFO", "the vault was brought from version 2 to 3") in opened()


def test_keys_are_told_apart_by_the_first_that_fits(settings):
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    vault = Vault.open(settings.with_(secret_key=old))
    assert Vault.open(settings.with_(secret_key=f"{new},{old}")).rotate() == 0
    assert Vault.open(settings.with_(secret_key=new)).connections() == []
    with pytest.raises(VaultError):
        vault.rotate()


def test_who_waited_for_another_to_make_the_key_takes_theirs(place, use):
    fake, locks, vault, folder = use(), [], place["vault"], place["folder"]

    class Store:
        place, key_folder = vault, folder

        def is_new(self):
            return True

        @contextmanager
        def lock(self, name, *, timeout):
            locks.append((name, timeout))
            fake.kept["psauth", self.place] = ONE  # the other one has made it meanwhile
            yield

    key, is_said = keys.find_or_create_key(keys.Secret(""), Store(), patience=7)
    assert (key.texts, key.source, is_said) == ((ONE,), keys.KEYRING, False)
    assert locks == [("key", 7)]
    assert keys.find_or_create_key(keys.Secret(TWO), Store(), patience=7)[0].texts == (TWO,)
    assert len(locks) == 1, "whoever has a key waits for nobody"
