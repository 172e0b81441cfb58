"""Half an emoji in what the service says: text with a replacement, wherever it goes, and never an error."""

import io
import json
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from click.testing import CliRunner

import psauth
from psauth import ApiError, AuthorizationFlow, Vault
from psauth.cli.commands import main
from psauth.export.csv import to_csv
from psauth.export.parquet import to_parquet

HALF = json.dumps("half \ud83d an emoji")
WHOLE = "half \ufffd an emoji"


def test_a_label_is_stored_and_shown(box):
    settings = box.settings.with_(client_id="", client_secret="", issuer="", api_key=box.api_key)
    box.knobs.fault("/v1/testAuth", "body", status=200, body=f'{{"apiKeyLabel": {HALF}}}', times=9)
    assert psauth.login(settings=settings).label == WHOLE
    stored = Vault.open(settings).read().connection
    assert stored.label == WHOLE
    assert repr(stored).encode()
    shown = CliRunner(env={"PSAUTH_HOME": settings.home, "PSAUTH_SECRET_KEY": settings.secret_key}).invoke(
        main, ["status"]
    )
    assert shown.exception is None
    assert WHOLE in shown.output


def test_a_scope_at_the_address_that_holds_the_code(box):
    body = f'{{"access_token": "access-new-9fKd93", "token_type": "Bearer", "scope": {HALF}}}'
    box.knobs.fault("/oauth/token", "body", status=200, body=body)
    vault = Vault.open(box.settings)
    flow = AuthorizationFlow(box.settings, vault)
    assert flow.finish(box.login(flow.begin())).scope == vault.read().connection.scope == WHOLE


@pytest.fixture
def users(box, ps):
    """Users of whom one has a name and a key with half a character."""
    body = f'{{"users": [{{"id": "u1", "username": {HALF}, "email": "a@example.com", {HALF}: 1}}], "links": []}}'
    box.knobs.fault("/v1/users", "body", status=200, body=body)
    return ps.users()


def test_a_name_goes_into_every_file(users, tmp_path):
    assert WHOLE in users.astype("str").values
    psauth.to_excel(users, tmp_path / "users.xlsx")
    assert WHOLE in pd.read_excel(tmp_path / "users.xlsx").astype("str").values
    assert WHOLE in pd.read_parquet(io.BytesIO(to_parquet(users))).astype("str").values
    assert WHOLE in to_csv(users, ZoneInfo("UTC")).decode("utf-8-sig")
    assert users.to_json().encode()
    assert users.to_html().encode()


def test_a_record_is_a_text_that_can_be_sent(box, ps):
    box.knobs.fault("/v1/odd", "body", status=200, body=f'{{"a": [{HALF}], {HALF}: {{}}}}')
    assert json.dumps(ps.get("/odd"), ensure_ascii=False).encode().decode() == f'{{"a": ["{WHOLE}"], "{WHOLE}": {{}}}}'


def test_an_error_can_be_printed_and_logged(box, ps, capsys):
    body = f'{{"error": {HALF}, "errorCode": {HALF}, "requestId": {HALF}, "details": {{{HALF}: {HALF}}}}}'
    box.knobs.fault("/v1/odd", "body", status=422, body=body)
    with pytest.raises(ApiError, match=WHOLE) as caught:
        ps.get("/odd")
    assert (caught.value.code, caught.value.request_id, caught.value.details) == (WHOLE, WHOLE, {WHOLE: WHOLE})
    assert f"{caught.value} {vars(caught.value)}".encode()
