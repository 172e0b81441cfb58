"""The vault: private from the first byte, closed to every wrong key, and never made worse by an error."""

import os
import resource
import shutil
import sqlite3
import stat
import tempfile
import threading
import warnings
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet
from sqlalchemy import event

import psauth.vault.vault
from psauth import Vault
from psauth.auth.flow import AuthorizationFlow
from psauth.auth.renewal import renew
from psauth.exceptions import LoginRequired, PsauthWarning, SettingsError, VaultError

posix = pytest.mark.skipif(os.name != "posix", reason="file modes and forks are a matter of POSIX")


def contents(folder):
    """Every file below a folder with its bytes and mode; lock files are empty and come and go."""
    return {
        str(p.relative_to(folder)): (p.read_bytes(), stat.S_IMODE(p.stat().st_mode))
        for p in sorted(Path(folder).rglob("*"))
        if p.is_file() and p.suffix != ".lock"
    }


def await_callback(vault, service, state="state-1", **changes):
    details = {"account": "default", "verifier": "verifier-1", "redirect_uri": "http://localhost/", "browser": None}
    vault.await_callback(state, service=service, return_to=None, **{**details, **changes})


# Files ----------------------------------------------------------------------------------------------------------------


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


# What stands in it ----------------------------------------------------------------------------------------------------


def test_a_connection_comes_back_as_it_was_stored_also_after_reopening(settings, vault, service, make_token):
    token = make_token()
    connection = vault.connect("acme", service, token=token, label="Ünïcode ✓")
    again = Vault.open(settings).read("acme")
    assert again.connection == connection
    assert again.token == token
    assert again.api_key is None
    assert (connection.kind, connection.label, connection.renewable) == ("oauth", "Ünïcode ✓", True)


def test_an_api_key_comes_back_and_does_not_show(vault, store):
    stored = store(api_key="key-Rt55")
    assert stored.api_key == "key-Rt55"
    assert stored.connection.kind == "api_key"
    assert "key-Rt55" not in f"{stored} {stored!r} {stored.connection!r} {stored.api_key!r}"


@pytest.mark.parametrize(
    "account", ["default", "ünï/cødé", "../../etc/passwd", "a b'; DROP TABLE connections; --", "x" * 500]
)
def test_any_text_can_name_an_account(settings, vault, store, account):
    store(account)
    with vault.lock(account):
        assert vault.read(account).connection.account == account
    assert {p.parent for p in settings.home_path.rglob("*")} == {settings.home_path}


def test_accounts_come_sorted_and_apart(vault, store):
    for account in ("zoo", "acme", "Default"):
        store(account, access_token=f"access-of-{account}")
    assert [c.account for c in vault.connections()] == ["Default", "acme", "zoo"]
    assert vault.read("acme").token.access_token == "access-of-acme"


def test_a_connection_that_is_not_there_names_the_line_to_type(vault):
    assert vault.find() is None
    assert vault.stamp() is None
    with pytest.raises(LoginRequired, match=r"psauth\.login\(account='acme'\)"):
        vault.read("acme")


def test_the_stamp_moves_with_every_change_and_not_without(vault, service, make_token, store):
    stamps = [None]

    def moved(expected=True):
        stamp = vault.stamp()
        assert (stamp not in stamps) == expected
        stamps.append(stamp)

    stored = store()
    moved()
    vault.attempt(stored)
    moved(False)
    vault.renew(stored, make_token(access_token="2"))
    moved()
    vault.name(stored.connection, "Label")
    moved()
    vault.name(vault.read().connection, "Label")
    moved(False)
    vault.end(stored, "over")
    moved()
    vault.connect("default", service, token=make_token())
    moved()


def test_a_change_of_a_connection_that_was_replaced_touches_nothing(vault, store, make_token):
    old = store(access_token="old")
    new = store(access_token="new")
    for change in (
        lambda: vault.attempt(old),
        lambda: vault.renew(old, make_token(access_token="late")),
        lambda: vault.end(old, "late"),
        lambda: vault.name(old.connection, "late"),
    ):
        with pytest.raises(LoginRequired, match="removed or replaced meanwhile"):
            change()
    assert vault.read() == new


