"""Credentials as people paste them: with quotation marks, line breaks, their header. Said before any request, never shown."""

import pytest

import psauth
from psauth import Settings
from psauth.exceptions import SettingsError
from psauth.secret import copied_wrongly

CORE = "Zq7Kd93Xy71"
"""Stands in every credential here, and in no message."""

QUOTED = [
    f'"{CORE}"',
    f"'{CORE}'",
    f"`{CORE}`",
    f"“{CORE}”",
    f"„{CORE}“",
    f"‘{CORE}’",
    f"«{CORE}»",
    f"b'{CORE}'",
    f'b"{CORE}"',
    f'" {CORE} "',
    f"<{CORE}>",
    f"['{CORE}']",
    f"{{{CORE}}}",
]
BROKEN = [
    f"{CORE}\n{CORE}",
    f"{CORE}\r\n{CORE}",
    f"{CORE}\r{CORE}",
    f"{CORE}\t{CORE}",
    f"{CORE}\0",
    f"{CORE}\u2028{CORE}",
    f"{CORE}\x85{CORE}",
    f"{CORE}\u200b",
    f"\ufeff{CORE}",
    f"{CORE}\u00a0{CORE}",
    f"{CORE}\\n",
]
LINES = [
    f"X-API-Key: {CORE}",
    f"x-api-key:{CORE}",
    f"X-API-KEY : {CORE}",
    f"API key: {CORE}",
    f"Authorization: Bearer {CORE}",
    f"authorization: bearer {CORE}",
    f"Authorization:{CORE}",
    f"Authorization: Basic {CORE}",
    f"Cookie: session={CORE}",
    f"X-Custom-Header: {CORE}",
    f"-H 'X-API-Key: {CORE}'",
    f'--header "Authorization: Bearer {CORE}"',
    f"curl https://api.example/v1/workflows -H 'X-API-Key: {CORE}'",
    f'curl -s --header "Authorization: Bearer {CORE}" https://api.example',
    f"client_id: {CORE}",
    f"client_secret: {CORE}",
    f"Bearer {CORE}",
    f"bearer  {CORE}",
    f"BEARER {CORE}",
    f"Basic {CORE}",
    f"Token {CORE}",
    f"X-API-Key {CORE}",
    f"PSAUTH_API_KEY={CORE}",
    f"PSAUTH_API_KEY = {CORE}",
    f"export PSAUTH_CLIENT_SECRET={CORE}",
    f"$env:PSAUTH_API_KEY={CORE}",
    f"api_key={CORE}",
    f"X-API-Key={CORE}",
]
NAMES = ["api_key", "client_id", "client_secret", "secret_key"]


def refused(name, text, source, **where):
    """The message about a credential, which names the setting and its source and does not show the credential."""
    with pytest.raises(SettingsError, match=f"PSAUTH_{name.upper()} .from {source}.") as caught:
        Settings(**where)
    message = str(caught.value)
    assert CORE not in message
    assert f"PSAUTH_{name.upper()}=" in message, "the line to type"
    assert "\n" not in message
    return message


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", [*QUOTED, *BROKEN, *LINES], ids=ascii)
def test_what_was_copied_along_is_said_before_any_request(name, text):
    refused(name, text, "keyword", **{name: text})


@pytest.mark.parametrize("text", [f'"{CORE}"', f"X-API-Key: {CORE}", f"Authorization: Bearer {CORE}", f"Bearer {CORE}"])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("place", ["environment", ".env", "secrets.toml", "secrets.toml, above all sections"])
def test_it_is_said_from_wherever_it_comes(monkeypatch, tmp_path, place, name, text):
    monkeypatch.delenv("PSAUTH_SECRET_KEY")
    variable = f"PSAUTH_{name.upper()}"
    source = place
    if place == "environment":
        monkeypatch.setenv(variable, text)
    elif place == ".env":
        (tmp_path / ".env").write_text(f"{variable}='{text}'\n")
        source = r"\.env"
    else:
        (tmp_path / ".streamlit").mkdir()
        line = f"{variable} = '{text}'\n" if "above" in place else f"[psauth]\n{name} = '{text}'\n"
        (tmp_path / ".streamlit" / "secrets.toml").write_text(line)
        source = "Streamlit secrets"
    refused(name, text, source)


def test_a_login_with_such_a_key_asks_nobody(monkeypatch, requests_mock):
    monkeypatch.setenv("PSAUTH_API_KEY", f"Bearer {CORE}")
    for begin in (psauth.login, psauth.connect):
        with pytest.raises(SettingsError, match="'Bearer', a word of its header"):
            begin()
    assert not requests_mock.called


@pytest.mark.parametrize("text", [f'"{CORE}', f"{CORE}'", f"{CORE}”", f'{CORE}"{CORE}'])
@pytest.mark.parametrize("name", ["api_key", "client_id", "secret_key"])
def test_a_single_quotation_mark_is_a_mistake_too_but_for_a_secret_that_a_server_made_up(name, text):
    assert "quotation mark" in refused(name, text, "keyword", **{name: text})
    assert Settings(client_secret=text).client_secret == text


GOOD = [
    CORE,
    "aGk3-_.~+/=",
    "2f6c1b1e-0000-4b6e-9d0c-9b1f0d3c1a11",
    "urn:client:42",
    "https://client.example/metadata",
    "bearer",
    "token",
    "tokenless",
    "key:with:colons",
    "a b",
    "p=q",
    "x-api-key",
    "{half",
    "half]",
    "b",
    "",
]


@pytest.mark.parametrize("text", GOOD)
@pytest.mark.parametrize("name", NAMES)
def test_what_may_be_a_credential_is_let_through(name, text):
    assert getattr(Settings(**{name: text}), name) == text


def test_an_api_key_is_ascii_and_the_rest_may_be_any_text():
    with pytest.raises(SettingsError, match="a character that a key cannot have"):
        Settings(api_key="Schlüssel")
    assert Settings(client_secret="Schlüssel").client_secret == "Schlüssel"


def test_the_sentence_about_a_header_of_no_well_known_name_does_not_show_its_name():
    assert "hunter2" not in copied_wrongly("hunter2: more")


@pytest.mark.parametrize(
    "line",
    [
        f'PSAUTH_API_KEY="{CORE}',
        f"PSAUTH_API_KEY='{CORE}",
        f'PSAUTH_API_KEY="{CORE}" {CORE}',
        f'PSAUTH_API_KEY="""{CORE}"""',
        f"set PSAUTH_API_KEY={CORE}",
        f"$env:PSAUTH_API_KEY='{CORE}'",
        f'export PSAUTH_API_KEY="{CORE}',
    ],
)
def test_a_line_of_an_env_file_that_cannot_be_read_is_said_and_not_skipped(tmp_path, line, capfd):
    (tmp_path / ".env").write_text(f"# my keys\nOTHER=1\n{line}\n")
    with pytest.raises(SettingsError, match=r"Line 3 of .*\.env cannot be read\. Expected NAME=value") as caught:
        Settings()
    assert CORE not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_lines_of_others_in_an_env_file_are_nobodys_business(tmp_path, capfd):
    (tmp_path / ".env").write_text(
        "OTHER=\"half\nMY_PSAUTH_THING=1\n# PSAUTH_API_KEY=\"half\nPSAUTH_API_KEY='whole' # mine\n"
    )
    assert Settings().api_key == "whole"
    assert capfd.readouterr() == ("", "")
