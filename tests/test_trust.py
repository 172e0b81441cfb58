"""A credential and its address: a file of the folder names the address of those credentials alone that stand in it."""

import pickle

import pytest
from requests_mock import ANY

import psauth
from psauth import AuthorizationFlow, Settings, Vault
from psauth.exceptions import SettingsError
from psauth.settings import API_KEY_API_URL, AUTHORIZE_URL, OAUTH_API_URL, TOKEN_URL
from psauth.settings.trust import SENT_TO

KEY = "key-of-the-person-Rt55"
EVIL = "https://evil.example/v1"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of somebody else, with the files that they wrote; the rest stands in the environment."""

    def lay(*, env=None, secrets=None, **environment):
        if env is not None:
            (tmp_path / ".env").write_text("".join(f"PSAUTH_{name.upper()}={env[name]}\n" for name in env))
        if secrets is not None:
            (tmp_path / ".streamlit").mkdir()
            lines = "".join(f'{name} = "{value}"\n' for name, value in secrets.items())
            (tmp_path / ".streamlit" / "secrets.toml").write_text(f"[psauth]\n{lines}")
        for name, value in environment.items():
            monkeypatch.setenv(f"PSAUTH_{name.upper()}", value)

    return lay


@pytest.fixture
def asked(requests_mock):
    """Every address answers, and what was asked is kept."""
    requests_mock.get(ANY, json={"apiKeyLabel": "Acme"})
    requests_mock.post(ANY, json={})
    return requests_mock.request_history


WAYS = {
    "connect": lambda: psauth.connect(interactive=False).whoami(),
    "login": lambda: psauth.login(),
    "begin": lambda: AuthorizationFlow(Settings(), Vault.open()).begin(),
}


@pytest.mark.parametrize("address", [EVIL, "http://127.0.0.1:9/v1", "http://localhost:9/v1"])
@pytest.mark.parametrize("way", ["connect", "login"])
def test_a_key_of_the_environment_does_not_go_where_a_folder_says(folder, asked, way, address):
    folder(env={"api_url": address}, api_key=KEY)
    with pytest.raises(SettingsError) as caught:
        WAYS[way]()
    assert asked == []
    said = str(caught.value)
    for part in (
        "PSAUTH_API_KEY comes from the environment",
        f"PSAUTH_API_URL={address}",
        ".env",
        "TRUST_ADDRESSES=yes",
    ):
        assert part in said
    assert KEY not in said


@pytest.mark.parametrize("address", SENT_TO["client_id"])
@pytest.mark.parametrize("secret", [{"client_secret": "client-secret-7Hq2"}, {}])
def test_an_app_of_the_environment_does_not_go_where_a_folder_says(folder, asked, address, secret):
    named = {"authorize_url": f"{OAUTH_API_URL}/a", "token_url": f"{OAUTH_API_URL}/t", address: EVIL}
    folder(env={address: EVIL}, client_id="analyst", **secret, **{k: v for k, v in named.items() if k != address})
    with pytest.raises(SettingsError, match=f"PSAUTH_{address.upper()}={EVIL}"):
        WAYS["begin"]()
    assert asked == []


def test_a_secret_does_not_follow_an_id_into_a_file(folder):
    folder(env={"client_id": "analyst", "token_url": EVIL, "authorize_url": EVIL}, client_secret="client-secret-7Hq2")
    with pytest.raises(SettingsError, match="PSAUTH_CLIENT_SECRET comes from the environment"):
        WAYS["begin"]()


def test_two_files_are_two_places(folder):
    folder(env={"api_url": EVIL}, secrets={"api_key": KEY})
    with pytest.raises(SettingsError, match="PSAUTH_API_KEY comes from Streamlit secrets"):
        WAYS["connect"]()


@pytest.mark.parametrize(
    "case",
    [
        {"env": {"api_url": EVIL, "api_key": KEY}},
        {"secrets": {"api_url": EVIL, "api_key": KEY}},
        {"env": {"api_key": KEY}, "api_url": EVIL},
        {"api_key": KEY, "api_url": EVIL},
        {"env": {"api_url": EVIL}, "api_key": KEY, "trust_addresses": "yes"},
        {"env": {"api_url": EVIL}, "secrets": {"api_key": KEY, "trust_addresses": "Yes"}},
        {"env": {"api_url": EVIL, "trust_addresses": "no"}, "secrets": {"api_key": KEY, "trust_addresses": "yes"}},
        {"env": {"api_url": API_KEY_API_URL}, "api_key": KEY},
        {"env": {"api_url": f"{OAUTH_API_URL}/"}, "api_key": KEY},
        {"env": {"token_url": TOKEN_URL, "authorize_url": AUTHORIZE_URL}, "client_id": "analyst"},
    ],
)
def test_what_is_in_one_place_or_the_persons_own_or_usual_or_meant_is_fine(folder, case):
    folder(**case)
    assert Settings().foreign == ()


@pytest.mark.parametrize("word", ["yes", "true", "1"])
def test_the_file_that_names_the_address_does_not_vouch_for_itself(folder, word):
    folder(env={"api_url": EVIL, "trust_addresses": word}, api_key=KEY)
    with pytest.raises(SettingsError, match="PSAUTH_API_URL"):
        WAYS["connect"]()


def test_keywords_are_the_persons_own(folder):
    folder(env={"api_url": EVIL}, api_url=API_KEY_API_URL)
    assert Settings(api_key=KEY).foreign == ()
    folder(env={"api_url": EVIL}, api_key=KEY)
    assert Settings(api_url="https://mine.example/v1").foreign == ()
    assert Settings(trust_addresses="yes").foreign == ()


def test_a_keyword_does_not_go_where_a_folder_says(folder):
    folder(env={"api_url": EVIL})
    with pytest.raises(SettingsError, match="PSAUTH_API_KEY comes from a keyword"):
        psauth.connect(settings=Settings(api_key=KEY), interactive=False)


def test_neither_a_copy_nor_a_pickle_forgets_it_and_another_address_ends_it(folder):
    folder(env={"api_url": EVIL}, api_key=KEY)
    settings = Settings()
    copies = settings.with_(scope="read"), settings.with_(api_key="another"), pickle.loads(pickle.dumps(settings))
    for same in copies:
        with pytest.raises(SettingsError, match="evil"):
            same.refuse_foreign("api_key")
    settings.with_(api_url=API_KEY_API_URL).refuse_foreign("api_key")
    settings.with_(trust_addresses="yes").refuse_foreign("api_key")


def test_a_stored_connection_is_used_as_before(folder, settings, store, asked):
    store()
    folder(env={"api_url": EVIL}, api_key=KEY)
    psauth.connect(interactive=False).whoami()
    assert {request.hostname for request in asked} == {"api.example"}


def test_nothing_but_psauths_own_names_is_read_from_a_file(tmp_path, monkeypatch):
    (tmp_path / ".env").write_text("HTTPS_PROXY=http://evil.example:1\nHOME=/evil\nREQUESTS_CA_BUNDLE=/evil\n")
    monkeypatch.delenv("HTTPS_PROXY", raising=False)
    settings = Settings()
    assert "evil" not in repr(settings) + repr(vars(settings))
    assert settings.unknown == ()
