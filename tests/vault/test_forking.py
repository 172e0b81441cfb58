"""Forks: a child goes on with the vault it inherited, whatever threads of its parent were doing, and hangs at nothing."""

import os
import threading
import time
import warnings
from contextlib import contextmanager

import pytest

from psauth import Vault
from psauth.exceptions import VaultError
from psauth.vault import forking
from psauth.vault.forking import Descriptors, Gate
from tests.apart import apart
from tests.interrupting import Interrupted
from tests.vault.parts import in_a_child, posix

pytestmark = posix


@contextmanager
def thread(job, *args):
    """A thread that runs a job beside the test, told by an event when to end."""
    stop = threading.Event()
    worker = threading.Thread(target=job, args=(stop, *args))
    worker.start()
    try:
        yield
    finally:
        stop.set()
        worker.join(30)


def wait_for(event):
    assert event.wait(30), "the thread did not come so far"


def count_up(text):
    return str(int(text or 0) + 1), None


@pytest.mark.slow
def test_children_of_a_parent_whose_threads_write_and_read_all_the_time_lose_nothing(vault, store):
    store(api_key="key-Rt55")
    written = []

    def hammer(stop):
        while not stop.is_set():
            vault.amend_budget("shared", count_up)
            written.append(1)
            vault.read()

    def use():
        for _ in range(3):
            vault.amend_budget("shared", count_up)
            assert vault.read().api_key == "key-Rt55"
        with vault.lock("default", timeout=10):
            pass

    with thread(hammer), thread(hammer), thread(hammer):
        for _ in range(15):
            in_a_child(use)
    assert vault.amend_budget("shared", lambda text: (text, text)) == str(len(written) + 15 * 3)


def test_a_fork_waits_for_a_transaction_so_that_the_child_can_write(vault):
    inside, go_on = threading.Event(), threading.Event()

    def slow_change(text):
        inside.set()
        assert go_on.wait(30)
        return "of the parent", None

    def write(_stop):
        vault.amend_budget("mine", slow_change)

    def read():
        assert vault.amend_budget("mine", lambda text: ("of the child", text)) == "of the parent"

    with thread(write):
        wait_for(inside)
        threading.Timer(0.3, go_on.set).start()
        in_a_child(read)
    assert vault.amend_budget("mine", lambda text: (text, text)) == "of the child"


def test_after_a_fork_in_the_middle_of_a_transaction_a_child_reads_and_says_why_it_does_not_write(
    vault, store, monkeypatch
):
    store(api_key="key-Rt55")
    monkeypatch.setattr(forking, "PATIENCE", 0.2)
    inside, go_on = threading.Event(), threading.Event()

    def hold(_stop):
        def change(text):
            inside.set()
            assert go_on.wait(30)
            return "x", None

        vault.amend_budget("mine", change)

    def use():
        assert vault.read().api_key == "key-Rt55"
        with pytest.raises(VaultError, match=r"was forked while another thread .*get_context\('spawn'\)"):
            vault.amend_budget("mine", count_up)

    with thread(hold):
        wait_for(inside)
        try:
            in_a_child(use)
        finally:
            go_on.set()


def test_a_lock_that_a_thread_of_the_parent_holds_is_held_for_the_child_too_and_free_when_it_is_released(vault):
    held, release = threading.Event(), threading.Event()

    def hold(_stop):
        with vault.lock("default"):
            held.set()
            assert release.wait(30)

    def want():
        with pytest.raises(VaultError, match="held the lock"), vault.lock("default", timeout=0.1):
            pass
        with vault.lock("another", timeout=5):
            pass
        threading.Timer(0.2, os.write, (to_parent, b"now")).start()
        with vault.lock("default", timeout=20):
            pass

    reader, to_parent = os.pipe()
    with thread(hold):
        wait_for(held)
        releaser = threading.Thread(target=lambda: (os.read(reader, 3), release.set()))
        releaser.start()
        try:
            in_a_child(want)
        finally:
            os.write(to_parent, b"end")
            releaser.join(30)
    os.close(reader)
    os.close(to_parent)


def test_a_child_that_leaves_the_block_of_a_lock_does_not_free_the_lock_of_its_parent(vault):
    def leave():
        block.__exit__(None, None, None)

    def want():
        with pytest.raises(VaultError, match="held the lock"), vault.lock("default", timeout=0.1):
            pass

    block = vault.lock("default")
    block.__enter__()
    in_a_child(leave)
    in_a_child(want)
    block.__exit__(None, None, None)
    with vault.lock("default", timeout=5):
        pass


def test_a_lock_is_free_when_its_holder_dies_though_a_child_of_the_holder_lives_on(settings, vault):
    """The child's copy of the lock's file would keep the lock alive."""
    reader, writer = os.pipe()
    alive, end = os.pipe()

    def die_with_a_child():
        vault.lock("default").__enter__()
        if os.fork() == 0:
            os.close(end)
            os.write(writer, b"x")
            os.read(alive, 1)  # until the test ends
        os._exit(0)

    in_a_child_of_its_own(die_with_a_child)
    assert os.read(reader, 1) == b"x"
    try:
        with vault.lock("default", timeout=5):
            pass
    finally:
        for descriptor in (reader, writer, alive, end):
            os.close(descriptor)


