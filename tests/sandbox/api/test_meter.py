"""The request budget: what each answer says of it, and what happens beyond it."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import Any

import requests

from psauth.sandbox import SandboxServer
from tests.sandbox.conftest import App, Clock


def test_every_answer_tells_the_budget_of_an_hour_that_lasts_a_minute(get: Any, clock: Clock) -> None:
    clock.advance(61)
    first, second = get("/users"), get("/users")
    assert first.headers["X-Api-Key-Rate-Limit-Limit"] == "2500"
    assert first.headers["X-Ip-Rate-Limit-Limit"] == "1000"
    left = [int(a.headers["X-Api-Key-Rate-Limit-Remaining"]) for a in (first, second)]
    assert left[0] - left[1] == 1
    assert 0 < int(second.headers["X-Api-Key-Rate-Limit-Reset"]) <= 60
    clock.advance(61)
    assert int(get("/users").headers["X-Api-Key-Rate-Limit-Remaining"]) == 2_499


def test_the_reset_may_be_an_epoch(box: SandboxServer, get: Any, clock: Clock) -> None:
    box.knobs.reset_as = "epoch"
    reset = int(get("/users").headers["X-Api-Key-Rate-Limit-Reset"])
    assert clock() < reset <= clock() + 61


def test_the_hour_lasts_as_long_as_the_knob_says(box: SandboxServer, get: Any, clock: Clock) -> None:
    box.knobs.window = 3600
    clock.advance(3601)
    first = get("/users").headers
    assert 3590 < int(first["X-Api-Key-Rate-Limit-Reset"]) <= 3600
    clock.advance(61)
    assert get("/users").headers["X-Api-Key-Rate-Limit-Remaining"] == "2498"


def test_beyond_the_budget_comes_429_until_the_window_ends(box: SandboxServer, get: Any, clock: Clock) -> None:
    clock.advance(61)
    box.knobs.budget = 2
    assert [get("/users").status_code for _ in range(3)] == [200, 200, 429]
    refused = [get("/users") for _ in range(2)]
    assert {answer.status_code for answer in refused} == {429}
    assert refused[0].json()["errorCode"] == "RateLimited"
    assert refused[0].headers["X-Api-Key-Rate-Limit-Remaining"] == "0"
    waits = sorted((answer.headers["Retry-After"] for answer in refused), key=len)
    assert 0 < int(waits[0]) <= 60
    assert 0 < parsedate_to_datetime(waits[1]).timestamp() - clock() <= 61
    clock.advance(61)
    assert get("/users").status_code == 200


def test_a_refresh_does_not_fill_the_budget_up(box: SandboxServer, app: App) -> None:
    token = app.connect()
    left = []
    for _ in range(2):
        headers = {"Authorization": f"Bearer {token['access_token']}"}
        answer = requests.get(f"{box.api_url}/users", headers=headers, timeout=10)
        left.append(int(answer.headers["X-Api-Key-Rate-Limit-Remaining"]))
        token = app.refresh(token["refresh_token"]).json()
    assert left == [2499, 2498]
