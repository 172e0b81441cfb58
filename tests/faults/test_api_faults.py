"""The API on a bad day: what passes is waited for, what does not is said, and no wait is without end."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

import psauth
from psauth import ApiError, NotFound, PermissionDenied, RateLimited, ServiceUnavailable, UntrustedAddress, WrongAddress
from psauth.api.pace import PATIENCE
from psauth.api.retrying import ATTEMPTS, BACKOFF
from tests.flow.parts import fault_name

PASSING = [
    {"kind": "drop"},
    {"kind": "reset"},
    {"kind": "truncate"},
    {"status": 500},
    {"status": 503},
    {"kind": "html", "status": 502},
    {"kind": "drop", "when": "after"},
]
LONGEST = BACKOFF * 1.5 * (2 ** (ATTEMPTS - 1) - 1)
"""Seconds the pauses of one call may come to when the service names no time itself."""


@pytest.fixture
def users(box, ps):
    def users():
        return box.requests.matching("/v1/users")

    box.requests.clear()
    return users


@pytest.mark.parametrize("fault", PASSING, ids=fault_name)
def test_what_passes_is_tried_again(box, ps, users, naps, fault):
    box.knobs.fault("/v1/users", times=ATTEMPTS - 1, **fault)
    assert len(ps.users()) == len(box.company.staff.users)
    assert len([r for r in users() if "_" not in r.query]) == ATTEMPTS, "the first page"
    assert len(naps) == ATTEMPTS - 1
    assert naps[0] < naps[-1]
    assert sum(naps) <= LONGEST


@pytest.mark.parametrize("fault", PASSING, ids=fault_name)
def test_what_does_not_pass_is_said_after_a_few_tries(box, ps, users, naps, fault):
    box.knobs.fault("/v1/users", times=99, **fault)
    with pytest.raises(ServiceUnavailable, match=f"tried {ATTEMPTS} times") as failure:
        ps.users()
    assert failure.value.status == (fault.get("status") if "status" in fault else None)
    assert len(users()) == ATTEMPTS
    assert sum(naps) <= LONGEST
    box.knobs.faults.clear()
    assert len(ps.users()) > 0, "the connection was not harmed"


@pytest.mark.parametrize("fault", [{"kind": "body", "status": 200, "body": '{"a": '}])
def test_an_answer_that_was_cut_off_is_an_error_and_not_data(box, ps, users, naps, fault):
    box.knobs.fault("/v1/users", times=ATTEMPTS, **fault)
    with pytest.raises(ApiError, match="not whole JSON"):
        ps.users()
    assert len(naps) == ATTEMPTS - 1
    box.knobs.fault("/v1/users", **fault)
    assert len(ps.users()) == len(box.company.staff.users), "it may be an accident of the way"


ELSEWHERE = [
    {"kind": "html", "status": 200},
    {"kind": "body", "status": 200, "body": ""},
    {"kind": "body", "status": 204, "body": ""},
    {"kind": "body", "status": 200, "body": "[]"},
    {"kind": "body", "status": 200, "body": "OK"},
    {"kind": "html", "status": 404},
    {"status": 403, "body": '{"message":"Missing Authentication Token"}'},
    {"status": 403, "body": '{"message":"Forbidden"}'},
    {"status": 404, "body": '{"message": "Not Found"}'},
]


@pytest.mark.parametrize("fault", ELSEWHERE, ids=fault_name)
def test_what_no_api_answers_is_asked_for_once_and_says_what_to_type(box, ps, users, naps, fault):
    box.knobs.fault("/v1/users", times=9, **fault)
    with pytest.raises(WrongAddress) as caught:
        ps.users()
    for part in (
        f"{box.api_url}/users answered {fault['status']} with ",
        "no Process Street API answers so",
        "PSAUTH_API_URL=https://public-api.process.st/api/v1.1",
        "psauth.logout() and psauth.login()",
        "PSAUTH_API_KEY",
    ):
        assert part in str(caught.value)
    assert caught.value.status == fault["status"]
    assert len(users()) == 1
    assert naps == []


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, ApiError), (402, PermissionDenied), (403, PermissionDenied), (404, NotFound), (418, ApiError)],
)
def test_what_a_second_try_cannot_help_is_tried_once(box, ps, users, naps, status, kind):
    body = '{"error": "So it is", "errorCode": "Special", "requestId": "r-1", "details": [1]}'
    box.knobs.fault("/v1/users", status=status, body=body)
    with pytest.raises(kind, match="So it is") as failure:
        ps.users()
    told = failure.value
    assert (told.status, told.code, told.request_id, told.details) == (status, "Special", "r-1", [1])
    assert len(users()) == 1
    assert naps == []


def dated(seconds):
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("header", "least", "most"), [(lambda: "3", 3, 3.25), (lambda: "0", 0, 0.25), (lambda: dated(5), 3, 5.25)]
)
def test_429_waits_as_long_as_it_is_told(box, ps, users, naps, header, least, most):
    box.knobs.fault("/v1/users", status=429, headers={"Retry-After": header()})
    assert len(ps.users()) > 0
    (nap,) = naps
    assert least <= nap <= most


@pytest.mark.parametrize("header", [lambda: "600", lambda: dated(600)], ids=["seconds", "date"])
def test_429_with_a_long_wait_is_left_to_the_person(box, ps, users, naps, header):
    box.knobs.fault("/v1/users", status=429, headers={"Retry-After": header()})
    with pytest.raises(RateLimited, match="try again in") as failure:
        ps.users()
    assert 590 <= failure.value.retry_after <= 600
    assert len(users()) == 1
    assert naps == []


@pytest.mark.parametrize("header", ["soon", "-5", "", "Mon, 99 Xxx"])
def test_429_with_a_senseless_wait_is_a_usual_pause(box, ps, users, naps, header):
    box.knobs.fault("/v1/users", status=429, headers={"Retry-After": header})
    assert len(ps.users()) > 0
    assert 0 <= naps[0] <= BACKOFF * 2


def test_429_without_end_is_given_up(box, ps, users, naps):
    box.knobs.fault("/v1/users", status=429, times=99, headers={"Retry-After": "1"})
    with pytest.raises(RateLimited) as failure:
        ps.users()
    assert failure.value.retry_after == 1
    assert sum(naps) <= PATIENCE


@pytest.mark.slow
def test_the_sandbox_s_own_budget_runs_out_and_comes_back(box, ps):
    # Real time: the window is a second, and what is left of it is known before it runs out.
    box.knobs.budget, box.knobs.window = 3, 1
    began = time.monotonic()
    for _ in range(2):
        assert len(ps.users()) > 0
    assert time.monotonic() - began < 20
    assert [r.status for r in box.requests].count(429) <= 1


def test_an_api_that_never_answers_is_left_after_its_timeout(box, ps, naps, monkeypatch):
    monkeypatch.setattr("psauth.api.transport.TIMEOUT", (1, 0.1))
    box.knobs.fault("/v1/users", "delay", seconds=30, times=99)
    began = time.monotonic()
    with pytest.raises(ServiceUnavailable, match="Timeout"):
        ps.users()
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_elsewhere_carries_no_credential_there(box, ps, users, naps, status):
    with psauth.Sandbox(runs=12, seed=3) as elsewhere:
        box.knobs.fault("/v1/users", "redirect", status=status, location=f"{elsewhere.api_url}/users")
        with pytest.raises(UntrustedAddress):
            ps.users()
        assert len(elsewhere.requests) == 0
    assert naps == []


def test_a_fault_in_the_middle_of_a_walk_loses_and_doubles_nothing(box, ps, naps):
    box.knobs.fault("/v1/workflow-runs/list", "drop", skip=1)
    box.knobs.fault("/v1/workflow-runs/list", status=503)
    assert ps.runs()["run_id"].tolist() == [r.id for r in box.company.runs]


def test_the_connection_pool_outlives_a_restart_of_the_service(tmp_path, naps):
    state = tmp_path / "grants.json"
    with psauth.Sandbox(runs=20, state=state) as box:
        port = int(box.url.rpartition(":")[2])
        settings = box.settings.with_(home=str(tmp_path / "kept"))
        ps = psauth.connect(settings=settings)
        assert len(ps.users()) > 0
    with psauth.Sandbox(runs=20, state=state, port=port):
        assert len(ps.users()) > 0
    ps.close()
