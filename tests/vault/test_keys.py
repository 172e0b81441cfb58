"""Keys: the setting wins, then the keyring, then a private file; what is damaged is said and never replaced."""

import os
import stat
import warnings

import keyring
import keyring.backends.null
import pytest
from cryptography.fernet import Fernet
from keyring.backend import KeyringBackend
from keyring.errors import KeyringError, KeyringLocked, PasswordSetError

from psauth import Settings, Vault
from psauth.exceptions import PsauthWarning, SettingsError, VaultError
from psauth.vault.keys import KEYRING_SERVICE, create_key, find_key, key_file, parse_key, write_private

ONE, TWO = "Mq0x1k6S0S3r4d7v9n2y5u8w1c4f7i0l3o6r9t2z5E4=", "b2Jq8fQm1yVd5tKz7hXc3wLp9sRn4gTe6uAi0oDj2Ec="
posix = pytest.mark.skipif(os.name != "posix", reason="file modes are a matter of POSIX")


class Working(KeyringBackend):
    """A keyring as a desktop has it."""

    priority = 1

    def __init__(self):
        super().__init__()
        self.kept = {}

    def get_password(self, service, username):
        return self.kept.get((service, username))

    def set_password(self, service, username, password):
        self.kept[service, username] = password


class Failing(KeyringBackend):
    """A keyring that is there and does not work: locked, without a session, or out of order."""

    priority = 1

    def __init__(self, error):
        super().__init__()
        self.error = error

    def get_password(self, service, username):
        raise self.error

    def set_password(self, service, username, password):
        raise self.error


FAILURES = [
    KeyringLocked("locked"),
    PasswordSetError("no"),
    KeyringError("?"),
    RuntimeError("no recommended backend"),
    OSError(),
]


@pytest.fixture
def place(tmp_path):
    """The vault's address and the folder a key file would be in."""
    return {"vault": str(tmp_path / "vault.db"), "folder": tmp_path}


@pytest.mark.parametrize("text", [ONE, f" {ONE} ", f"{ONE},{TWO}", f"{ONE} , {TWO},"])
def test_the_setting_holds_one_key_or_several_the_newest_first(text):
    key = parse_key(text)
    assert key.source == "PSAUTH_SECRET_KEY"
    assert Fernet(ONE).decrypt(key.cipher().encrypt(b"x")) == b"x"


@pytest.mark.parametrize("text", ["secret", ONE[:-1], ONE[1:], "ü" * 44])
def test_a_malformed_key_says_how_to_make_one_and_does_not_show_it(text):
    with pytest.raises(SettingsError, match="Fernet.generate_key") as caught:
        parse_key(text)
    assert text not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        ",",
        " , ,",
        f"{ONE} {TWO}",
        f"{ONE},{ONE}",
        f"{ONE[:20]} {ONE[20:]}",
        f"{ONE[:20]}\n{ONE[20:]}",
        f'"{ONE}"',
        f"{ONE}=",
        f"{ONE};{TWO}",
        "\ud800",
        "=" * 44,
        "A" * 44,
        "-",
    ],
)
def test_whatever_is_no_list_of_keys_is_a_setting_that_is_wrong(text):
    with pytest.raises(SettingsError, match=r"PSAUTH_SECRET_KEY.*Expected .*generate_key") as caught:
        parse_key(text)
    assert ONE[:20] not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize("text", [",", "nonsense", "\ud800", f'"{ONE}"', f"{ONE},{ONE}", f"PSAUTH_SECRET_KEY={ONE}"])
def test_a_vault_with_such_a_setting_is_not_opened(text):
    with pytest.raises(SettingsError, match="PSAUTH_SECRET_KEY") as caught:
        Vault.open(Settings(secret_key=text))
    assert ONE not in str(caught.value)


def test_of_several_keys_the_malformed_one_is_counted():
    with pytest.raises(SettingsError, match="Key 2 in PSAUTH_SECRET_KEY"):
        parse_key(f"{ONE},{TWO[:-2]}")


def test_a_key_does_not_show_itself():
    assert ONE not in repr(parse_key(ONE)) + str(parse_key(ONE))


def test_the_setting_wins_over_keyring_and_file(place):
    keyring.set_keyring(Working())
    keyring.set_password(KEYRING_SERVICE, place["vault"], TWO)
    write_private(key_file(place["folder"]), TWO)
    assert find_key(ONE, **place).texts == (ONE,)


def test_the_keyring_wins_over_the_file(place):
    keyring.set_keyring(Working())
    keyring.set_password(KEYRING_SERVICE, place["vault"], ONE)
    write_private(key_file(place["folder"]), TWO)
    key = find_key("", **place)
    assert key.texts == (ONE,)
    assert "keyring" in key.source


def test_where_there_is_no_key_there_is_none(place):
    assert find_key("", **place) is None


