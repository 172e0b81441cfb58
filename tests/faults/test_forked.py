"""A client that was used before a fork: each child has connections, locks and permits of its own."""

import contextlib
import os
import pickle
import select
import signal
import threading
import time

import pytest

from psauth.auth import forks
from psauth.auth.session import system_context
from tests.flow.parts import client_of, expire_at_the_service, refreshes, wait_until

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")

CHILDREN, ASKED = 8, 25
SOON = 60.0
"""Seconds after which a child is taken to hang; on a busy machine one needs a few."""


class Child:
    """A forked process that does `work` and sends back what it returns; an error is sent back by its name and text."""

    def __init__(self, work):
        ours, theirs = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(ours)
            try:
                brought = work()
            except BaseException as error:  # noqa: BLE001 - the parent's test is to show it
                brought = f"{type(error).__name__}: {error}"
            with contextlib.suppress(BaseException), os.fdopen(theirs, "wb") as pipe:
                pickle.dump(brought, pipe)
            os._exit(0)
        os.close(theirs)
        self._pipe = os.fdopen(ours, "rb")

    def brought(self):
        """What it returned; "hangs" where nothing came in time."""
        ready, _, _ = select.select([self._pipe], [], [], SOON)
        try:
            return pickle.load(self._pipe) if ready else "hangs"
        finally:
            self._pipe.close()
            if not ready:
                os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)


@pytest.fixture
def one_by_one(box):
    """The address of each user, and who it is; an answer that belongs to another question shows at once."""
    return [(f"/workflow-runs/{run.id}", run.id) for run in box.company.runs]


def ask(ps, questions, shift):
    """Whether each question got its own answer, beginning with another one in every process."""
    turned = questions[shift:] + questions[:shift]
    return [(path, ps.get(path)["id"] == right) for path, right in turned[:ASKED]]


def all_right(answers):
    return isinstance(answers, list) and len(answers) == ASKED and all(right for _, right in answers)


@pytest.fixture
def busy():
    """Threads of this process that do something over and over, until the test is over."""
    threads, stop, problems = [], threading.Event(), []

    def begin(work, count=8):
        def repeat():
            try:
                while not stop.is_set():
                    work()
            except BaseException as error:  # noqa: BLE001 - shown below
                problems.append(error)

        threads.extend(threading.Thread(target=repeat) for _ in range(count))
        for thread in threads:
            thread.start()

    yield begin
    stop.set()
    for thread in threads:
        thread.join(SOON)
    assert problems == []


def test_children_and_parent_each_get_their_own_answers(ps, one_by_one):
    ps.get(one_by_one[0][0])
    children = [Child(lambda number=number: ask(ps, one_by_one, number)) for number in range(CHILDREN)]
    mine = ask(ps, one_by_one, CHILDREN)
    assert all_right(mine)
    for child in children:
        assert all_right(child.brought())


def test_children_forked_in_the_middle_of_the_parent_s_requests(box, ps, one_by_one, busy):
    box.knobs.budget = 10**9
    busy(lambda: ask(ps, one_by_one, 3))
    wait_until(lambda: ps.requests_sent > 50, why="the parent's reading")
    for _ in range(4):
        children = [Child(lambda number=number: ask(ps, one_by_one, number)) for number in range(4)]
        for child in children:
            assert all_right(child.brought())


def test_a_child_reads_many_lists_at_once_beside_its_parent(box, ps, busy):
    box.knobs.budget = 10**9
    runs = [run.id for run in box.company.runs]
    rows = len(ps.tasks(runs=runs, progress=False))
    busy(lambda: ps.tasks(runs=runs, progress=False), count=2)
    children = [Child(lambda: len(ps.tasks(runs=runs, progress=False))) for _ in range(3)]
    assert [child.brought() for child in children] == [rows] * 3


def locks_of(transport):
    """Every lock of a client, with its name."""
    governor = transport._governor
    yield "governor", governor._lock
    yield "usage", transport.usage._lock
    yield "access", transport.access._lock
    yield "cookies", transport._session.cookies._cookies_lock
    manager = transport._session.get_adapter("http://").poolmanager
    yield "pools", manager.pools.lock
    for key in manager.pools.keys():  # noqa: SIM118 - no dict
        yield "idle connections", manager.pools[key].pool.mutex


NAMES = ["governor", "usage", "access", "cookies", "pools", "idle connections"]


@pytest.mark.parametrize("name", NAMES)
def test_a_lock_that_a_thread_of_the_parent_holds_is_free_in_the_child(ps, one_by_one, name):
    ps.get(one_by_one[0][0])
    (lock,) = [lock for n, lock in locks_of(ps._transport) if n == name]
    held, done = threading.Event(), threading.Event()

    def hold():
        with lock:
            held.set()
            done.wait(SOON)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(SOON)
    child = Child(lambda: [ask(ps, one_by_one, 1), ps.refresh().account, ps.close()])
    done.set()
    holder.join()
    brought = child.brought()
    assert all_right(brought[0]), brought
    assert brought[1] == "default"


def test_permits_that_the_parent_leased_are_the_parent_s(ps):
    governor = ps._transport._governor
    governor._permits = 7
    governor._next_look = time.time() + 3600
    assert Child(lambda: (governor._permits, governor._next_look)).brought() == (0, 0.0)
    assert governor._permits == 7


def test_a_child_goes_on_counting_where_its_parent_was(ps, one_by_one):
    ps.get(one_by_one[0][0])
    sent = ps.requests_sent
    child = Child(lambda: [ask(ps, one_by_one, 0), ps.requests_sent])
    assert child.brought()[1] == sent + ASKED
    assert ps.requests_sent == sent


def test_children_with_an_expired_token_make_one_refresh(box, ps, one_by_one):
    ps.get(one_by_one[0][0])
    expire_at_the_service(box)
    box.requests.clear()
    children = [Child(lambda number=number: ask(ps, one_by_one, number)) for number in range(4)]
    for child in children:
        assert all_right(child.brought())
    assert [r.status for r in refreshes(box)] == [200]


def test_a_grandchild_is_a_child_too(ps, one_by_one):
    ps.get(one_by_one[0][0])

    def work():
        mine = ask(ps, one_by_one, 1)
        return [mine, Child(lambda: ask(ps, one_by_one, 2)).brought()]

    for answers in Child(work).brought():
        assert all_right(answers)


def test_the_certificates_of_the_system_are_looked_up_anew_because_their_lock_is_not_inherited():
    before = system_context()
    assert Child(lambda: system_context() is not before).brought() is True
    assert system_context() is before


def test_a_client_that_is_gone_is_not_kept_for_the_next_fork(box, connected):
    before = len(forks._owners)
    with client_of(box.settings) as ps:
        ps.users()
    del ps
    import gc

    gc.collect()
    assert len(forks._owners) <= before


def test_the_sockets_of_the_parent_stay_open_when_a_child_lets_go(box, ps, one_by_one):
    ps.get(one_by_one[0][0])
    opened = box.requests.matching("/v1/")
    assert Child(lambda: ps.close() or "closed").brought() == "closed"
    ask(ps, one_by_one, 0)
    assert len(box.requests.matching("/v1/")) == len(opened) + ASKED
