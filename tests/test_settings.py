"""Settings: which of the places wins, what is refused, and that no secret shows."""

import inspect
import os
import pickle

import pytest

from psauth import Settings
from psauth.addresses import check_address, is_loopback
from psauth.exceptions import ArgumentError, SettingsError
from psauth.settings import NAMES, SECRETS


def test_without_any_setting_the_defaults_apply(monkeypatch, tmp_path):
    monkeypatch.delenv("PSAUTH_HOME")
    monkeypatch.delenv("PSAUTH_SECRET_KEY")
    settings = Settings()
    assert settings.redirect_uri == "http://localhost:8501/"
    assert settings.scope == "read,write"
    assert settings.token_auth == "post"
    assert settings.kind is None
    assert settings.missing() == []
    assert settings.home_path.is_relative_to(tmp_path)
    assert settings.database_url == f"sqlite:///{(settings.home_path / 'vault.db').as_posix()}"
    assert settings.sources["scope"] == "default"
    assert settings.sources["client_id"] == "not set"


def test_keyword_wins_over_environment_over_env_file_over_secrets_over_default(monkeypatch, tmp_path):
    places = [
        ("keyword", None),
        ("environment", lambda: monkeypatch.delenv("PSAUTH_SCOPE")),
        (".env", lambda: (tmp_path / ".env").unlink()),
        ("Streamlit secrets", None),
    ]
    monkeypatch.setenv("PSAUTH_SCOPE", "environment")
    (tmp_path / ".env").write_text("PSAUTH_SCOPE=.env\n")
    secrets = {"scope": "Streamlit secrets"}
    assert Settings(scope="keyword", secrets=secrets).sources["scope"] == "keyword"
    for place, take_away in places[1:]:
        settings = Settings(secrets=secrets)
        assert (settings.scope, settings.sources["scope"]) == (place, place)
        if take_away:
            take_away()
    assert Settings().scope == "read,write"


@pytest.mark.parametrize("key", ["client_id", "CLIENT_ID", "PSAUTH_CLIENT_ID", "psauth_client_id"])
def test_streamlit_secrets_may_name_their_keys_short_or_long(key):
    assert Settings(secrets={key: "analyst"}).client_id == "analyst"


def test_streamlit_secrets_may_stand_above_all_sections_as_variables(tmp_path):
    (tmp_path / ".streamlit").mkdir()
    file = tmp_path / ".streamlit" / "secrets.toml"
    file.write_text('PSAUTH_CLIENT_ID = "above"\nPSAUTH_SCOPE = "above"\nclient_secret = "another\'s"\n')
    assert (Settings().client_id, Settings().client_secret) == ("above", "")
    assert Settings().sources["client_id"] == "Streamlit secrets"
    file.write_text(file.read_text() + '[psauth]\nPSAUTH_CLIENT_ID = "inside"\n')
    assert (Settings().client_id, Settings().scope) == ("inside", "above")


def test_files_may_begin_with_the_mark_of_windows_editors(tmp_path):
    (tmp_path / ".env").write_text("PSAUTH_CLIENT_ID=analyst\n", encoding="utf-8-sig")
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "secrets.toml").write_text('[psauth]\napi_key = "k"\n', encoding="utf-8-sig")
    assert (Settings().client_id, Settings().api_key, Settings().unknown) == ("analyst", "k", ())


def test_another_env_file_can_be_named_or_none_be_read(tmp_path):
    (tmp_path / ".env").write_text("PSAUTH_CLIENT_ID=from-dot-env\n")
    (tmp_path / "other.env").write_text("PSAUTH_CLIENT_ID=from-other\n")
    assert Settings(env_file=None).client_id == ""
    other = Settings(env_file=tmp_path / "other.env")
    assert other.client_id == "from-other"
    assert other.sources["client_id"] == str(tmp_path / "other.env")


def test_an_env_file_neither_fills_the_environment_nor_reads_out_of_it(tmp_path, monkeypatch):
    monkeypatch.setenv("ELSEWHERE", "expanded")
    (tmp_path / ".env").write_text("PSAUTH_CLIENT_SECRET=a${ELSEWHERE}b\n")
    assert Settings().client_secret == "a${ELSEWHERE}b"
    assert "PSAUTH_CLIENT_SECRET" not in os.environ


