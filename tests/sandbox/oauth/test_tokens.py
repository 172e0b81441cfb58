"""The life of a token: rotation, families, revocation, many threads, a restart, and silence about all of it."""

from __future__ import annotations

import json
import logging
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from psauth.sandbox import Grants, SandboxServer, StateError
from tests.sandbox.conftest import App, Clock


def test_a_refresh_spends_its_token_and_gives_the_next(app: App) -> None:
    first = app.connect()
    second = app.refresh(first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert app.works(first["access_token"])
    assert app.works(second["access_token"])


def test_a_spent_refresh_token_coming_back_ends_its_whole_family(app: App) -> None:
    first = app.connect()
    second = app.refresh(first["refresh_token"]).json()
    assert app.refresh(first["refresh_token"]).json()["error"] == "invalid_grant"
    assert not app.works(second["access_token"])
    assert app.refresh(second["refresh_token"]).json()["error"] == "invalid_grant"


def test_another_family_is_left_alone(app: App) -> None:
    first, other = app.connect(), app.connect()
    app.revoke(first["refresh_token"])
    assert app.works(other["access_token"])


def test_another_client_cannot_use_or_end_a_refresh_token(box: SandboxServer, app: App) -> None:
    token = app.connect()
    stolen = app.refresh(token["refresh_token"], client_id=box.public_client_id, client_secret=None)
    assert stolen.json()["error"] == "invalid_grant"
    assert app.refresh(token["refresh_token"]).status_code == 200


def test_a_refresh_may_ask_for_less_but_not_for_more(app: App) -> None:
    token = app.connect(scope="read,write")
    narrow = app.refresh(token["refresh_token"], scope="read").json()
    assert narrow["scope"] == "read"
    assert app.refresh(narrow["refresh_token"]).json()["scope"] == "read write"
    only_read = app.connect(scope="read")
    assert app.refresh(only_read["refresh_token"], scope="read,write").json()["error"] == "invalid_scope"


def test_an_access_token_expires(app: App, clock: Clock) -> None:
    token = app.connect()
    clock.advance(3601)
    assert not app.works(token["access_token"])
    assert app.works(app.refresh(token["refresh_token"]).json()["access_token"])


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_revoking_either_token_ends_both(app: App, kind: str) -> None:
    token = app.connect()
    assert app.revoke(token[kind]).status_code == 200
    assert not app.works(token["access_token"])
    assert app.refresh(token["refresh_token"]).json()["error"] == "invalid_grant"


def test_revoking_an_unknown_token_is_fine(app: App) -> None:
    assert app.revoke("never issued").status_code == 200


def test_revoking_needs_the_client(app: App) -> None:
    token = app.connect()
    assert app.revoke(token["access_token"], client_secret="wrong").status_code == 401
    assert app.works(token["access_token"])


def test_the_public_client_can_revoke(box: SandboxServer, app: App) -> None:
    public = {"client_id": box.public_client_id, "client_secret": None}
    token = app.exchange(app.code(client_id=box.public_client_id), **public).json()
    assert app.revoke(token["refresh_token"], **public).status_code == 200
    assert not app.works(token["access_token"])


def test_of_eight_threads_with_one_refresh_token_one_wins(app: App) -> None:
    token = app.connect()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: app.refresh(token["refresh_token"]).status_code, range(8)))
    assert sorted(answers) == [200] + [400] * 7


def test_of_eight_threads_with_one_code_one_wins(app: App) -> None:
    code = app.code()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: app.exchange(code).status_code, range(8)))
    assert sorted(answers) == [200] + [400] * 7


def test_without_rotation_the_refresh_token_stays_and_is_not_repeated(box: SandboxServer, app: App) -> None:
    token = app.connect()
    box.knobs.rotate = False
    for _ in range(2):
        answer = app.refresh(token["refresh_token"]).json()
        assert "refresh_token" not in answer
        assert app.works(answer["access_token"])


