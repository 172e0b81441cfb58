"""The files of the vault: private from the first byte, in the place that was named."""

import os
import stat
from pathlib import Path

import pytest

import psauth
from psauth import Vault
from psauth.auth.entrance import keep_entrance
from psauth.exceptions import PsauthWarning, VaultError
from psauth.sandbox import Grants
from tests.vault.parts import posix


@posix
@pytest.mark.parametrize("umask", [0, 0o022, 0o077], ids=oct)
def test_folder_and_files_are_private_whatever_the_umask(settings, service, make_token, umask):
    before = os.umask(umask)
    try:
        vault = Vault.open(settings)
        with vault._writing() as db, vault.lock("default"):
            db.exec_driver_sql("INSERT INTO spent VALUES ('x', 0)")
            modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in settings.home_path.iterdir()}
    finally:
        os.umask(before)
    assert {"vault.db", "vault.db-wal", "vault.db-shm", "vault.db.open.lock"} <= set(modes)
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(settings.home_path.stat().st_mode) == 0o700


@posix
def test_no_file_of_the_vault_is_ever_readable_by_others_not_even_for_a_moment(settings, monkeypatch):
    created, real = [], os.open

    def watched(path, flags, mode=0o777, **kwargs):
        descriptor = real(path, flags, mode, **kwargs)
        if flags & os.O_CREAT and str(path).startswith(settings.home):
            created.append((Path(path).name, stat.S_IMODE(os.fstat(descriptor).st_mode), os.fstat(descriptor).st_size))
        return descriptor

    monkeypatch.setattr(os, "open", watched)
    before = os.umask(0)
    try:
        with pytest.warns(PsauthWarning):
            Vault.open(settings.with_(secret_key=""))
    finally:
        os.umask(before)
    assert {("vault.db", 0o600, 0), ("vault.key", 0o600, 0)} <= set(created)
    assert {mode for _, mode, _ in created} == {0o600}


@posix
def test_a_vault_and_its_folder_that_others_could_read_become_private_again(settings, vault, logs):
    settings.home_path.chmod(0o755)
    (settings.home_path / "vault.db").chmod(0o644)
    Vault.open(settings)
    assert stat.S_IMODE(settings.home_path.stat().st_mode) == 0o700
    assert stat.S_IMODE((settings.home_path / "vault.db").stat().st_mode) == 0o600
    assert "was readable by others" in logs.text("psauth")


@posix
def test_the_home_is_closed_to_others_also_where_the_address_of_the_vault_names_it(settings):
    settings.home_path.mkdir(mode=0o755)
    Vault.open(settings.with_(vault_url=f"sqlite:///{settings.home_path / 'other.db'}"))
    assert stat.S_IMODE(settings.home_path.stat().st_mode) == 0o700


@posix
def test_a_folder_that_is_not_psauths_own_keeps_its_mode(settings, tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o755)
    Vault.open(settings.with_(vault_url=f"sqlite:///{shared / 'team.db'}"))
    assert stat.S_IMODE(shared.stat().st_mode) == 0o755
    assert stat.S_IMODE((shared / "team.db").stat().st_mode) == 0o600


def test_the_vault_can_lie_elsewhere(settings, tmp_path):
    vault = Vault.open(settings.with_(vault_url=f"sqlite:///{tmp_path / 'deep' / 'er' / 'v.db'}"))
    assert Path(vault.place) == tmp_path / "deep" / "er" / "v.db"
    assert Path(vault.place).is_file()


@pytest.mark.parametrize(
    "url", ["nonsense", "sqlite://", "sqlite:///:memory:", "postgresql://user:hunter2@db/psauth", "sqlite:///"]
)
def test_an_address_that_is_no_file_is_refused_without_its_password(settings, url):
    with pytest.raises(VaultError, match="PSAUTH_VAULT_URL") as caught:
        Vault.open(settings.with_(vault_url=url))
    assert "hunter2" not in str(caught.value)


def test_writes_survive_a_power_cut_and_readers_do_not_wait_for_writers(vault):
    with vault._reading() as db:
        assert db.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert db.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    with vault._writing():
        assert vault.connections() == []


def make_home_of_app(home):
    from psauth.dashboard.web.target import sandbox_grants  # imports Streamlit, which takes a while

    sandbox_grants(home)


MAKERS = {
    "entrance": lambda home: keep_entrance(home, 8501, "http://localhost:8501/?token=t"),
    "sandbox": lambda home: Grants(home / "sandbox.json"),
    "app": make_home_of_app,
}


@posix
@pytest.mark.parametrize("what", MAKERS)
def test_whoever_makes_the_home_first_makes_its_parents_private(tmp_path, what):
    before = os.umask(0)
    try:
        MAKERS[what](tmp_path / "one" / "two" / "home")
    finally:
        os.umask(before)
    for folder in ("one", "one/two", "one/two/home"):
        assert stat.S_IMODE((tmp_path / folder).stat().st_mode) == 0o700


def test_no_part_of_psauth_makes_parents_that_are_open():
    root = Path(psauth.__file__).parent
    assert [str(path) for path in root.rglob("*.py") if "parents=True," in path.read_text("utf-8")] == []