def test_forgetting_takes_the_pending_requests_along(vault, store, service):
    store("acme")
    await_callback(vault, service, account="acme")
    await_callback(vault, service, "state-2", account="other")
    assert vault.forget("acme")
    assert not vault.forget("acme")
    assert vault.find("acme") is None
    assert vault.pending("state-1") is None
    assert vault.pending("state-2") is not None


# Pending authorizations -----------------------------------------------------------------------------------------------


def test_looking_at_a_pending_request_does_not_consume_it(vault, service):
    await_callback(vault, service, browser="b", verifier="verifier-7")
    for _ in range(3):
        pending = vault.pending("state-1")
        assert (pending.verifier, pending.service, pending.account) == ("verifier-7", service, "default")
        assert pending.belongs_to("b")
        assert not pending.belongs_to("c")
        assert not pending.belongs_to(None)
    assert not vault.was_spent("state-1")


def test_consuming_takes_it_out_once(vault, service):
    await_callback(vault, service)
    assert vault.consume("state-1").verifier == "verifier-1"
    assert vault.consume("state-1") is None
    assert vault.pending("state-1") is None
    assert vault.was_spent("state-1")
    assert vault.consume("never") is None
    assert not vault.was_spent("never")


def test_a_state_that_nobody_came_back_for_is_cleared_away_after_a_day(vault, service, clock):
    await_callback(vault, service, "old")
    clock.shift(minutes=11)
    assert vault.pending("old").is_expired()
    clock.shift(days=1)
    await_callback(vault, service, "new")
    assert vault.pending("old") is None
    clock.shift(days=-30)
    await_callback(vault, service, "newer")
    assert vault.pending("new") is not None, "a clock set back clears nothing away"


def test_a_spent_state_is_remembered_for_a_day(vault, service, clock):
    await_callback(vault, service, "spent")
    vault.consume("spent")
    clock.shift(hours=23)
    await_callback(vault, service, "one")
    assert vault.was_spent("spent")
    clock.shift(hours=2)
    await_callback(vault, service, "two")
    assert not vault.was_spent("spent")


