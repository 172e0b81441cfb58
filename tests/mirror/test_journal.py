"""Pages of lists that are not whole yet, as a kill leaves them to the next sync."""

from datetime import UTC, datetime, timedelta
from threading import Event

import pytest

from psauth.mirror import writer as writing
from psauth.mirror.journal import FRESH, Journal
from psauth.mirror.records import KeptPage, Written
from psauth.mirror.writer import Writer
from tests.flow.parts import wait_until

HOUR = timedelta(hours=1)


class Service:
    """Answers each request with its number."""

    def __init__(self):
        self.asked = []

    def get(self, path, params=None, *, pace=None):
        self.asked.append((path, dict(params or {})))
        return {"number": len(self.asked)}


@pytest.fixture
def service():
    return Service()


@pytest.fixture
def writer(store):
    writer = Writer(store)
    yield writer
    writer.close()
    assert writer.error is None


@pytest.fixture
def begin(store, service, writer):
    """What a sync begins with: what one before has left."""

    def begin(**options):
        return Journal(store, service, writer, **options)

    return begin


def kept(store):
    """The pages in the store, which stay there."""
    return store.take_up_pages(datetime.min.replace(year=2000, tzinfo=UTC), datetime.max.replace(year=2100, tzinfo=UTC))


def end(writer, job):
    """A job is over."""
    over = Event()
    writer.put(lambda _: Written({}, {}, {}), over.set, job=job)
    assert over.wait(10)


def age(store, by):
    """Let the pages in the store be older."""
    store.keep_pages([KeptPage(each.job, each.request, each.answer, each.asked_at - by) for each in kept(store)])


def test_a_page_of_a_list_that_takes_long_is_kept_and_not_asked_for_again(store, service, begin):
    source = begin().source("tasks of a run")
    answers = [source.get("/tasks"), source.get("/tasks", {"_": "2", "b": 1})]
    wait_until(lambda: len(kept(store)) == 2)
    again = begin().source("tasks of a run")
    assert [again.get("/tasks"), again.get("/tasks", [("b", "1"), ("_", "2")])] == answers
    assert len(service.asked) == 2
    assert again.get("/tasks", {"_": "3"}) == {"number": 3}


def test_a_list_is_as_old_as_its_oldest_page(store, service, begin):
    begin().source("a").get("/a")
    wait_until(lambda: kept(store))
    age(store, HOUR)
    source = begin().source("a")
    source.get("/a")
    assert timedelta(0) <= datetime.now(UTC) - HOUR - source.asked_at < timedelta(minutes=1)


def test_a_list_that_is_whole_soon_leaves_no_page(store, begin, writer):
    journal = begin()
    journal.source("quick").get("/quick")
    end(writer, "quick")
    journal.source("slow").get("/slow")
    wait_until(lambda: kept(store))
    assert [page.job for page in kept(store)] == ["slow"]


def test_the_pages_of_a_list_that_is_whole_are_forgotten(store, begin, writer):
    begin().source("slow").get("/slow")
    wait_until(lambda: kept(store))
    end(writer, "slow")
    assert kept(store) == []


def test_pages_that_an_earlier_sync_kept_are_forgotten_with_their_list_too(store, begin, writer, service):
    begin().source("slow").get("/slow")
    wait_until(lambda: kept(store))
    writer.close()
    later = Writer(store)
    Journal(store, service, later).source("slow").get("/slow")
    end(later, "slow")
    later.close()
    assert kept(store) == []


@pytest.mark.parametrize("by", [FRESH + HOUR, -HOUR])
def test_a_page_that_is_too_old_or_from_the_future_is_asked_for_again(store, service, begin, by):
    begin().source("a").get("/a")
    wait_until(lambda: kept(store))
    age(store, by)
    begin().source("a").get("/a")
    assert len(service.asked) == 2


def test_a_list_that_must_be_younger_takes_no_older_page(store, service, begin):
    begin().source("a").get("/a")
    wait_until(lambda: kept(store))
    begin().source("a", timedelta(0)).get("/a")
    assert len(service.asked) == 2


def test_a_sync_of_everything_takes_no_page_of_an_earlier_one(store, service, begin):
    begin().source("a").get("/a")
    wait_until(lambda: kept(store))
    begin(anew=True).source("a").get("/a")
    assert len(service.asked) == 2


def test_a_job_that_comes_again_asks_again(store, service, begin):
    begin().source("a").get("/a")
    wait_until(lambda: kept(store))
    journal = begin()
    for _ in range(2):
        journal.source("a").get("/a")
    assert len(service.asked) == 2


def test_many_pages_of_one_list_do_not_wait(store, begin, writer, monkeypatch):
    monkeypatch.setattr(writing, "KEEP_AFTER", 3600.0)
    source = begin().source("a")
    for number in range(writing.MOST_LOOSE - 1):
        source.get(f"/{number}")
    writer.flush()
    assert kept(store) == []
    source.get("/last")
    wait_until(lambda: len(kept(store)) == writing.MOST_LOOSE)
