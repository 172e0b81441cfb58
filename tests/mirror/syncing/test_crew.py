"""The threads that ask: what they have under way is neither to be done nor done."""

from datetime import UTC, datetime
from threading import Event

import pytest

from psauth.api.pace import Pace
from psauth.exceptions import MirrorError
from psauth.mirror.crew import Crew
from psauth.mirror.forecast import Costs
from psauth.mirror.journal import Journal
from psauth.mirror.questions import OF_RUNS
from psauth.mirror.supply import Supply
from tests.flow.parts import wait_until
from tests.mirror.syncing.lazy import LazyWriter


@pytest.fixture
def make_crew(copy):
    """Makes a crew and what it works with."""

    def make(supply, writer):
        store, transport = copy.store, copy.ps._transport
        journal = Journal(store, transport, writer)
        return Crew(transport, supply, writer, Pace(stop=Event()), journal=journal, nouns=OF_RUNS, costs=Costs())

    return make


def test_a_store_that_fails_where_a_job_is_looked_for_ends_it_with_that_error(copy, make_crew, monkeypatch):
    def fail(*_):
        raise MirrorError("The store is damaged.")

    supply = Supply(copy.store)
    monkeypatch.setattr(supply, "_waiting", fail)
    crew = make_crew(supply, LazyWriter(copy.store))
    supply.open_runs()
    crew.begin()
    crew.join(10)
    assert crew.is_done
    assert str(crew.error) == "The store is damaged."


def test_what_was_answered_for_a_run_counts_as_under_way_until_it_is_on_the_disk(copy, make_crew):
    store = copy.store
    store.note_runs(copy.box.truth()["runs"][:1], datetime.now(UTC))
    supply, writer, before = Supply(store), LazyWriter(store), len(copy.box.requests)
    crew = make_crew(supply, writer)
    supply.open_runs()
    crew.begin()
    wait_until(lambda: writer.waiting, why="the lists of a run")
    asked = len(copy.box.requests) - before
    assert crew.requests_under_way == asked >= 2
    writer.waiting = [
        (lambda store, answer=answer: store.write_runs([answer]), then) for answer, then in writer.waiting
    ]
    writer.flush()
    assert crew.requests_under_way == 0
    crew.join(10)
    assert crew.is_done