def test_an_env_file_that_is_no_text_is_named_in_the_error(tmp_path):
    (tmp_path / ".env").write_bytes(b"PSAUTH_CLIENT_ID=\xff\xfe\n")
    with pytest.raises(SettingsError, match="not UTF-8"):
        Settings()


@pytest.mark.parametrize("blank", ["", "   ", "\t"])
def test_a_blank_variable_counts_as_not_set(monkeypatch, blank):
    monkeypatch.setenv("PSAUTH_SCOPE", blank)
    assert Settings().scope == "read,write"


@pytest.mark.parametrize("blank", ["", None])
def test_a_blank_keyword_is_a_given_value(monkeypatch, blank):
    monkeypatch.setenv("PSAUTH_CLIENT_ID", "from-environment")
    assert Settings(client_id=blank).client_id == ""


def test_values_lose_the_spaces_around_them():
    assert Settings(client_id="  analyst \n").client_id == "analyst"


def test_the_kind_is_oauth_as_soon_as_there_is_a_client():
    assert Settings(client_id="analyst").kind == "oauth"
    assert Settings(api_key="key").kind == "api_key"
    assert Settings(client_id="analyst", api_key="key").kind == "oauth"


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"client_secret": "s"}, ["PSAUTH_CLIENT_ID"]),
        ({"issuer": "https://app.example"}, ["PSAUTH_CLIENT_ID"]),
        ({"client_secret": "s", "api_key": "k"}, []),
        ({"client_id": "c"}, []),
        ({"client_id": "c", "token_auth": "basic"}, ["PSAUTH_CLIENT_SECRET"]),
        ({"client_id": "c", "token_auth": "none"}, []),
        ({"client_id": "c", "authorize_url": "https://a.example/"}, ["PSAUTH_TOKEN_URL"]),
        ({"client_id": "c", "token_url": "https://a.example/"}, ["PSAUTH_AUTHORIZE_URL"]),
        ({"client_id": "c", "token_url": "https://a.example/", "issuer": "https://a.example"}, []),
    ],
)
def test_a_half_made_configuration_names_what_it_lacks(given, missing):
    assert Settings(**given).missing() == missing


@pytest.mark.parametrize("name", ["authorize_url", "token_url", "revoke_url", "issuer", "api_url", "redirect_uri"])
@pytest.mark.parametrize(
    "address",
    [
        "http://app.example/",
        "http://10.0.0.7/",
        "http://localhost.example/",
        "http://127.0.0.1.example/",
        "ftp://localhost/",
        "app.example/oauth",
        "https:///path",
        "https://user:password@app.example/",
        "https://user@app.example/",
        "https://app.example/a b",
        "https://app.example:99999/",
        "https://[::1/",
        "javascript:alert(1)",
    ],
)
def test_an_address_that_a_secret_may_not_travel_to_is_refused_by_name(name, address):
    with pytest.raises(SettingsError, match=f"PSAUTH_{name.upper()} .from keyword."):
        Settings(**{name: address})


def test_the_error_says_where_the_bad_value_came_from(monkeypatch):
    monkeypatch.setenv("PSAUTH_TOKEN_URL", "http://app.example/")
    with pytest.raises(SettingsError, match=r"PSAUTH_TOKEN_URL .from environment."):
        Settings()


@pytest.mark.parametrize(
    "address",
    [
        "https://app.example/",
        "https://app.example:8443/x?y=z",
        "http://localhost:8501/",
        "http://LOCALHOST/",
        "http://127.0.0.1/",
        "http://127.8.8.8:1/",
        "http://[::1]:80/",
    ],
)
def test_https_anywhere_and_http_on_loopback_are_fine(address):
    assert check_address(address, "It") == address


@pytest.mark.parametrize("host", ["localhost", "LocalHost", "127.0.0.1", "127.255.255.254", "::1"])
def test_loopback_is_this_machine_by_definition(host):
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", [None, "", "0.0.0.0", "::", "localhost.", "localhost.example", "128.0.0.1", "2130706433"]
)
def test_everything_else_is_not_loopback(host):
    assert not is_loopback(host)


