"""Renewal in time: after a 401, before the end, and once for many threads."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from psauth import Vault
from psauth.api.transport import Transport
from psauth.auth.renewal import renew
from psauth.exceptions import LoginRequired, VaultError

TOKEN = "https://app.example/oauth/token"
API = "https://api.example/v1/workflows"
ROTATED = {"access_token": "access-2", "refresh_token": "refresh-2", "expires_in": 3600, "scope": "read"}


@pytest.fixture
def token_endpoint(requests_mock):
    """Answers every refresh with a new pair."""
    return requests_mock.post(TOKEN, json=ROTATED)


# 401 -------------------------------------------------------------------------------------------------------------------


def test_a_401_is_answered_by_one_refresh_and_one_retry(vault, store, token_endpoint, requests_mock):
    api = requests_mock.get(API, [{"status_code": 401}, {"json": {"ok": 1}}])
    assert Transport(store(), vault).get("/workflows") == {"ok": 1}
    assert token_endpoint.call_count == 1
    assert [r.headers["Authorization"] for r in api.request_history] == ["Bearer access-1-Kd93", "Bearer access-2"]


def test_a_second_401_needs_a_login_and_no_further_refresh(vault, store, token_endpoint, requests_mock):
    api = requests_mock.get(API, status_code=401, json={"error": "Who are you?"})
    with pytest.raises(LoginRequired, match=r"even a fresh one \(Who are you\?\).*psauth\.login"):
        Transport(store(), vault).get("/workflows")
    assert (token_endpoint.call_count, api.call_count) == (1, 2)


def test_a_401_for_an_api_key_asks_to_check_the_key(vault, store, requests_mock):
    api = requests_mock.get(API, status_code=401, text="")
    with pytest.raises(LoginRequired, match="PSAUTH_API_KEY"):
        Transport(store(api_key="key-Rt55"), vault).get("/workflows")
    assert api.call_count == 1


def test_a_token_near_its_end_is_renewed_before_the_request(vault, store, token_endpoint, requests_mock):
    api = requests_mock.get(API, json={})
    transport = Transport(store(lives=59), vault)
    transport.get("/workflows")
    transport.get("/workflows")
    assert {r.headers["Authorization"] for r in api.request_history} == {"Bearer access-2"}
    assert token_endpoint.call_count == 1


def test_a_client_whose_connection_has_ended_sends_nothing_more(vault, store, requests_mock):
    requests_mock.post(TOKEN, status_code=400, json={"error": "invalid_grant"})
    transport = Transport(store(lives=0), vault)
    for _ in range(3):
        with pytest.raises(LoginRequired):
            transport.get("/workflows")
    assert requests_mock.call_count == 1


# Many at once ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shared", [True, False], ids=["one client", "a client each"])
@pytest.mark.parametrize("why", ["expired", "rejected"])
def test_eight_threads_with_one_dead_token_make_one_refresh(settings, vault, store, requests_mock, shared, why):
    def answer(request, context):
        if request.headers["Authorization"] == "Bearer access-2":
            return {}
        context.status_code = 401
        return {"error": "expired"}

    tokens = requests_mock.post(TOKEN, json=ROTATED)
    requests_mock.get(API, json=answer)
    seen = store(lives=0 if why == "expired" else 3600)
    one = Transport(seen, vault)
    barrier = threading.Barrier(8)

    def ask():
        transport = one if shared else Transport(seen, Vault.open(settings))
        barrier.wait()
        return transport.get("/workflows")

    with ThreadPoolExecutor(8) as pool:
        answers = [f.result() for f in [pool.submit(ask) for _ in range(8)]]
    assert answers == [{}] * 8
    assert tokens.call_count == 1


def test_a_refresh_waits_for_the_lock_and_gives_up_with_a_name(vault, store, token_endpoint):
    seen = store(lives=0)
    with (
        vault.lock("default"),
        pytest.raises(VaultError, match=r"has held the lock .*\.lock"),
        vault.lock("default", timeout=0.1),
    ):
        pass
    assert renew(vault, seen).token.access_token == "access-2"