def test_the_answer_may_be_a_form_and_may_leave_things_out(box: SandboxServer, app: App) -> None:
    box.knobs.token_answer = "form"
    box.knobs.omit = {"expires_in", "scope", "token_type"}
    answer = app.exchange(app.code())
    assert answer.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert set(parse_qs(answer.text)) == {"access_token", "refresh_token"}


def test_no_refresh_token_when_none_is_issued(box: SandboxServer, app: App) -> None:
    box.knobs.issue_refresh_token = False
    assert "refresh_token" not in app.connect()


def test_a_lifetime_is_told_and_kept(box: SandboxServer, app: App, clock: Clock) -> None:
    box.knobs.token_lifetime = 30
    token = app.connect()
    assert token["expires_in"] == 30
    clock.advance(31)
    assert not app.works(token["access_token"])


def test_a_connection_survives_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "state" / "sandbox.json"
    with SandboxServer(runs=15, state=state) as box:
        token, secret, key = App(box).connect(), box.client_secret, box.api_key
        runs = {run.id: run.created for run in box.company.runs}
    with SandboxServer(runs=15, state=state) as box:
        assert (box.client_secret, box.api_key) == (secret, key)
        assert {run.id: run.created for run in box.company.runs} == runs
        app = App(box)
        assert app.works(token["access_token"])
        second = app.refresh(token["refresh_token"]).json()
    with SandboxServer(runs=15, state=state) as box:
        app = App(box)
        assert app.works(second["access_token"])
        assert app.refresh(token["refresh_token"]).json()["error"] == "invalid_grant"
        assert not app.works(second["access_token"])


def test_the_file_is_private_and_holds_hashes_only(tmp_path: Path) -> None:
    state = tmp_path / "sandbox.json"
    with SandboxServer(runs=15, state=state) as box:
        app = App(box)
        code = app.code()
        token = app.exchange(code).json()
        text = state.read_text()
        if os.name == "posix":
            assert stat.S_IMODE(state.stat().st_mode) == 0o600
    assert not [s for s in (code, app.verifier, token["access_token"], token["refresh_token"]) if s in text]
    assert list(tmp_path.iterdir()) == [state]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 99}', '{"version": 1, "client_secret": "s3cret"}'])
def test_a_damaged_file_is_named_and_kept(tmp_path: Path, text: str) -> None:
    state = tmp_path / "sandbox.json"
    state.write_text(text)
    with pytest.raises(StateError, match=r"sandbox\.json is not a state file") as caught:
        Grants(state)
    assert "s3cret" not in str(caught.value)
    assert state.read_text() == text


def test_every_sandbox_has_its_own_secrets(tmp_path: Path) -> None:
    first, second = Grants(), Grants(tmp_path / "sandbox.json")
    assert first.client_secret != second.client_secret
    assert first.api_key != second.api_key
    assert json.loads((tmp_path / "sandbox.json").read_text())["api_key"] == second.api_key


def test_no_secret_reaches_a_log_or_a_repr(box: SandboxServer, app: App, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(1):
        code = app.code()
        first = app.exchange(code).json()
        second = app.refresh(first["refresh_token"]).json()
        app.works(second["access_token"])
        app.exchange("a wrong code", client_secret="a wrong secret")
        app.revoke(second["access_token"])
    secrets = [box.client_secret, box.api_key, app.verifier, code, "a wrong code", "a wrong secret"]
    secrets += [token[kind] for token in (first, second) for kind in ("access_token", "refresh_token")]
    # urllib3's own lines are about what the test itself sends; they name paths, not bodies.
    written = "\n".join(record.getMessage() for record in caplog.records)
    assert "authlib" in {record.name.partition(".")[0] for record in caplog.records}
    shown = [repr(x) for x in (box, box.grants, box.knobs, box.company, box.requests, list(box.requests))]
    for text in (written, *shown, *map(str, logging.Logger.manager.loggerDict)):
        assert not [secret for secret in secrets if secret in text]
