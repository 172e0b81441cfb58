"""Eight at once: one refresh, one winner, and everybody gets the data."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from psauth import LoginRequired, PsauthError, StateSpent, logout
from tests.faults import crew
from tests.flow.parts import client_of, exchanges, expire_at_the_service, expire_here, refreshes, wait_until

EIGHT, ROUNDS = 8, 20

pytestmark = pytest.mark.slow


def expire(box, vault):
    """The hour has passed, here and at the service."""
    expire_here(vault)
    expire_at_the_service(box)
    box.requests.clear()


def in_threads(job, count=EIGHT):
    """What `count` threads brought that began at the same moment."""
    gate = threading.Barrier(count)

    def begin(number):
        gate.wait(30)
        return job(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(begin, range(count)))


def test_eight_processes_one_expired_token_one_refresh_a_round(box, vault, connected, make_crew):
    people = sorted(p.id for p in box.company.staff.users)
    eight = make_crew(EIGHT, box.settings)
    counted = []
    for _ in range(ROUNDS):
        expire(box, vault)
        answers = eight.together(crew.read_users)
        assert [kind for kind, _ in answers] == ["done"] * EIGHT
        assert all(users == people for _, (users, _) in answers)
        counted.append([r.status for r in refreshes(box)])
    assert counted == [[200]] * ROUNDS


def test_four_processes_share_one_budget(box, vault, connected, make_crew):
    """The share of refusals is the benchmark's; here nothing is lost, no window is overspent, nobody asks in vain for long."""
    runs = [run.id for run in box.company.runs]
    tasks = sum(len(run.tasks) for run in box.company.runs)
    four = make_crew(4, box.settings)
    box.knobs.budget, box.knobs.window = 40, 2.0
    box.requests.clear()
    assert four.together(crew.read_tasks, runs) == [("done", tasks)] * 4
    asked = box.requests.matching("/v1/")
    refused = [r for r in asked if r.status == 429]
    assert len(asked) - len(refused) == 4 * len(runs), "no list was read twice"
    assert len(refused) <= 0.1 * len(asked)


@pytest.mark.parametrize("clients", ["one for all", "one each", "one each, made anew"])
def test_eight_threads_one_expired_token_one_refresh_a_round(box, vault, connected, clients):
    people = sorted(p.id for p in box.company.staff.users)
    first = client_of(box.settings)
    mine = [first if clients == "one for all" else client_of(box.settings) for _ in range(EIGHT)]

    def read(number):
        client = client_of(box.settings) if "anew" in clients else mine[number]
        return sorted(user["id"] for user in client.iterate("/users"))

    counted = []
    for _ in range(ROUNDS):
        expire(box, vault)
        assert in_threads(read) == [people] * EIGHT
        counted.append([r.status for r in refreshes(box)])
    assert counted == [[200]] * ROUNDS


def test_eight_who_find_the_connection_ended_all_hear_it_and_ask_once(box, vault, connected):
    clients = [client_of(box.settings) for _ in range(EIGHT)]
    expire(box, vault)
    box._server.grants.revoke_family(next(iter(box._server.grants._tokens.values())).family)

    def read(number):
        try:
            return clients[number].users()
        except PsauthError as error:
            return type(error).__name__

    assert in_threads(read) == ["LoginRequired"] * EIGHT
    assert [r.status for r in refreshes(box)] == [400]


def test_eight_threads_on_one_state_forty_rounds_one_winner(box, flow, vault):
    for _ in range(40):
        address = box.login(flow.begin())
        box.requests.clear()

        def finish(_, address=address):
            try:
                return flow.finish(address).id
            except StateSpent:
                return "spent"

        brought = in_threads(finish)
        assert brought.count("spent") == EIGHT - 1
        assert [r.status for r in exchanges(box)] == [200]
        assert vault.read().connection.id in brought


def test_eight_processes_on_one_state_one_winner(box, flow, vault, make_crew):
    eight = make_crew(EIGHT, box.settings)
    for _ in range(10):
        address = box.login(flow.begin())
        box.requests.clear()
        brought = sorted(kind for kind, _ in eight.together(crew.finish, address))
        assert brought == ["StateSpent"] * (EIGHT - 1) + ["done"]
        assert [r.status for r in exchanges(box)] == [200]


def test_disconnecting_during_a_refresh_revokes_what_the_refresh_brought(box, vault, connected):
    box.knobs.fault("/oauth/token", "delay", seconds=0.5)
    client, outcome = client_of(box.settings), []
    thread = threading.Thread(target=lambda: outcome.append(client.refresh()))
    thread.start()
    wait_until(lambda: not box.knobs.faults, why="the refresh")
    done = logout(settings=box.settings)
    thread.join(30)
    assert done.revoked
    assert len(outcome) == 1, "the refresh ended first"
    assert vault.find() is None, "and did not bring the connection back"
    with pytest.raises(LoginRequired):
        client.users()