@pytest.mark.slow
def test_eight_threads_consume_one_state_once_forty_times(vault, service):
    for round_ in range(40):
        await_callback(vault, service, f"state-{round_}")
        barrier, won = threading.Barrier(8), []

        def take(state=f"state-{round_}", barrier=barrier, won=won):
            barrier.wait()
            won.append(vault.consume(state) is not None)

        threads = [threading.Thread(target=take) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(won) == [False] * 7 + [True]


# Secrets --------------------------------------------------------------------------------------------------------------


def test_no_secret_stands_in_the_bytes_of_any_file(settings, vault, store, make_token, requests_mock):
    answer = {"access_token": "access-after-login", "refresh_token": "refresh-after-login"}
    requests_mock.post("https://app.example/oauth/token", json=answer)
    flow = AuthorizationFlow(settings, vault)
    verifiers, states = [], []
    files = b""
    with vault._reading() as held:  # an open reader keeps the write-ahead log from being folded in and removed
        held.exec_driver_sql("SELECT * FROM connections").all()
        for code in ("code-1-Xy71", "code-2-Xy72"):
            request = flow.begin(browser="browser-Bb31", return_to="/here")
            states.append(request.state)
            verifiers.append(str(vault.pending(request.state).verifier))
            flow.finish({"state": request.state, "code": code}, browser="browser-Bb31")
        states.append(flow.begin().state)
        store("key", api_key="key-Rt55")
        renew(vault, store("other", lives=0))
        files = b"".join(p.read_bytes() for p in settings.home_path.iterdir())
        assert "vault.db-wal" in {p.name for p in settings.home_path.iterdir()}
    files += b"".join(p.read_bytes() for p in settings.home_path.iterdir())
    secrets = [*answer.values(), *verifiers, *states, "code-1-Xy71", "code-2-Xy72", "key-Rt55", "browser-Bb31"]
    secrets += [settings.client_secret, settings.secret_key, "access-1-Kd93", "refresh-1-Zp41"]
    assert b"api.example" not in files, "the service is encrypted as a whole"
    assert b"default" in files, "the search sees what stands there"
    for secret in secrets:
        assert secret.encode() not in files


def test_a_vault_does_not_show_its_key(settings, vault):
    assert settings.secret_key not in repr(vault) + vault.key_source
    assert settings.home in repr(vault)


# Keys -----------------------------------------------------------------------------------------------------------------


def test_without_a_setting_the_key_is_made_once_and_found_again(settings, service, make_token):
    bare = settings.with_(secret_key="")
    with pytest.warns(PsauthWarning, match="No keyring"):
        Vault.open(bare).connect("default", service, token=make_token())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = Vault.open(bare)
    assert again.read().token.access_token == "access-1-Kd93"
    assert again.key_source.endswith("vault.key")


def test_keys_rotate(settings, service, make_token, vault, store):
    new, old = Fernet.generate_key().decode(), settings.secret_key
    store("one")
    await_callback(vault, service, verifier="verifier-7")
    both = Vault.open(settings.with_(secret_key=f"{new},{old}"))
    assert both.read("one").token == Vault.open(settings).read("one").token
    assert both.rotate() == 1
    only_new = Vault.open(settings.with_(secret_key=new))
    assert only_new.read("one").token.access_token == "access-1-Kd93"
    assert only_new.pending("state-1").verifier == "verifier-7"
    with pytest.raises(VaultError, match="does not open"):
        Vault.open(settings)


WRONG = {
    "another key": ({"secret_key": Fernet.generate_key().decode()}, VaultError, "PSAUTH_SECRET_KEY does not open"),
    "no key": ({"secret_key": ""}, VaultError, "is gone"),
    "no key at all": ({"secret_key": "hunter2"}, SettingsError, "not a Fernet key"),
}


@pytest.mark.parametrize("how", WRONG)
def test_a_wrong_key_changes_nothing(settings, vault, store, how):
    store()
    before = contents(settings.home_path)
    changes, error, said = WRONG[how]
    for _ in range(2):
        with pytest.raises(error, match=said):
            Vault.open(settings.with_(**changes))
    assert contents(settings.home_path) == before
    assert Vault.open(settings).read().token


def test_a_key_that_changes_in_the_middle_is_said_record_by_record(settings, vault, store):
    store("mine")
    with vault._writing() as db:
        db.exec_driver_sql("UPDATE connections SET credential = ?", (Fernet(Fernet.generate_key()).encrypt(b"{}"),))
    before = contents(settings.home_path)
    with pytest.raises(VaultError, match="cannot be decrypted"):
        vault.read("mine")
    assert contents(settings.home_path) == before


# Damage ---------------------------------------------------------------------------------------------------------------


def another_database(path, *statements, version=0):
    db = sqlite3.connect(path)
    for statement in statements or ["CREATE TABLE invoices (id)", "INSERT INTO invoices VALUES (1)"]:
        db.execute(statement)
    db.execute(f"PRAGMA user_version = {version}")
    db.commit()
    db.close()


def vault_of_schema(path, value):
    another_database(path, "CREATE TABLE meta (name VARCHAR PRIMARY KEY, value BLOB NOT NULL)")
    with sqlite3.connect(path) as db:
        db.execute("INSERT INTO meta VALUES ('schema', ?)", (value,))
    db.close()


BROKEN = {
    "garbage": (lambda p: p.write_bytes(b"garbage " * 999), "damaged"),
    "a text": (lambda p: p.write_text("PSAUTH_CLIENT_ID=analyst\n"), "damaged"),
    "another program's database": (another_database, "not a psauth vault"),
    "a database with a meta table of its own": (
        lambda p: another_database(p, "CREATE TABLE meta (version, payload)", "INSERT INTO meta VALUES (1, 2)"),
        "vault.db",
    ),
    "a newer schema": (lambda p: vault_of_schema(p, b"3"), "schema '3'; this psauth reads 2. Update psauth"),
    "a schema of another kind": (lambda p: vault_of_schema(p, b"\xff\x00"), "vault.db"),
    "a schema as text": (lambda p: vault_of_schema(p, "one"), "vault.db"),
    "a schema as number": (lambda p: vault_of_schema(p, 7), "vault.db"),
    "a folder": (lambda p: p.mkdir(), "is a folder"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_what_is_not_a_vault_is_said_and_left_exactly_as_it_is(settings, how):
    make, said = BROKEN[how]
    settings.home_path.mkdir()
    path = settings.home_path / "vault.db"
    make(path)
    path.chmod(0o700 if path.is_dir() else 0o644)
    before = contents(settings.home_path)
    for _ in range(2):
        with pytest.raises(VaultError, match=said):
            Vault.open(settings)
    assert contents(settings.home_path) == before


def as_version_1(path):
    """The vault as the first release left it: no ledgers of budgets."""
    with sqlite3.connect(path) as db:
        db.execute("DROP TABLE budgets")
        db.execute("UPDATE meta SET value = ? WHERE name = 'schema'", (b"1",))
    db.close()


def test_a_vault_of_version_1_is_upgraded_and_keeps_its_connections(settings, vault, store):
    before = [store("mine"), store("keyed", api_key="key-Rt55")]
    as_version_1(settings.home_path / "vault.db")
    for _ in range(2):
        upgraded = Vault.open(settings)
        assert [upgraded.read("mine"), upgraded.read("keyed")] == before
    assert upgraded.amend_budget("mine", lambda text: ("new", text)) is None
    assert Vault.open(settings).amend_budget("mine", lambda text: ("newer", text)) == "new"


def test_a_wrong_key_upgrades_nothing(settings, vault, store):
    store()
    as_version_1(settings.home_path / "vault.db")
    before = contents(settings.home_path)
    with pytest.raises(VaultError, match="does not open"):
        Vault.open(settings.with_(secret_key=Fernet.generate_key().decode()))
    assert contents(settings.home_path) == before


def test_a_ledger_whose_change_fails_stays_as_it_was(vault):
    vault.amend_budget("mine", lambda text: ("kept", None))
    with pytest.raises(ZeroDivisionError):
        vault.amend_budget("mine", lambda text: (text, 1 / 0))
    assert vault.amend_budget("mine", lambda text: (text, text)) == "kept"
    assert vault.amend_budget("another", lambda text: ("x", text)) is None


@pytest.mark.parametrize("where", ["header", "schema page", "cut in half", "pages behind"])
def test_a_damaged_vault_is_said_and_left_exactly_as_it_is(settings, vault, store, where):
    for n in range(30):
        store(f"account-{n}")
    path = settings.home_path / "vault.db"
    whole = path.read_bytes()
    damaged = {
        "header": b"\x00" * 100 + whole[100:],
        "schema page": whole[:100] + os.urandom(3000) + whole[3100:],
        "cut in half": whole[: len(whole) // 2],
        "pages behind": whole[:4096] + b"\xa5" * (len(whole) - 4096),
    }[where]
    path.write_bytes(damaged)
    with pytest.raises(VaultError, match=r"damaged|cannot be used"):
        Vault.open(settings).connections()
    assert path.read_bytes() == damaged


def test_an_empty_file_is_where_a_new_vault_begins(settings):
    settings.home_path.mkdir()
    (settings.home_path / "vault.db").touch()
    assert Vault.open(settings).connections() == []


@posix  # elsewhere the locks that tell do not outlive their holder
def test_a_vault_emptied_to_nothing_is_damaged_and_not_a_new_one(settings, vault, store):
    with vault.lock("default"):
        store()
    (settings.home_path / "vault.db").write_bytes(b"")
    before = contents(settings.home_path)
    for _ in range(2):
        with pytest.raises(VaultError, match=r"empty, but there were connections.*Restore it"):
            Vault.open(settings)
    assert contents(settings.home_path) == before
    (settings.home_path / "vault.db").rename(settings.home_path / "away.db")
    assert Vault.open(settings).connections() == []


def test_a_vault_whose_first_making_was_cut_short_is_made_again(settings, monkeypatch):
    def die(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("psauth.vault.tables.METADATA.create_all", die)
        Vault.open(settings)
    assert Vault.open(settings).connections() == []


def test_a_vault_that_another_program_holds_is_said(settings, vault, service, monkeypatch):
    monkeypatch.setattr("psauth.vault.sqlite.make_engine", impatient(psauth.vault.sqlite.make_engine))
    impatient_vault = Vault.open(settings)
    with vault._writing(), pytest.raises(VaultError, match="Another program holds it"):
        impatient_vault.connect("default", service, api_key="k")


def impatient(make):
    def make_impatient(url):
        engine = make(url)
        event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA busy_timeout=1"))
        return engine

    return make_impatient


# Disk and rights ------------------------------------------------------------------------------------------------------


@pytest.fixture
def full_disk(vault):
    """From now on the vault's file cannot grow: SQLite's own SQLITE_FULL."""

    def fill():
        with vault._reading() as db:
            pages = db.exec_driver_sql("PRAGMA page_count").scalar()

        @event.listens_for(vault._store._current_engine(), "connect")
        def limit(raw, _record):
            raw.execute(f"PRAGMA max_page_count={pages}")

    return fill


def test_a_full_disk_says_so_and_keeps_what_is_there(settings, vault, service, store, full_disk):
    stored = store()
    full_disk()
    before = contents(settings.home_path)
    with pytest.raises(VaultError, match=r"disk is full; make room and try again; nothing was deleted"):
        for n in range(100):
            vault.connect(f"account-{n}", service, api_key="k" * 3000)
            before = contents(settings.home_path)
    assert contents(settings.home_path) == before
    assert vault.read() == stored


def test_a_full_disk_is_told_from_a_broken_one(settings, vault, store, monkeypatch):
    """SQLite says "disk I/O error" for both: on a full disk its shared memory cannot grow."""
    for free, remedy in ((0, "The disk is full; make room"), (10**9, "Look after the file and its disk")):
        monkeypatch.setattr("psauth.vault.disk.shutil.disk_usage", lambda _, free=free: SimpleNamespace(free=free))
        with pytest.raises(VaultError, match=f"disk I/O error.*{remedy}"), vault._store._explained():
            raise sa.exc.OperationalError("", {}, sqlite3.OperationalError("disk I/O error"))


@posix
def test_a_full_disk_shows_before_the_refresh_token_is_spent(settings, vault, store, requests_mock):
    tokens = requests_mock.post("https://app.example/oauth/token", json={"access_token": "2"})
    stored = store(lives=0)
    before = contents(settings.home_path)

    def on_a_full_disk():
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        with pytest.raises(VaultError, match="nothing was deleted or overwritten"):
            renew(vault, stored)
        assert not tokens.called

    in_a_child(on_a_full_disk)
    assert contents(settings.home_path)["vault.db"] == before["vault.db"]
    assert renew(vault, stored).token.access_token == "2"


def in_a_child(check, *, user=None):
    """Run a check in a forked child, as another user if one is named; its failure is this test's."""
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # a fork beside threads: the child only runs the check
        child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            if user is not None:
                os.setgroups([])
                os.setgid(user)
                os.setuid(user)
            check()
        except BaseException as failure:  # noqa: BLE001 - it crosses a process border here
            os.write(writer, repr(failure).encode()[:4000])
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as said:
        failure = said.read().decode()
    os.waitpid(child, 0)
    assert not failure, failure


NOBODY = 65534
as_nobody = pytest.mark.skipif(
    os.name != "posix" or os.geteuid() != 0,
    reason="only root can become another user, and root alone writes everywhere",
)


@pytest.fixture
def foreign_home(settings, vault, store):
    """A folder that belongs to another user, who shall run the check, with a vault of two connections in it."""
    store("one")
    store("two")
    folder = Path(tempfile.mkdtemp(prefix="psauth-"))
    home = folder / "home"
    shutil.copytree(settings.home, home)
    for path in [folder, home, *home.iterdir()]:
        os.chown(path, NOBODY, NOBODY)
    yield home
    shutil.rmtree(folder)


@as_nobody
def test_the_check_as_another_user_can_read_its_vault_at_all(settings, foreign_home):
    in_a_child(lambda: Vault.open(settings.with_(home=str(foreign_home))).read("one"), user=NOBODY)


@as_nobody
@pytest.mark.parametrize("what", ["folder", "file", "new"])
def test_a_place_that_cannot_be_written_is_said_and_left_as_it_is(settings, foreign_home, what):
    if what == "folder":
        for lock in foreign_home.glob("*.lock"):
            lock.unlink()
        os.chown(foreign_home, 0, NOBODY)
        foreign_home.chmod(0o750)
    elif what == "file":
        os.chown(foreign_home / "vault.db", 0, NOBODY)
        (foreign_home / "vault.db").chmod(0o640)
    else:
        os.chown(foreign_home.parent, 0, NOBODY)
        foreign_home.parent.chmod(0o750)
    home = foreign_home if what != "new" else foreign_home.parent / "new"
    before = contents(foreign_home.parent)

    def check():
        with pytest.raises(VaultError, match=r"(cannot be written|cannot be used).*[Mm]ake .*writable for you"):
            Vault.open(settings.with_(home=str(home)))

    in_a_child(check, user=NOBODY)
    assert contents(foreign_home.parent) == before


@as_nobody
@pytest.mark.parametrize("what", ["a vault in it", "nothing in it"])
def test_a_folder_that_its_owner_made_read_only_stays_so(settings, foreign_home, what):
    if what == "nothing in it":
        for path in foreign_home.iterdir():
            path.unlink()
    foreign_home.chmod(0o500)
    before = contents(foreign_home)

    def check():
        for _ in range(2):
            with pytest.raises(VaultError, match="[Mm]ake .*writable for you"):
                Vault.open(settings.with_(home=str(foreign_home)))

    in_a_child(check, user=NOBODY)
    assert contents(foreign_home) == before
    assert stat.S_IMODE(foreign_home.stat().st_mode) == 0o500


@as_nobody
def test_a_place_that_becomes_read_only_shows_before_the_refresh_token_is_spent(settings, foreign_home, requests_mock):
    tokens = requests_mock.post("https://app.example/oauth/token", json={"access_token": "2"})
    vault = Vault.open(settings.with_(home=str(foreign_home)))
    stored = vault.read("one")
    for path in [foreign_home, *foreign_home.iterdir()]:
        os.chown(path, 0, NOBODY)
        path.chmod(0o750 if path.is_dir() else 0o640)

    def check():
        with pytest.raises(VaultError):
            renew(vault, stored, because="asked")
        assert not tokens.called

    in_a_child(check, user=NOBODY)


def test_a_database_error_shows_neither_statement_nor_values(vault, service, monkeypatch):
    with vault._writing() as db:
        db.exec_driver_sql("DROP TABLE connections")
    with pytest.raises(VaultError) as caught:
        vault.connect("account-Secret", service, api_key="key-Rt55")
    assert "INSERT" not in str(caught.value)
    assert "account-Secret" not in str(caught.value)
    assert not isinstance(caught.value.__cause__, sa.exc.DBAPIError)


def test_the_lock_is_free_again_after_an_error_inside(vault):
    with pytest.raises(RuntimeError), vault.lock("default"):
        raise RuntimeError
    with vault.lock("default", timeout=0.5):
        pass


def test_the_locks_of_two_accounts_do_not_know_each_other(vault):
    with vault.lock("one"), vault.lock("two", timeout=0.5):
        pass


@posix
def test_the_system_frees_the_lock_of_a_process_that_dies(vault):
    def die_holding_it():
        vault.lock("default").__enter__()
        os._exit(9)

    in_a_child(die_holding_it)
    with vault.lock("default", timeout=0.5):
        pass


def test_ten_minutes_are_what_the_documentation_says():
    assert timedelta(minutes=10) == psauth.vault.connection.PENDING_LIFETIME
