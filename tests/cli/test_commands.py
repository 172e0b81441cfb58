"""The terminal: what is printed, and with which exit code."""

import re

import pytest
from cryptography.fernet import Fernet

from psauth.cli.output import in_terminal
from tests.cli.processes import program
from tests.flow.parts import bare_environment


def test_alone_it_says_how_to_begin(terminal):
    code, out, err = terminal()
    assert (code, err) == (0, "")
    assert "Nobody is connected, and nothing is set to connect with." in out
    assert re.search("without an account: +psauth app", out)
    assert re.search("PSAUTH_API_KEY=your-key .* then: psauth login", out)
    for command in ("login", "logout", "status", "sandbox", "app"):
        assert re.search(rf"^  {command} ", out, re.MULTILINE)


def test_alone_with_settings_it_says_to_log_in(configured, terminal):
    assert "Nobody is connected. Begin with: psauth login" in terminal()[1]
    assert "Nobody is connected. Begin with: psauth login" in terminal("status")[1]


def test_alone_it_says_who_is_connected(connected, terminal):
    code, out, _ = terminal()
    assert code == 0
    assert re.search(r"Connected:\n  default at 127\.0\.0\.1:\d+ \(oauth, expires in 60 min, renewed by itself\)", out)


def test_wrong_usage_is_2_and_the_version_is_known(terminal):
    assert terminal("loggin")[0] == 2
    assert terminal("login", "--timeout", "soon")[0] == 2
    assert re.search(r"version \d", terminal("--version")[1])


def test_an_account_without_a_name_is_wrong_usage(terminal):
    code, _, err = terminal("login", "--account", "")
    assert code == 2
    assert "no name for an account" in err


def test_logout(connected, terminal):
    code, out, _ = terminal("logout")
    assert code == 0
    assert "the service has revoked the access" in out
    code, out, _ = terminal("logout")
    assert code == 3
    assert "There was no connection" in out


def test_logout_that_could_not_revoke_says_so(connected, terminal):
    connected.knobs.fault("/oauth/revoke", status=503)
    code, out, _ = terminal("logout")
    assert code == 0
    assert "not revoked at the service" in out
    assert terminal("status")[0] == 3


def test_a_vault_that_does_not_open_is_one_line(connected, terminal, monkeypatch):
    monkeypatch.setenv("PSAUTH_SECRET_KEY", Fernet.generate_key().decode())
    for command in ((), ("status",), ("logout",)):
        code, _, err = terminal(*command)
        assert code == 1
        assert err.startswith("Error: The key from PSAUTH_SECRET_KEY does not open the vault")
        assert len(err.splitlines()) == 1


@pytest.mark.slow
def test_a_warning_is_one_line_for_people_without_its_place_in_the_source(tmp_path):
    env = {**bare_environment(), "PSAUTH_HOME": str(tmp_path / "home"), "PYTHONWARNINGS": "default"}
    with program("status", env=env) as status:
        _, err = status.communicate(timeout=30)
    assert status.returncode == 3
    assert err.startswith("Note: No keyring on this machine")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("line", "typed"),
    [
        ("psauth.login()", "psauth login"),
        ("psauth.login(paste=True)", "psauth login --paste"),
        ("psauth.login(account='acme')", "psauth login --account acme"),
        ("psauth.login(account='acme (old)', paste=True)", "psauth login --account 'acme (old)' --paste"),
        ("""psauth.login(account="d'oh")""", """psauth login --account 'd'"'"'oh'"""),
        ("psauth.logout(account='-x')", "psauth logout --account -x"),
        (
            "psauth.logout(account='a') and psauth.login(account='b')",
            "psauth logout --account a and psauth login --account b",
        ),
        ("psauth.Sandbox()", "psauth sandbox"),
        ("psauth.connect(interactive=False)", "psauth.connect(interactive=False)"),
        ("psauth.login(…)", "psauth.login(…)"),
        ("ps.sync()", "psauth sync"),
        ("ps.sync(wait=True)", "psauth sync --wait"),
    ],
)
def test_the_line_to_type_is_one_for_the_terminal(line, typed):
    assert in_terminal(f"Log in with: {line}.") == f"Log in with: {typed}."


@pytest.mark.parametrize("words", [("--paste", "hello"), ("http://localhost:8501/?code=hidden-7Hq2&state=s",)])
def test_an_address_behind_login_is_told_what_to_copy_and_where(terminal, words):
    code, _, err = terminal("login", *words)
    assert code == 2
    assert "Type: psauth login --paste." in err
    assert "looks like http://localhost:8501/?code=…&state=… Copy all of it from the browser's address bar." in err
    assert "hidden" not in err


def test_an_export_into_the_home_folder_of_nobody_is_refused(terminal):
    code, _, err = terminal("export", "~no-such-person/x.xlsx")
    assert code == 1
    assert "'~no-such-person/x.xlsx' is in a home folder that nobody has. Expected a whole path." in err