def test_a_redirect_uri_has_no_fragment():
    with pytest.raises(SettingsError, match="fragment"):
        Settings(redirect_uri="http://localhost:8501/#here")


def test_an_unknown_client_authentication_lists_the_known_ones():
    with pytest.raises(SettingsError, match=r"'jwt'. Expected one of post, basic, none"):
        Settings(token_auth="jwt")


@pytest.mark.parametrize("name", ["client_id", "client_secret", "api_key"])
def test_a_line_break_inside_a_credential_is_refused_without_showing_it(name):
    with pytest.raises(SettingsError, match=f"PSAUTH_{name.upper()}") as caught:
        Settings(**{name: "first\nsecond"})
    assert "first" not in str(caught.value)


def test_no_secret_stands_in_the_repr():
    settings = Settings(**dict.fromkeys(SECRETS, "hunter2hunter2"), client_id="analyst")
    assert "hunter2" not in repr(settings) + str(settings) + f"{settings}"
    assert "client_id='analyst'" in repr(settings)
    assert "client_secret=***" in repr(settings)


def test_a_copy_with_changes_does_not_ask_the_environment_again(monkeypatch, settings):
    monkeypatch.setenv("PSAUTH_SCOPE", "changed-since")
    monkeypatch.setenv("PSAUTH_API_KEY", "set-since")
    copy = settings.with_(client_id="another")
    assert copy.client_id == "another"
    assert copy.sources["client_id"] == "keyword"
    unchanged = [n for n in NAMES if n != "client_id"]
    assert [getattr(copy, n) for n in unchanged] == [getattr(settings, n) for n in unchanged]
    assert copy.sources["home"] == "environment"


def test_settings_reach_a_worker_process_but_a_live_consent_does_not(monkeypatch, settings):
    original = settings.with_(consent=lambda url: url)
    monkeypatch.setenv("PSAUTH_CLIENT_ID", "other")
    copy = pickle.loads(pickle.dumps(original))
    assert copy == original
    assert copy.consent is None


@pytest.mark.parametrize("where", ["environment", ".env", ".streamlit/secrets.toml"])
def test_a_misspelt_variable_is_found(monkeypatch, tmp_path, where):
    if where == "environment":
        monkeypatch.setenv("PSAUTH_CLIENTID", "x")
    elif where == ".env":
        (tmp_path / ".env").write_text("PSAUTH_CLIENTID=x\n")
    else:
        (tmp_path / ".streamlit").mkdir()
        (tmp_path / where).write_text('[psauth]\nclientid = "x"\n')
    assert Settings().unknown == ("PSAUTH_CLIENTID",)


def test_a_notebook_below_the_project_reads_the_projects_files(monkeypatch, tmp_path):
    (tmp_path / "app.py").touch()
    (tmp_path / ".env").write_text("PSAUTH_CLIENT_ID=from-env\n")
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "secrets.toml").write_text('[psauth]\nclient_secret = "from-toml"\n')
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    settings = Settings()
    assert (settings.client_id, settings.client_secret) == ("from-env", "from-toml")
    assert settings.sources["client_id"] == str(tmp_path / ".env")


def test_what_lies_above_the_project_is_not_read(monkeypatch, tmp_path):
    (tmp_path / ".env").write_text("PSAUTH_CLIENT_ID=somebody-elses\n")
    for folder in (tmp_path / "project", tmp_path / "no-project"):
        folder.mkdir()
    (tmp_path / "project" / "app.py").touch()
    for folder in ("project", "no-project"):
        monkeypatch.chdir(tmp_path / folder)
        assert Settings().client_id == ""


