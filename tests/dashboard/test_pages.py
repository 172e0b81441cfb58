"""What each state of the app says, and what it offers next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

import psauth
from psauth.auth.revocation import Disconnected
from psauth.settings import Settings
from psauth.vault.vault import Vault
from tests.dashboard.conftest import settled, texts

Run = Callable[..., AppTest]


def test_the_first_visit_offers_one_button_and_says_that_it_is_the_sandbox(run: Run) -> None:
    page = run()
    assert [t.value for t in page.title] == ["Your Process Street workflows, as tables"]
    assert "Sandbox: invented data" in texts(page)
    assert 'href="/connect"' in texts(page)
    assert 'target="_self"' in texts(page)
    assert "PSAUTH_API_KEY=your-key" in [c.value for c in page.code]


def test_connect_leads_back_to_what_was_chosen(run: Run, connected: Vault) -> None:
    connected.end(connected.read(), "the service has ended the access (invalid_grant)")
    assert 'href="/connect?return_to=%2F%3Fsearch%3Donboarding"' in texts(run(search="onboarding"))
    connected.forget("default")
    assert 'href="/connect?return_to=%2F%3Fsearch%3Donboarding"' in texts(run(search="onboarding"))


def test_the_first_visit_says_what_the_right_to_change_is_for(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "see and change your workflows, runs and tasks. This app changes nothing" in texts(run())
    monkeypatch.setenv("PSAUTH_CLIENT_ID", "analyst")
    monkeypatch.setenv("PSAUTH_SCOPE", "read")
    assert "see your workflows, runs and tasks. The connection is kept" in texts(run())


def test_with_an_oauth_app_configured_there_is_no_sandbox(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PSAUTH_CLIENT_ID", "analyst")
    monkeypatch.setenv("PSAUTH_CLIENT_SECRET", "not-to-be-shown")
    page = run()
    assert "Sandbox" not in texts(page)
    assert 'href="/connect"' in texts(page)
    assert "not-to-be-shown" not in str(page)


def test_streamlit_secrets_are_settings_too(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    page = run()
    page.secrets["psauth"] = {"client_id": "analyst", "token_auth": "basic"}
    page.run()
    assert "`PSAUTH_CLIENT_SECRET` is missing" in texts(page)


@pytest.mark.parametrize(
    ("variables", "missing"),
    [
        ({"PSAUTH_CLIENT_SECRET": "s"}, "PSAUTH_CLIENT_ID"),
        ({"PSAUTH_ISSUER": "https://login.example"}, "PSAUTH_CLIENT_ID"),
        ({"PSAUTH_CLIENT_ID": "a", "PSAUTH_TOKEN_AUTH": "basic"}, "PSAUTH_CLIENT_SECRET"),
        ({"PSAUTH_CLIENT_ID": "a", "PSAUTH_TOKEN_URL": "https://login.example/token"}, "PSAUTH_AUTHORIZE_URL"),
    ],
)
def test_incomplete_settings_are_named(
    run: Run, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], missing: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    page = run()
    assert f"`{missing}` is missing" in texts(page)
    assert "psauth-button" not in texts(page)


def test_a_setting_that_cannot_be_used_is_explained(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PSAUTH_TOKEN_URL", "http://login.example/token")
    page = run()
    assert [h.value for h in page.header] == ["A setting cannot be used"]
    assert "PSAUTH_TOKEN_URL" in texts(page)
    assert [b.label for b in page.button] == ["Try again"]


def test_a_vault_of_another_key_is_explained(run: Run, connected: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    from cryptography.fernet import Fernet

    monkeypatch.setenv("PSAUTH_SECRET_KEY", Fernet.generate_key().decode())
    page = run()
    assert [h.value for h in page.header] == ["The vault cannot be used"]
    assert "nothing was deleted" in texts(page)


def test_the_workflows_stand_in_a_table_with_their_facts(run: Run, connected: Vault, box: psauth.Sandbox) -> None:
    page = run()
    assert [t.value for t in page.title] == ["Workflows"]
    table = page.dataframe[0].value
    assert len(table) == 12
    assert {"workflow_id", "name", "description", "created_date", "updated_date", "link"} <= set(table.columns)
    assert any("12 workflows · read just now · 1 request" in c.value for c in page.caption)


def test_a_long_name_stays_in_the_line_above_the_table() -> None:
    def page() -> None:
        import pandas as pd
        import streamlit as st

        from psauth.dashboard.parts import tables

        row = pd.Series({"name": "A procedure whose name goes on " * 7, "workflow_id": "w"})
        tables.lead(st.container(), row, "workflow", {})

    shown = AppTest.from_function(page).run()
    assert [t.value for t in shown.text] == ["A procedure whose name goes on A …"]


def test_a_second_run_costs_no_request(run: Run, connected: Vault, box: psauth.Sandbox) -> None:
    run()
    before = len(box.requests.matching(path="/v1"))
    run()
    assert len(box.requests.matching(path="/v1")) == before


def test_another_connection_never_sees_the_cached_rows(run: Run, connected: Vault, box: psauth.Sandbox) -> None:
    run()
    before = len(box.requests.matching(path="/v1/workflows"))
    stored = connected.read()
    connected.connect("default", stored.connection.service, token=stored.token)
    run()
    assert len(box.requests.matching(path="/v1/workflows")) == before + 1


def test_a_connection_that_has_ended_offers_to_connect_again(run: Run, connected: Vault) -> None:
    connected.end(connected.read(), "the service has ended the access (invalid_grant)")
    page = run()
    assert [h.value for h in page.header] == ["The connection has ended"]
    assert "Connect again" in texts(page)


def test_a_service_that_is_gone_is_one_sentence(run: Run, connected: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("psauth.api.transport.time.sleep", lambda _: None)
    stored = connected.read()
    connected.connect(
        "default", replace(stored.connection.service, api_url="http://127.0.0.1:9/v1"), token=stored.token
    )
    page = run()
    assert [h.value for h in page.header] == ["Process Street does not answer"]
    assert [b.label for b in page.button] == ["Try again"]


def test_the_connection_page_tells_kind_account_scopes_and_end(run: Run, connected: Vault) -> None:
    page = run()
    page.switch_page("views/connection.py").run()
    said = texts(page)
    for words in ("OAuth 2.0", "see your work", "renewed by itself"):
        assert words in said
    assert {"Refresh now", "Disconnect"} <= {b.label for b in page.button}
    token = connected.read().token
    assert token is not None
    assert token.access_token not in str(page)


def test_a_narrower_scope_than_asked_for_is_pointed_out(run: Run, connected: Vault) -> None:
    stored = connected.read()
    assert stored.token is not None
    connected.connect("default", stored.connection.service, token=replace(stored.token, scope="read"))
    page = run()
    page.switch_page("views/connection.py").run()
    assert "write is missing" in texts(page)


def test_refresh_now_renews_the_token(run: Run, connected: Vault) -> None:
    before = connected.read().token
    page = run()
    page.switch_page("views/connection.py").run()
    next(b for b in page.button if b.label == "Refresh now").click().run()
    after = connected.read().token
    assert before is not None
    assert after is not None
    assert before.access_token != after.access_token


def test_a_refresh_that_fails_leaves_the_page_as_it_is(run: Run, connected: Vault, box: psauth.Sandbox) -> None:
    page = run()
    page.switch_page("views/connection.py").run()
    box.knobs.fault("/oauth/token", status=503)
    next(b for b in page.button if b.label == "Refresh now").click().run()
    assert [h.value for h in page.header] == ["Process Street could not answer"]
    assert {"Refresh now", "Disconnect", "Try again"} <= {b.label for b in page.button}


def test_a_connection_that_has_ended_counts_nothing_down(run: Run, connected: Vault) -> None:
    connected.end(connected.read(), "the service has ended the access (invalid_grant)")
    page = run()
    page.switch_page("views/connection.py").run()
    assert "Connect again" in texts(page)
    assert "renewed by itself" not in texts(page)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("oauth", "is revoked at the service"),
        ("no revocation", "no way to revoke it from here"),
        ("api key", "stays valid until it is deleted"),
    ],
)
def test_disconnect_promises_only_what_will_happen(run: Run, connected: Vault, kind: str, said: str) -> None:
    stored = connected.read()
    service = stored.connection.service
    if kind == "no revocation":
        connected.connect("default", replace(service, revoke_url=""), token=stored.token)
    elif kind == "api key":
        connected.connect("default", service, api_key="key-Rt55")
    page = run()
    page.switch_page("views/connection.py").run()
    next(b for b in page.button if b.label == "Disconnect").click().run()
    assert said in texts(page)
    assert ("Expires" in texts(page)) == (kind != "api key")


def test_an_api_key_connection_stands_there_like_any_other(run: Run, box: psauth.Sandbox) -> None:
    from psauth.vault.service import Service

    Vault.open(Settings(env_file=None)).connect(
        "default", Service(api_url=box.api_url), api_key=box.api_key, label="key"
    )
    page = run()
    assert len(page.dataframe[0].value) == 12
    page.switch_page("views/connection.py").run()
    assert "API key" in texts(page)
    assert box.api_key not in str(page)


def test_a_callback_in_the_query_is_finished_and_cleared(run: Run, box: psauth.Sandbox) -> None:
    from urllib.parse import parse_qsl, urlsplit

    settings = box.settings.with_(home=Settings(env_file=None).home, secret_key=Settings(env_file=None).secret_key)
    vault = Vault.open(settings)
    callback = box.login(psauth.AuthorizationFlow(settings, vault).begin())
    page = run(**dict(parse_qsl(urlsplit(callback).query)))
    assert vault.find("default") is not None
    assert dict(page.query_params) == {}
    assert [t.value for t in page.title] == ["Workflows"]


def test_a_refused_callback_is_a_page_with_one_next_step(run: Run) -> None:
    page = run(code="abc", state="nobody-made-this")
    assert [h.value for h in page.header] == ["This answer is not ours"]
    assert dict(page.query_params) == {}
    assert 'href="/connect"' in texts(page)
    assert not page.button, "one next step"


def test_a_declined_access_is_told_apart(run: Run, box: psauth.Sandbox) -> None:
    from urllib.parse import parse_qsl, urlsplit

    settings = box.settings.with_(home=Settings(env_file=None).home, secret_key=Settings(env_file=None).secret_key)
    callback = box.login(psauth.AuthorizationFlow(settings, Vault.open(settings)).begin(), allow=False)
    page = run(**dict(parse_qsl(urlsplit(callback).query)))
    assert [h.value for h in page.header] == ["Access was declined"]


def test_on_another_address_nothing_is_shown(run: Run, connected: Vault) -> None:
    from streamlit import config

    for address in (None, "0.0.0.0", "192.168.1.5"):
        config.set_option("server.address", address)
        page = run()
        assert [h.value for h in page.header] == ["Only on this machine"]
        assert not page.dataframe


def test_an_old_read_says_its_age(connected: Vault) -> None:
    from psauth.dashboard.parts.phrases import age

    assert age(datetime.now(UTC) - timedelta(minutes=5)) == "5 minutes ago"
    assert age(datetime.now(UTC)) == "just now"


def test_a_farewell_is_said_until_somebody_connects_again(run: Run, box: psauth.Sandbox) -> None:
    page = run()
    message = "Disconnected: the service has revoked the access."
    page.session_state["psauth.farewell"] = Disconnected(account="default", existed=True, revoked=True, message=message)
    for _ in range(2):  # the watch over the vault may draw the page once more at any moment
        assert "revoked the access" in " ".join(s.value for s in page.run().success)
    settings = box.settings.with_(home=Settings(env_file=None).home, secret_key=Settings(env_file=None).secret_key)
    vault = Vault.open(settings)
    flow = psauth.AuthorizationFlow(settings, vault)
    flow.finish(box.login(flow.begin()))
    settled(page.run())
    vault.forget("default")
    assert not page.run().success


def test_an_access_that_was_not_revoked_is_a_warning_and_the_service_s_words_are_no_markup(run: Run) -> None:
    page = run()
    message = "Removed from this machine, but not revoked at the service: [click](https://evil.example)"
    page.session_state["psauth.farewell"] = Disconnected(
        account="default", existed=True, revoked=False, message=message
    )
    page.run()
    assert not page.success
    assert "was not revoked at the service" in page.warning[0].value
    assert message in [t.value for t in page.text]


def test_a_sandbox_that_is_gone_is_said_once(run: Run) -> None:
    page = run()
    message = "Disconnected: the sandbox at localhost:9 is gone, and the access with it."
    page.session_state["psauth.farewell"] = Disconnected(
        account="default", existed=True, revoked=False, message=message, gone=True
    )
    page.run()
    (success,) = page.success
    assert message in success.value
    assert not page.warning
    assert not page.text
