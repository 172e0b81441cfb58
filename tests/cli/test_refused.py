"""psauth app says every setting that cannot be used, one line each, before it starts; and its pages say them all too."""

import pytest

from psauth.cli import commands
from psauth.exceptions import SettingsError
from psauth.settings import Settings
from tests.cli.processes import free_port

WRONG = {
    "PSAUTH_API_URL": "nonsense",
    "PSAUTH_TOKEN_URL": "http://evil.example/token",
    "PSAUTH_REDIRECT_URI": "http://localhost:8501/#here",
    "PSAUTH_TOKEN_AUTH": "telepathy",
    "PSAUTH_START_TOKEN": "perhaps",
    "PSAUTH_TRUST_ADDRESSES": "perhaps",
    "PSAUTH_TOTAL_TIME": "soon",
    "PSAUTH_ANSWER_SIZE": "-1",
    "PSAUTH_CLIENT_ID": "an id\nand more",
    "PSAUTH_API_KEY": "X-API-Key: hidden-7Hq2",
    "PSAUTH_SECRET_KEY": "hidden-8Kd9",
    "PSAUTH_VAULT_URL": "mysql://me:hidden-9Zp4@host/db",
    "PSAUTH_HOME": "data",
    "PSAUTH_CLIENTID": "misspelt",
}


@pytest.fixture
def started(tmp_path, monkeypatch):
    """What Streamlit was started with, instead of being started; from a checkout without a .env of the developer's."""
    (tmp_path / "checkout").mkdir()
    (tmp_path / "checkout" / "app.py").touch()
    monkeypatch.setattr(commands, "APP", tmp_path / "checkout" / "app.py")
    calls = []
    monkeypatch.setattr("streamlit.web.cli.main", lambda words, standalone_mode: calls.append(words))
    return calls


def noted(terminal):
    code, _, err = terminal("app", "--port", str(free_port()))
    assert code == 0, "the pages say it too, and go on once it is mended"
    assert "hidden" not in err
    return [line.removeprefix("Note: ") for line in err.splitlines() if line.startswith("Note: ")], err


def test_each_wrong_setting_has_a_line_of_its_own(terminal, started, monkeypatch):
    for name, value in WRONG.items():
        monkeypatch.setenv(name, value)
    notes, err = noted(terminal)
    assert sorted(note.split()[0] for note in notes) == sorted(WRONG)
    assert len(err.splitlines()) == len(WRONG)
    assert started


@pytest.mark.parametrize("name", WRONG)
def test_each_alone_is_said_once(terminal, started, monkeypatch, name):
    monkeypatch.setenv(name, WRONG[name])
    notes, _ = noted(terminal)
    assert [note.split()[0] for note in notes] == [name]


def test_beside_a_file_that_cannot_be_read_the_environment_is_looked_at(terminal, started, monkeypatch, tmp_path):
    (tmp_path / "checkout" / ".env").write_text("PSAUTH_SCOPE\n")
    monkeypatch.setenv("PSAUTH_TOKEN_AUTH", "telepathy")
    notes, _ = noted(terminal)
    assert len(notes) == 2
    assert "has no '='" in notes[0]
    assert notes[1].startswith("PSAUTH_TOKEN_AUTH (from environment) is 'telepathy'")


def test_an_address_that_a_key_would_not_be_sent_to_is_said(terminal, started, monkeypatch, tmp_path):
    (tmp_path / "checkout" / ".env").write_text("PSAUTH_API_URL=https://evil.example/v1\n")
    monkeypatch.setenv("PSAUTH_API_KEY", "hidden-7Hq2")
    notes, _ = noted(terminal)
    assert len(notes) == 1
    assert "PSAUTH_TRUST_ADDRESSES=yes" in notes[0]


def test_the_error_holds_them_all_and_says_the_first(monkeypatch):
    monkeypatch.setenv("PSAUTH_API_URL", "nonsense")
    monkeypatch.setenv("PSAUTH_TOKEN_AUTH", "telepathy")
    with pytest.raises(SettingsError) as refusal:
        Settings()
    assert [*refusal.value.refused] == ["api_url", "token_auth"]
    assert str(refusal.value) == refusal.value.refused["api_url"]
