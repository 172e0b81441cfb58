"""What goes wrong on purpose, on real connections."""

from __future__ import annotations

import time

import pytest
import requests

from psauth.sandbox import SandboxServer
from tests.sandbox.conftest import App


def test_a_scripted_status_comes_once_and_only_below_its_path(box: SandboxServer, api: requests.Session) -> None:
    box.knobs.fault("/v1/users", status=503, headers={"Retry-After": "1"})
    assert api.get(f"{box.api_url}/folders", timeout=10).status_code == 200
    failed = api.get(f"{box.api_url}/users", timeout=10)
    assert (failed.status_code, failed.headers["Retry-After"]) == (503, "1")
    assert api.get(f"{box.api_url}/users", timeout=10).status_code == 200


def test_a_fault_can_wait_and_repeat(box: SandboxServer, api: requests.Session) -> None:
    box.knobs.fault("/v1/users", times=2, skip=1)
    assert [api.get(f"{box.api_url}/users", timeout=10).status_code for _ in range(4)] == [200, 503, 503, 200]


@pytest.mark.parametrize("kind", ["drop", "reset"])
def test_a_connection_can_be_lost_without_an_answer(box: SandboxServer, api: requests.Session, kind: str) -> None:
    box.knobs.fault("/v1/users", kind)  # type: ignore[arg-type] # one of two literals
    with pytest.raises(requests.ConnectionError):
        api.get(f"{box.api_url}/users", timeout=10)
    assert box.requests[-1].status is None
    assert api.get(f"{box.api_url}/users", timeout=10).status_code == 200


def test_a_refresh_whose_answer_is_lost_has_happened(box: SandboxServer, app: App) -> None:
    token = app.connect()
    box.knobs.fault("/oauth/token", "drop", when="after")
    with pytest.raises(requests.ConnectionError):
        app.refresh(token["refresh_token"])
    assert app.refresh(token["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_refresh_dropped_before_it_began_has_not(box: SandboxServer, app: App) -> None:
    token = app.connect()
    box.knobs.fault("/oauth/token", "drop")
    with pytest.raises(requests.ConnectionError):
        app.refresh(token["refresh_token"])
    assert app.refresh(token["refresh_token"]).status_code == 200


def test_a_body_can_break_off_in_the_middle(box: SandboxServer, api: requests.Session) -> None:
    box.knobs.fault("/v1/users", "truncate")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        api.get(f"{box.api_url}/users", timeout=10)


def test_html_may_stand_where_json_should(box: SandboxServer, api: requests.Session) -> None:
    box.knobs.fault("/v1/users", "html", status=200)
    answer = api.get(f"{box.api_url}/users", timeout=10)
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.text.startswith("<!doctype html>")


def test_any_answer_can_be_put_in_its_place(box: SandboxServer, api: requests.Session) -> None:
    box.knobs.fault("/v1/users", "body", status=418, body="[]", content_type="text/odd", headers={"X-Odd": "yes"})
    answer = api.get(f"{box.api_url}/users", timeout=10)
    assert (answer.status_code, answer.text, answer.headers["X-Odd"]) == (418, "[]", "yes")


def test_a_redirect_goes_where_it_is_told(box: SandboxServer, api: requests.Session) -> None:
    box.knobs.fault("/v1/users", "redirect", location="https://elsewhere.example.com/")
    answer = api.get(f"{box.api_url}/users", allow_redirects=False, timeout=10)
    assert (answer.status_code, answer.headers["Location"]) == (302, "https://elsewhere.example.com/")


def test_a_delay_makes_a_client_give_up(box: SandboxServer, api: requests.Session) -> None:
    box.knobs.fault("/v1/users", "delay", seconds=30)
    with pytest.raises(requests.ReadTimeout):
        api.get(f"{box.api_url}/users", timeout=0.1)


def test_latency_holds_up_every_answer_but_not_the_others(box: SandboxServer, api: requests.Session) -> None:
    box.knobs.latency = 0.05
    before = time.monotonic()
    assert api.get(f"{box.api_url}/users", timeout=10).status_code == 200
    assert time.monotonic() - before >= 0.05
