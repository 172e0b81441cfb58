"""A keyring that does not answer: asked with a deadline, before anything is locked, and said with the way out."""

import threading
import time
import warnings

import keyring
import pytest
from cryptography.fernet import Fernet
from keyring.backend import KeyringBackend

from psauth import Vault
from psauth.exceptions import PsauthWarning, VaultError
from psauth.vault import keychain
from psauth.vault.databases import find_store
from psauth.vault.keys import find_key, key_file, write_private

DEADLINE = 0.3


class Hanging(KeyringBackend):
    """A keyring that waits for a window that nobody sees; what was asked of it is noted."""

    priority = 1

    def __init__(self, *, hangs=("get", "set")):
        super().__init__()
        self.released = threading.Event()
        self.hangs = hangs
        self.asked = []
        self.kept = {}
        self.look = lambda: None

    def get_password(self, service, username):
        self._ask("get")
        return self.kept.get((service, username))

    def set_password(self, service, username, password):
        self._ask("set")
        self.kept[service, username] = password

    def _ask(self, what):
        self.asked.append(what)
        self.look()
        if what in self.hangs:
            self.released.wait(60)


@pytest.fixture
def use_keyring(monkeypatch):
    """Makes a keyring the one of this machine, and lets its threads end with the test."""
    backends = []
    monkeypatch.setattr(keychain, "DEADLINE", DEADLINE)
    monkeypatch.setattr(keychain, "SHORT_DEADLINE", DEADLINE / 2)

    def use(backend):
        backends.append(backend)
        keyring.set_keyring(backend)
        return backend

    yield use
    for backend in backends:
        if isinstance(backend, Hanging):
            backend.released.set()
    if keychain._unanswered is not None:
        keychain._unanswered.join(10)


@pytest.fixture
def bare(settings):
    """Settings without a key."""
    return settings.with_(secret_key="")


@pytest.mark.parametrize("hangs", [("get", "set"), ("set",)], ids=["reading", "writing"])
def test_a_new_vault_gets_its_key_in_a_file_when_the_keyring_hangs_and_that_is_one_warning(use_keyring, bare, hangs):
    use_keyring(Hanging(hangs=hangs))
    with pytest.warns(PsauthWarning, match=r"keyring does not answer.*vault\.key.*PSAUTH_SECRET_KEY") as caught:
        vault = Vault.open(bare)
    assert len(caught) == 1
    assert vault.key_source.endswith("vault.key")


def test_a_key_beside_the_vault_is_used_when_the_keyring_hangs_and_that_is_said_once(use_keyring, bare, logs):
    bare.home_path.mkdir()
    write_private(key_file(bare.home_path), Fernet.generate_key().decode())
    use_keyring(Hanging())
    for _ in range(3):
        assert Vault.open(bare).key_source.endswith("vault.key")
    assert logs.text("psauth").count("keyring does not answer") == 1
    assert "PSAUTH_SECRET_KEY" in logs.text("psauth")


def test_a_key_that_only_the_silent_keyring_has_is_missed_with_the_way_out_and_nothing_is_changed(
    use_keyring, settings, bare
):
    Vault.open(settings)
    before = (settings.home_path / "vault.db").read_bytes()
    use_keyring(Hanging())
    with pytest.raises(
        VaultError, match=r"was not found.*keyring does not answer.*PSAUTH_SECRET_KEY.*PSAUTH_HOME.*nothing was"
    ):
        Vault.open(bare)
    assert (settings.home_path / "vault.db").read_bytes() == before
    assert not key_file(settings.home_path).exists()


def test_a_keyring_is_waited_for_less_long_where_a_key_lies_in_a_file(tmp_path, monkeypatch):
    waits = []
    monkeypatch.setattr(keychain, "read", lambda vault, *, deadline: waits.append(deadline))
    assert find_key("", vault="v", folder=tmp_path) is None
    write_private(key_file(tmp_path), Fernet.generate_key().decode())
    assert find_key("", vault="v", folder=tmp_path) is not None
    assert waits == [keychain.DEADLINE, keychain.SHORT_DEADLINE]


def test_the_setting_asks_no_keyring_at_all(use_keyring, settings):
    backend = use_keyring(Hanging())
    Vault.open(settings)
    assert backend.asked == []


@pytest.mark.parametrize("state", ["new", "made before"])
def test_nothing_is_locked_while_the_keyring_is_asked(use_keyring, bare, state):
    backend = use_keyring(Hanging(hangs=()))
    looks = []

    def look():
        store = find_store(bare)
        with store.lock("open", timeout=0):
            looks.append("the vault may be opened")
        if not store.is_new():
            with store.writing():
                looks.append("and written to")

    if state == "made before":
        Vault.open(bare)
    backend.look = look
    Vault.open(bare)
    assert len(looks) >= 2


def test_a_keyring_that_hangs_holds_up_no_other_program(use_keyring, settings, bare, monkeypatch):
    monkeypatch.setattr(keychain, "DEADLINE", 60)
    backend = use_keyring(Hanging(hangs=("get",)))
    first = threading.Thread(target=lambda: Vault.open(bare))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        first.start()
        while not backend.asked:
            time.sleep(0.001)
        key = Fernet.generate_key().decode()
        other = Vault.open(settings.with_(secret_key=key))  # the same vault, made by somebody who has the key
        other.amend_budget("x", lambda text: ("y", None))
        with other.lock("default", timeout=1):
            pass
        backend.kept["psauth", other.place] = key
        backend.released.set()
        first.join(30)
    assert not first.is_alive()


def test_an_earlier_question_that_is_still_unanswered_is_not_asked_again(use_keyring, settings, bare):
    Vault.open(settings)
    backend = use_keyring(Hanging())
    for _ in range(3):
        with pytest.raises(VaultError, match="does not answer"):
            Vault.open(bare)
    assert backend.asked == ["get"]


def test_a_keyring_that_answers_late_is_asked_again(use_keyring, settings, bare):
    place = Vault.open(settings).place
    backend = use_keyring(Hanging())
    with pytest.raises(VaultError, match="does not answer"):
        Vault.open(bare)
    backend.kept["psauth", place] = settings.secret_key
    backend.released.set()
    keychain._unanswered.join(10)
    assert Vault.open(bare).key_source == "the operating system's keyring"


def test_what_the_keyring_raises_comes_through_a_timeout_of_its_own_included():
    for error in (TimeoutError("its own"), KeyboardInterrupt(), ValueError()):

        def question(error=error):
            raise error

        with pytest.raises(type(error)):
            keychain._ask(question, 10)


def test_a_keyring_that_accepts_and_forgets_keeps_nothing(use_keyring):
    class Forgetting(Hanging):
        def set_password(self, service, username, password):
            pass

    use_keyring(Forgetting(hangs=()))
    assert keychain.keep("place", "text") is False


def test_several_that_begin_one_vault_agree_on_one_key(use_keyring, bare, service):
    backend = use_keyring(Hanging(hangs=()))
    barrier, vaults = threading.Barrier(6), []

    def begin():
        barrier.wait(30)
        vaults.append(Vault.open(bare))

    threads = [threading.Thread(target=begin) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(vaults) == 6
    assert {vault._rows._key.texts for vault in vaults} == {tuple(backend.kept.values())}
    vaults[0].connect("default", service, api_key="key-Rt55")
    assert {vault.read().api_key for vault in vaults} == {"key-Rt55"}