def test_a_new_key_goes_into_a_working_keyring_without_a_word_and_is_found_again(place):
    keyring.set_keyring(Working())
    key = create_key(**place)
    assert find_key("", **place).texts == key.texts
    assert not key_file(place["folder"]).exists()
    assert len(key.texts[0]) == 44


def test_each_vault_has_a_key_of_its_own_in_the_keyring(place, tmp_path):
    keyring.set_keyring(Working())
    assert create_key(**place).texts != create_key(vault="another", folder=tmp_path).texts


@posix
def test_without_a_keyring_the_key_lies_in_a_private_file_and_that_is_said_once(place):
    with pytest.warns(PsauthWarning, match="No keyring on this machine") as caught:
        key = create_key(**place)
    assert len(caught) == 1
    assert key.texts[0] not in str(caught[0].message)
    assert stat.S_IMODE(key_file(place["folder"]).stat().st_mode) == 0o600
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert find_key("", **place).texts == key.texts


@pytest.mark.parametrize("error", FAILURES, ids=repr)
def test_a_keyring_that_fails_is_as_good_as_none(place, error):
    keyring.set_keyring(Failing(error))
    with pytest.warns(PsauthWarning):
        key = create_key(**place)
    assert find_key("", **place).texts == key.texts


@pytest.mark.parametrize("damaged", ["", "garbage", ONE[:-3], "ü" * 44])
def test_a_damaged_value_in_the_keyring_leaves_the_word_to_the_file(place, damaged):
    keyring.set_keyring(Working())
    keyring.set_password(KEYRING_SERVICE, place["vault"], damaged)
    assert find_key("", **place) is None
    write_private(key_file(place["folder"]), TWO)
    assert find_key("", **place).texts == (TWO,)


@pytest.mark.parametrize("content", [b"", b"garbage", ONE[:-3].encode(), b"\xff" * 44])
def test_a_damaged_key_file_is_said_and_left_alone(place, content):
    file = key_file(place["folder"])
    file.write_bytes(content)
    with pytest.raises(VaultError, match=r"vault\.key"):
        find_key("", **place)
    assert file.read_bytes() == content


def test_a_folder_in_the_place_of_the_key_file_is_said(place):
    key_file(place["folder"]).mkdir()
    with pytest.raises(VaultError, match="cannot be read"):
        find_key("", **place)


@posix
def test_a_key_file_that_others_could_read_becomes_private_again(place):
    file = key_file(place["folder"])
    file.write_text(ONE)
    file.chmod(0o644)
    assert find_key("", **place).texts == (ONE,)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@posix
def test_a_private_file_is_private_from_its_first_byte(tmp_path, monkeypatch):
    seen = []
    real = os.fdopen

    def watched(descriptor, *args, **kwargs):
        seen.append((stat.S_IMODE(os.fstat(descriptor).st_mode), os.fstat(descriptor).st_size))
        return real(descriptor, *args, **kwargs)

    monkeypatch.setattr(os, "fdopen", watched)
    before = os.umask(0)
    try:
        write_private(tmp_path / "file", "content")
    finally:
        os.umask(before)
    assert seen == [(0o600, 0)]


@pytest.mark.parametrize("kind", ["file", "symlink"])
def test_a_private_file_never_replaces_another(tmp_path, kind):
    target = tmp_path / "target"
    target.write_text("precious")
    path = tmp_path / "file"
    path.symlink_to(target) if kind == "symlink" else path.write_text("precious")
    with pytest.raises(FileExistsError):
        write_private(path, "new")
    assert path.read_text() == "precious"


def test_a_private_file_that_could_not_be_written_whole_is_not_left_half(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_private(tmp_path / "file", "content")
    assert not (tmp_path / "file").exists()


def test_a_locked_keyring_is_not_taken_for_a_lost_key(settings, monkeypatch):
    from psauth import Vault, VaultError

    Vault.open(settings)
    without = settings.with_(secret_key="")

    class Locked(keyring.backends.null.Keyring):
        def get_password(self, service, username):
            raise KeyringLocked("locked")

    keyring.set_keyring(Locked())
    with pytest.raises(VaultError, match="keyring is locked: unlock it"):
        Vault.open(without)


def test_a_keyring_that_raises_whatever_it_likes_is_as_good_as_none(settings):
    from psauth import PsauthWarning, Vault

    class Broken(keyring.backends.null.Keyring):
        def get_password(self, service, username):
            raise Exception("a backend's own idea")

        set_password = get_password

    keyring.set_keyring(Broken())
    with pytest.warns(PsauthWarning, match="No keyring"):
        assert Vault.open(settings.with_(secret_key="")).key_source.endswith("vault.key")


def test_a_disk_that_is_full_when_the_key_is_made_is_said(settings, monkeypatch):
    from psauth import Vault, VaultError

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(VaultError, match="No space left on device"):
        Vault.open(settings.with_(secret_key=""))