def test_an_env_file_that_cannot_be_read_is_said(tmp_path):
    (tmp_path / ".env").mkdir()
    with pytest.raises(SettingsError, match=r"\.env cannot be read .*Make it a file readable for you"):
        Settings()
    (tmp_path / ".env").rmdir()
    (tmp_path / ".env").write_bytes(b"PSAUTH_CLIENT_ID=\xff\xfe")
    with pytest.raises(SettingsError, match="not UTF-8"):
        Settings()
    (tmp_path / ".env").write_text("# a comment\nPSAUTH_CLIENT_SECRET secret-7\n")
    with pytest.raises(SettingsError, match="Line 2 of .* has no '='") as caught:
        Settings()
    assert "secret-7" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("PSAUTH_APIKEY", "PSAUTH_API_KEY"),
        ("PSAUTH_API_KEYS", "PSAUTH_API_KEY"),
        ("PSAUTH_CLIENTID", "PSAUTH_CLIENT_ID"),
        ("PSAUTH_REDIRECT_URL", "PSAUTH_REDIRECT_URI"),
        ("PSAUTH_SCOPES", "PSAUTH_SCOPE"),
        ("PSAUTH_SECRET", "PSAUTH_CLIENT_SECRET or PSAUTH_SECRET_KEY"),
        ("PSAUTH_TOKEN", "PSAUTH_TOKEN_URL or PSAUTH_TOKEN_AUTH or PSAUTH_START_TOKEN"),
    ],
)
def test_a_misspelt_name_is_held_against_the_settings_there_are(monkeypatch, name, meant):
    monkeypatch.setenv(name, "secret-value")
    settings = Settings()
    assert settings.misspelt() == [f"{name} is not a setting of psauth. Did you mean {meant}?"]
    assert settings.with_(scope="read").misspelt() == settings.misspelt()


def test_a_name_that_resembles_none_is_only_said_to_be_none(monkeypatch):
    monkeypatch.setenv("PSAUTH_XYZ", "1")
    assert Settings().misspelt() == ["PSAUTH_XYZ is not a setting of psauth."]


@pytest.mark.skipif(os.name != "posix", reason="elsewhere the environment knows capitals only")
def test_a_name_in_small_letters_is_not_read_and_said(monkeypatch):
    monkeypatch.setenv("psauth_api_key", "secret-value")
    settings = Settings()
    assert settings.api_key == ""
    assert settings.misspelt() == ["psauth_api_key is not a setting of psauth. Did you mean PSAUTH_API_KEY?"]


def test_the_env_file_that_was_read_is_known_by_its_whole_path(tmp_path):
    assert Settings().env_path is None
    (tmp_path / ".env").write_text("PSAUTH_SCOPE=read\n")
    assert Settings().env_path == tmp_path / ".env"
    assert Settings().with_(scope="write").env_path == tmp_path / ".env"
    assert Settings(env_file=None).env_path is None


def test_half_an_oauth_app_is_half_whatever_stands_beside_it(monkeypatch):
    half = Settings(client_secret="s", api_key="key-Rt55")
    assert half.missing() == []
    assert half.missing_of_app() == ["PSAUTH_CLIENT_ID"]
    assert half.parts_of_app() == ["PSAUTH_CLIENT_SECRET"]
    assert Settings(client_id="a", token_auth="basic").missing_of_app() == ["PSAUTH_CLIENT_SECRET"]
    assert Settings(client_id="a", token_url="https://a.example/t").missing_of_app() == ["PSAUTH_AUTHORIZE_URL"]
    assert Settings(api_key="key-Rt55").missing_of_app() == []


@pytest.mark.parametrize(
    ("keyword", "hint"),
    [
        ("clientid", "Did you mean 'client_id'"),
        ("PSAUTH_API_KEY", "Did you mean 'api_key'"),
        ("apikey", "Did you mean 'api_key'"),
        ("vault", "Did you mean 'vault_url'"),
        ("colour", "It takes client_id, "),
    ],
)
def test_a_misspelt_keyword_is_said_and_its_value_is_not(settings, keyword, hint):
    for make in (Settings, settings.with_):
        with pytest.raises(ArgumentError, match=f"Settings takes no '{keyword}'. {hint}") as caught:
            make(**{keyword: "hunter2"})
        assert "hunter2" not in str(caught.value)


def test_settings_take_keywords_only_and_their_signature_says_which():
    with pytest.raises(ArgumentError, match="keywords only") as caught:
        Settings("hunter2")
    assert "hunter2" not in str(caught.value)
    assert {"client_id", "api_key", "secrets", "env_file", "consent"} <= set(inspect.signature(Settings).parameters)
