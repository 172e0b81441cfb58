"""Drives that know no modes, like a folder of Windows under WSL: said once, as it is, and nothing claimed that is not so."""

import os
import stat
import warnings

import pytest

from psauth import Vault
from psauth.exceptions import PsauthWarning
from psauth.vault.files import make_folder, may_close, open_ours
from psauth.vault.keys import key_file
from psauth.vault.modes import Access, close_to_others
from tests.vault.parts import posix

pytestmark = posix


ERRORS = {"no error": None, "not allowed": PermissionError(1, "No"), "not supported": OSError(95, "No")}


@pytest.fixture
def lose_modes(monkeypatch, tmp_path):
    """From its call on every new file may be read by everybody, and `chmod` changes nothing."""

    def lose(error=None):
        real = os.open

        def chmod(*args, **kwargs):
            if error is not None:
                raise error

        def open_for_all(path, flags, mode=0o777, **kwargs):
            descriptor = real(path, flags, mode, **kwargs)
            if flags & os.O_CREAT and str(path).startswith(str(tmp_path)):
                os.fchmod(descriptor, 0o777)
            return descriptor

        monkeypatch.setattr(os, "chmod", chmod)
        monkeypatch.setattr(os, "open", open_for_all)

    return lose


@pytest.fixture(params=ERRORS)
def no_modes(request, lose_modes):
    """A drive without modes, in each of the ways in which one answers `chmod`."""
    lose_modes(ERRORS[request.param])


def words(caught, logs):
    """All that was said aloud: warnings and lines of a log that are shown to everybody."""
    shown = [
        record.getMessage() for record in logs.records if record.name.startswith("psauth") and record.levelno >= 30
    ]
    return [str(warning.message) for warning in caught] + shown


def open_and_listen(settings, logs):
    logs.records.clear()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        vault = Vault.open(settings)
    return vault, words(caught, logs)


def test_it_is_said_once_that_others_can_read_the_vault(no_modes, settings, logs):
    _, said = open_and_listen(settings, logs)
    assert len(said) == 1
    assert "can be read by others" in said[0]
    assert "PSAUTH_HOME" in said[0]
    assert "now" not in said[0]
    for _ in range(2):
        assert open_and_listen(settings, logs)[1] == []


def test_where_the_key_lies_beside_it_one_sentence_says_both(no_modes, settings, logs):
    bare = settings.with_(secret_key="")
    vault, said = open_and_listen(bare, logs)
    assert len(said) == 1
    assert "which others on this machine can read" in said[0]
    assert "readable by you alone" not in said[0]
    for _ in range(2):
        again, said = open_and_listen(bare, logs)
        assert said == []
        assert again.key_source == vault.key_source


def test_a_vault_that_was_moved_there_is_said_once(settings, vault, store, logs, lose_modes):
    stored = store()
    (settings.home_path / "vault.db").chmod(0o666)
    lose_modes()
    again, said = open_and_listen(settings, logs)
    assert [text for text in said if "can be read by others" in text] == said
    assert len(said) == 1
    assert again.read() == stored
    assert open_and_listen(settings, logs)[1] == []


def test_a_key_file_that_cannot_be_closed_is_said_once(settings, logs, lose_modes):
    bare = settings.with_(secret_key="")
    with pytest.warns(PsauthWarning, match="readable by you alone"):
        Vault.open(bare)
    key_file(settings.home_path).chmod(0o644)
    lose_modes()
    assert "or its key can be read by others" in open_and_listen(bare, logs)[1][0]
    assert open_and_listen(bare, logs)[1] == []


def test_what_was_closed_is_said_as_what_it_is(settings, vault, logs):
    file = settings.home_path / "vault.db"
    file.chmod(0o664)
    _, said = open_and_listen(settings, logs)
    assert said == [f"The vault {file} was readable by others; now only you can read it."]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert open_and_listen(settings, logs)[1] == []


@pytest.mark.parametrize(
    ("mode", "access", "after"),
    [
        (0o600, Access.PRIVATE, 0o600),
        (0o400, Access.PRIVATE, 0o400),
        (0o640, Access.CLOSED, 0o600),
        (0o444, Access.CLOSED, 0o400),
    ],
)
def test_only_the_rights_of_others_are_taken(tmp_path, mode, access, after):
    file = tmp_path / "file"
    file.touch()
    file.chmod(mode)
    assert close_to_others(file) is access
    assert stat.S_IMODE(file.stat().st_mode) == after


def test_where_modes_say_nothing_nothing_is_claimed(settings, monkeypatch, logs):
    monkeypatch.setattr("psauth.vault.keys.close_to_others", lambda path: Access.UNKNOWN)
    _, said = open_and_listen(settings.with_(secret_key=""), logs)
    assert len(said) == 1
    assert "read)" not in said[0]
    assert "alone)" not in said[0]


def test_where_modes_say_nothing_nothing_is_claimed_and_nothing_given_away(tmp_path, monkeypatch):
    given = []
    home, file = tmp_path / "home", tmp_path / "file"
    file.touch()
    monkeypatch.setattr(os, "chown", lambda *ids: given.append(ids), raising=False)
    monkeypatch.setattr(os, "fchown", lambda *ids: given.append(ids), raising=False)
    with monkeypatch.context() as patch:
        patch.setattr(os, "name", "nt")
        access, closed = close_to_others(file), may_close(tmp_path)
        made, descriptor = make_folder(home), open_ours(file, os.O_RDWR | os.O_CREAT)
    os.close(descriptor)
    assert (access, closed, made, given) == (Access.UNKNOWN, True, True, [])
