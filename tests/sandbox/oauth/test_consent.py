"""The page on which a person says Allow or Deny."""

from __future__ import annotations

import re
from html import unescape

import pytest
import requests

from psauth.sandbox import SandboxServer
from tests.flow.parts import query_of
from tests.sandbox.conftest import REDIRECT, App, Clock


def open_page(app: App, **changes: str | None) -> tuple[requests.Response, str]:
    page = requests.get(app.url(**changes), timeout=10)
    found = re.search(r'name="request" value="([^"]+)"', page.text)
    assert found is not None, page.text
    return page, found[1]


def press(app: App, ticket: str, decision: str, person: str | None = None) -> requests.Response:
    who = app.box.company.staff.signers[0].id if person is None else person
    form = {"request": ticket, "decision": decision, "person": who}
    return requests.post(f"{app.box.url}/oauth/authorize", form, allow_redirects=False, timeout=10)


def test_it_says_who_asks_for_what_and_where_it_goes(box: SandboxServer, app: App) -> None:
    page, _ = open_page(app)
    text = unescape(re.sub(r"<[^>]+>", " ", page.text))
    assert page.status_code == 200
    for part in ("psauth wants to use", box.company.name, "See your work", "Change your work", REDIRECT, "Sandbox"):
        assert part in text
    for person in box.company.staff.signers:
        assert person.name in text


def test_it_names_only_the_scopes_asked_for(app: App) -> None:
    page, _ = open_page(app, scope="read")
    assert "See your work" in page.text
    assert "Change your work" not in page.text


def test_what_the_application_sends_is_escaped(app: App) -> None:
    page, _ = open_page(app, redirect_uri='http://localhost:8501/"><script>')
    assert "<script>" not in page.text


def test_its_headers_keep_it_to_itself(app: App) -> None:
    page, _ = open_page(app)
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["X-Frame-Options"] == "DENY"
    assert page.headers["Referrer-Policy"] == "same-origin"
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self' http://localhost:* http://127.0.0.1:*;" in policy
    assert "src=" not in page.text
    assert 'href="http' not in page.text


def test_an_ipv6_callback_may_be_reached_from_the_form(app: App) -> None:
    page, _ = open_page(app, redirect_uri="http://[::1]:8501/")
    assert "form-action 'self' http:;" in page.headers["Content-Security-Policy"]


def test_allow_goes_back_with_a_code(app: App) -> None:
    _, ticket = open_page(app)
    answer = press(app, ticket, "allow")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(f"{REDIRECT}?")
    assert set(query_of(answer.headers["Location"])) == {"code", "state", "iss"}


def test_deny_goes_back_with_access_denied(box: SandboxServer, app: App) -> None:
    back = query_of(box.approve(app.url(), allow=False))
    assert back.pop("error_description")
    assert back == {"error": "access_denied", "state": app.state, "iss": box.url}


def test_without_a_state_none_comes_back(app: App) -> None:
    assert set(app.callback(state=None)) == {"code", "iss"}


def test_the_person_chosen_is_the_one_the_token_acts_for(box: SandboxServer, app: App) -> None:
    totals = {}
    for person in box.company.staff.signers:
        code = query_of(box.approve(app.url(), person=person.email))["code"]
        headers = {"Authorization": f"Bearer {app.exchange(code).json()['access_token']}"}
        mine = requests.get(f"{box.api_url}/work/stats", headers=headers, timeout=10).json()
        named = f"{box.api_url}/work/stats?assigneeEmail={person.email}"
        assert mine == requests.get(named, headers=headers, timeout=10).json()
        totals[person.id] = mine["data"]["total"]
    assert len(set(totals.values())) > 1


@pytest.mark.parametrize("first", ["allow", "deny"])
def test_a_second_answer_gets_a_friendly_page_with_one_next_step(app: App, first: str) -> None:
    _, ticket = open_page(app)
    press(app, ticket, first)
    again = press(app, ticket, "allow")
    assert again.status_code == 409
    assert "already answered" in again.text
    assert re.findall(r'href="([^"]+)"', again.text) == ["http://localhost:8501/"]


def test_the_back_button_does_not_ask_again(app: App) -> None:
    address = app.url()
    app.box.approve(address)
    page = requests.get(address, timeout=10)
    assert page.status_code == 409
    assert "already answered" in page.text
    assert re.findall(r'href="([^"]+)"', page.text) == ["http://localhost:8501/"]


@pytest.mark.parametrize(("ticket", "decision", "person"), [("forged", "allow", None), ("", "deny", None)])
def test_a_forged_answer_goes_nowhere(app: App, ticket: str, decision: str, person: str | None) -> None:
    answer = press(app, ticket, decision, person)
    assert answer.status_code == 400
    assert "Location" not in answer.headers


def test_an_answer_nobody_gave_does_not_spend_the_request(app: App) -> None:
    _, ticket = open_page(app)
    assert press(app, ticket, "perhaps").status_code == 400
    assert press(app, ticket, "allow", person="nobody").status_code == 400
    assert press(app, ticket, "allow").status_code == 303


def test_a_request_waits_ten_minutes(app: App, clock: Clock) -> None:
    _, ticket = open_page(app)
    clock.advance(601)
    late = press(app, ticket, "allow")
    assert late.status_code == 400
    assert "expired" in late.text


def test_the_front_page_names_the_addresses(box: SandboxServer) -> None:
    assert f"{box.url}</" not in (page := requests.get(box.url, timeout=10)).text
    assert f"{box.url}/v1" in page.text


@pytest.mark.parametrize(
    ("window", "said"),
    [
        (60.0, "2,500 requests every 60 seconds: its hour lasts a minute."),
        (3600.0, "2,500 requests every 3600 seconds."),
    ],
)
def test_the_front_page_says_how_long_the_hour_is(box: SandboxServer, window: float, said: str) -> None:
    box.knobs.window = window
    assert said in requests.get(box.url, timeout=10).text


def test_approve_says_what_the_page_said(box: SandboxServer, app: App) -> None:
    with pytest.raises(RuntimeError, match="cannot connect"):
        box.approve(app.url(client_id="nobody"))