def in_a_child_of_its_own(job):
    """Fork and wait for the child alone, not for what it leaves behind."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        job()
        os._exit(1)
    os.waitpid(child, 0)


def test_a_child_makes_an_engine_of_its_own(vault):
    engine = vault._store._current_engine()
    vault.connections()
    assert vault._store._current_engine() is engine

    def look():
        assert vault._store._current_engine() is not engine
        assert vault.connections() == []

    in_a_child(look)


@pytest.mark.slow
def test_a_child_opens_the_vault_anew_while_a_thread_of_the_parent_opens_it_too(settings, vault):
    def open_again(stop):
        while not stop.is_set():
            Vault.open(settings)

    with thread(open_again), thread(open_again):
        for _ in range(5):
            in_a_child(lambda: Vault.open(settings).connections())


def test_a_thread_inside_may_enter_again_while_a_fork_waits_and_others_wait_for_the_fork():
    gate = Gate()
    inside, forking_begun, entered = threading.Event(), threading.Event(), []

    def nest(_stop):
        with gate.held_open():
            inside.set()
            assert forking_begun.wait(30)
            with gate.held_open():
                entered.append("again")

    def late(_stop):
        assert forking_begun.wait(30)
        with gate.held_open():
            entered.append("late")

    def mark():
        while not gate._alone:
            time.sleep(0.001)
        forking_begun.set()

    with thread(nest), thread(late):
        wait_for(inside)
        marker = threading.Thread(target=mark)
        marker.start()
        gate.before_fork()
        assert entered == ["again"]
        assert not gate._inside
        gate.after_fork_in_parent()
        marker.join(30)
    assert entered == ["again", "late"]


def test_one_thread_may_fork_inside_its_own_transaction_without_waiting_for_itself():
    gate = Gate()
    with gate.held_open():
        gate.before_fork()
        gate.after_fork_in_child()
        assert not gate.is_torn
    assert not gate._inside


def test_whoever_is_alone_waits_for_transactions_and_keeps_new_ones_out():
    gate, inside, go_on, order = Gate(), threading.Event(), threading.Event(), []

    def transact(_stop):
        with gate.held_open():
            inside.set()
            wait_for(go_on)
            order.append("transaction")

    def look(_stop):
        with gate.alone():
            order.append("alone")

    with thread(transact):
        wait_for(inside)
        with thread(look):
            go_on.set()
    assert order == ["transaction", "alone"]
    with gate.held_open(), gate.alone():
        pass


def test_a_child_that_was_forked_in_the_middle_of_a_transaction_is_torn_for_good():
    gate = Gate()
    assert gate.is_torn is False
    gate.before_fork()
    gate.after_fork_in_child()
    assert gate.is_torn is False
    another = threading.get_ident() + 1
    gate._inside[object()] = another
    gate._lock.acquire()
    gate.after_fork_in_child()
    assert gate.is_torn is True
    assert gate._inside == {}
    gate.after_fork_in_child()
    assert gate.is_torn is True
    gate.before_fork()
    gate.after_fork_in_parent()  # the child has a child
    ran = []
    worker = threading.Thread(target=lambda: ran.append(gate.held_open().__enter__()), daemon=True)
    worker.start()
    worker.join(30)
    assert ran, "a thread of the child may begin"


def test_a_child_closes_the_files_whose_locks_are_its_parents():
    descriptors = Descriptors()
    assert not descriptors.discard(1)
    reader, writer = os.pipe()
    descriptors.add(reader)
    descriptors.after_fork_in_child()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(reader)
    assert not descriptors.discard(reader)
    descriptors.add(writer)
    assert descriptors.discard(writer)
    assert not descriptors.discard(writer)
    os.close(writer)


@pytest.mark.parametrize("way", ["held_open", "alone"])
@apart
def test_an_interrupt_at_any_line_keeps_nobody_out(way, monkeypatch):
    """Ctrl-C in a transaction, or while a file is opened, must not stop all that comes after it in this process."""
    monkeypatch.setattr(forking, "PATIENCE", 0.05)

    def enter(gate):
        with getattr(gate, way)():
            pass

    whole = Gate()
    lines = Interrupted(lambda: enter(whole), passing_by=["/threading.py"]).places
    interrupted = set()
    for moment in range(1, len(lines) + 1):
        gate = Gate()
        run = Interrupted(lambda gate=gate: enter(gate), moment, passing_by=["/threading.py"])
        interrupted.add(run.place)
        entered = threading.Event()

        def come_later(gate=gate, entered=entered):
            with gate.held_open():
                pass
            with gate.alone():
                entered.set()

        worker = threading.Thread(target=come_later, daemon=True)
        worker.start()
        assert entered.wait(30), run.place
        worker.join(30)
    assert len(interrupted) > 10
