"""Sync: brings a store up to date. What is found waits in the store before it is asked for, so a sync can be ended at any
instruction; the next one goes on."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final

from psauth.api.pace import PATIENCE, Pace
from psauth.api.transport import Transport
from psauth.exceptions import ArgumentError, MirrorError, PsauthError, RateLimited, ServiceUnavailable
from psauth.mirror import lock
from psauth.mirror.columns import RULES, nouns_of
from psauth.mirror.crew import Crew
from psauth.mirror.delta import DeltaFolder
from psauth.mirror.forecast import Costs, Forecast, forecast, has_plenty, seconds_to_go
from psauth.mirror.journal import Journal
from psauth.mirror.looks import AGES
from psauth.mirror.progress import Bar, Speed, Standing
from psauth.mirror.publish import publish
from psauth.mirror.questions import OF_RUNS, Planner, Question, formless, orphans
from psauth.mirror.queue import Which
from psauth.mirror.report import INTERRUPTED, STOPPED, Counts, SyncReport
from psauth.mirror.snapshot import Snapshot
from psauth.mirror.store import Store
from psauth.mirror.supply import MissedRun, Supply, name_of
from psauth.mirror.walk import MOST_VANISHING, Scope, Walker, vanished
from psauth.mirror.writer import Writer
from psauth.reading.arguments import shown
from psauth.reading.fetch import Progress
from psauth.words import lasting

TABLES: Final = frozenset({"runs", "assignments", *OF_RUNS, *AGES}) - {"active runs", "all runs"}
"""What a sync may be narrowed to."""
SHARE: Final = 0.1
"""How much of the budget a sync leaves to the app and to people; what they do not use it takes towards the window's end."""
PUBLISH_FIRST: Final = 60.0
"""Seconds after which a first sync publishes what it has, the newest runs, so that answers can begin."""
PUBLISH_EVERY: Final = 300.0
"""Seconds after which a long sync publishes what there is."""
WORTH_SAYING: Final = 100
"""Requests beyond which somebody wants to know what a sync will take before it is done."""
FORETOLD: Final = "read for a forecast"
"""The note of what a forecast has read, by table, until a sync says it."""
LOOK: Final = 0.5
"""Seconds between two looks at how far it is."""
ENDING: Final = 2.0
"""Seconds in which threads that were told to end do so; an answer on its way is not waited for."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a sync is for: everything (`full`) or what changed; only these workflows, tables, or runs created since."""

    full: bool = False
    workflows: tuple[str, ...] | None = None
    tables: frozenset[str] | None = None
    since: datetime | None = None

    @classmethod
    def of(
        cls, *, full: bool, workflows: Iterable[str] | None, tables: Iterable[str] | None, since: datetime | None
    ) -> Wanted:
        """What somebody asked for; ArgumentError for tables that there are not."""
        named = None if tables is None else frozenset([tables] if isinstance(tables, str) else tables)
        if named is not None and RULES.name in named:
            named = named.difference([RULES.name]).union(nouns_of(RULES.name))
        if named is not None and (unknown := named - TABLES):
            raise ArgumentError(
                f"There is no table {shown(sorted(unknown, key=str)[0])}. Expected some of {', '.join(sorted(TABLES | {RULES.name}))}."
            )
        return cls(full=full, workflows=None if workflows is None else tuple(workflows), tables=named, since=since)

    @property
    def which(self) -> Which:
        """The runs it is about."""
        workflows = None if self.workflows is None else frozenset(self.workflows)
        # Where all lists of a run are to be looked at, to read some of them is not enough.
        return Which(workflows, self.since, full=self.full or self.tables is None)

    @property
    def is_narrowed(self) -> bool:
        """Whether it leaves out some of what there is."""
        return self.workflows is not None or self.tables is not None or self.since is not None

    @property
    def scopes(self) -> list[Scope]:
        """The lists of runs that are walked for it."""
        if self.tables is not None and not self.tables & {*OF_RUNS, "runs"}:
            return []
        return [Scope(workflow, self.since) for workflow in self.workflows or (None,)]


class Sync:
    """One sync of one store, whose tables are published in a folder at its end, and every few minutes before."""

    def __init__(
        self,
        transport: Transport,
        store: Store,
        folder: DeltaFolder,
        wanted: Wanted,
        *,
        wait: bool = False,
        progress: Progress = True,
    ) -> None:
        self._transport, self._store, self._wanted, self._wait = transport, store, wanted, wait
        self._folder = folder
        self._bar = Bar(progress)
        self._speed = Speed()
        self._warnings: list[str] = []
        self._error: BaseException | None = None
        self._only_look = self._walked = False
        self._sent_before = 0
        self._full_since: datetime | None = None
        """What is older is looked at whatever the service says of it: a look at everything goes on. None: nothing is."""
        self._publishing: threading.Thread | None = None
        self._costs = Costs()
        self._pace = Pace(background=True, share=SHARE, stop=threading.Event())
        self._supply = Supply(store, wanted.which, has_plenty=lambda: has_plenty(transport.usage))
        self._others = 0
        self._would_wait: Mapping[str | None, int] = {}
        """Workflow → runs that a look at everything would ask for, where it is only a forecast."""
        self.standing = Standing()
        """How far it is; another thread may look at it."""

    def run(self) -> SyncReport:
        """Do it, with the mirror to itself, and say what was done; the report is kept in the store as well.

        It ends early, and says so, when the budget is spent (unless `wait`), the service fails, or progress answers
        False. Raises MirrorError, Busy when somebody else syncs, LoginRequired, and other errors of the service.
        """
        with lock.held(self._store.place, wait=self._wait, waiting=self._is_wanted):
            self._store.check()
            report = self._run()
            self._keep(report)
            if self._error is not None:
                raise self._error
            is_current = report.is_complete and not report.narrowed
            publish(self._store, self._folder, as_of=report.began_at if is_current else None)
            return report

    def _keep(self, report: SyncReport) -> None:
        try:
            self._store.note_report(report.to_dict())
            if self._wanted.full and report.stopped is None:
                self._store.end_look_at_all()
        except MirrorError:
            if self._error is None:  # else that is what a person should hear of
                raise

    def forecast(self) -> Forecast:
        """What a sync would take from here on. The lists of runs are walked for it, which the sync then need not do again.

        When progress ended it, the forecast is for what was found by then, and `has_seen_all` is False. Raises what `run`
        raises, and RateLimited or ServiceUnavailable.
        """
        with lock.held(self._store.place, wait=self._wait, waiting=self._is_wanted):
            self._only_look = True
            report = self._run()
        if self._error is None and report.stopped is not None and not report.was_stopped:
            raise RateLimited(report.stopped)
        if self._error is not None:
            raise self._error
        return self._forecast()

    @property
    def has_seen_all(self) -> bool:
        """Whether the lists of runs have been walked to their ends."""
        return self._walked

    def _is_wanted(self, holder: object) -> bool:
        self.standing = Standing(waiting_for=str(holder or "another process"))
        return self._bar.report(0, None, f"waiting for {self.standing.waiting_for}")

    def _run(self) -> SyncReport:
        began_at, self._sent_before = datetime.now(UTC), self._transport.usage.requests_sent
        if self._wanted.full:
            self._full_since = self._store.looking_at_all_since(began_at, self._wanted.which)
        writer = Writer(self._store)
        nouns = self._wanted.tables if self._wanted.tables is not None else OF_RUNS
        journal = Journal(self._store, self._transport, writer, anew=self._wanted.full)
        crew = Crew(self._transport, self._supply, writer, self._pace, journal=journal, nouns=nouns, costs=self._costs)
        stopped: str | None = None
        try:
            self._begin(crew, lambda: self._find(crew, writer), "find")
            crew.begin()
            stopped = self._watch(crew, writer)
        except BaseException as error:  # noqa: BLE001 - Ctrl-C, or what progress raised: raised again with a report kept
            self._error, stopped = error, str(error) if isinstance(error, PsauthError) else INTERRUPTED
        finally:
            crew.stop()
            crew.join(ENDING)
            writer.close()
            self._transport.release()
            self._bar.close()
        if writer.error is not None and self._error is None:
            raise writer.error
        self._warnings += crew.refusals()
        if isinstance(crew.error, RateLimited | ServiceUnavailable) and not self._only_look:
            stopped = str(crew.error)
        elif crew.error is not None and self._error is None:
            self._error, stopped = crew.error, str(crew.error)
        if stopped is None and self._error is None and not self._only_look and self._has_asked_all():
            self._settle_unshown(writer)
        try:
            runs_left, requests_left = self._left(crew)
            tables = self._with_forecast(writer.tables())
        except MirrorError:
            if self._error is None:
                raise
            runs_left = requests_left = 0
            tables = writer.tables()
        return SyncReport(
            began_at=began_at,
            ended_at=datetime.now(UTC),
            requests=self._transport.usage.requests_sent - self._sent_before,
            tables=tables,
            skipped=tuple(crew.skipped),
            warnings=tuple(self._warnings),
            stopped=stopped,
            runs_left=runs_left,
            requests_left=requests_left,
            narrowed=self._wanted.is_narrowed,
        )

    def _with_forecast(self, tables: Mapping[str, Counts]) -> Mapping[str, Counts]:
        """What was changed, with what a forecast has read before; a forecast keeps it for the report of the sync after it."""
        kept = json.loads(self._store.get_note(FORETOLD) or "{}")
        before = {table: Counts(**counts) for table, counts in kept.items()}
        total = {table: tables.get(table, Counts()) + before.get(table, Counts()) for table in {*tables, *before}}
        if self._only_look or before:
            note = json.dumps({table: vars(counts) for table, counts in total.items()}) if self._only_look else None
            self._store.note(**{FORETOLD: note})
        return total

    def _has_asked_all(self) -> bool:
        """Whether nothing waits any more, or nothing but what this sync of everything could not read."""
        if not self._wanted.is_narrowed:
            return True
        with self._store.snapshot() as snap:
            return not snap.pending_count() and not snap.missed()

    def _settle_unshown(self, writer: Writer) -> None:
        hidden = self._store.settle_unshown(share=MOST_VANISHING)
        if hidden.marked:
            for _ in hidden.run_ids:
                writer.count_gone("runs")
        else:
            self._warnings.append(vanished(len(hidden.run_ids), hidden.known))

    # Finding ----------------------------------------------------------------------------------------------------

    def _begin(self, crew: Crew, work: Callable[[], None], name: str) -> None:
        """Do this in a thread of its own; the supply has an end when all such threads have."""

        def do() -> None:
            try:
                work()
            except InterruptedError:
                pass
            except BaseException as error:  # noqa: BLE001 - raised again in the thread that syncs
                crew.fail(error)
            finally:
                self._supply.close()

        self._supply.open()
        threading.Thread(target=do, name=f"psauth-mirror-{name}", daemon=True).start()

    def _find(self, crew: Crew, writer: Writer) -> None:
        """Say what there is to ask: templates first, then runs, then what takes many requests."""
        now = datetime.now(UTC)
        self._supply.add(self._plan(now, lambda plan, _: plan.first()))
        if not self._supply.wait_for_urgent():
            return
        self._supply.begin_walk()
        self._begin(crew, lambda: self._find_runs(now, writer), "walk")
        asked: set[str] = set()
        for _ in range(
            2
        ):  # a new revision outdates the template's other lists, which may have been asked for before it
            questions = self._plan(now, lambda plan, snap: _first(plan, self._workflows(snap)))
            self._supply.add(each for each in questions if name_of(each) not in asked)
            asked |= {name_of(each) for each in questions}
            if not self._supply.wait_for_urgent():
                return
        with self._store.snapshot() as snap:
            self._costs.learn(snap)
            crew.formless = formless(snap)
            gone = [*orphans(snap)]
        rest = self._plan(now, lambda plan, snap: _rest(plan, self._workflows(snap)))
        if self._only_look:
            self._others = sum(question.requests for question in rest)
            return
        for noun, owners in gone:
            writer.put(partial(Store.drop_lists, noun=noun, owners=owners), lambda: None)
        self._supply.add(rest, urgent=False)
        self._supply.open_runs(given_out=bool(self._wanted.scopes))

    def _find_runs(self, now: datetime, writer: Writer) -> None:
        walker = Walker(self._transport, self._store, writer, self._pace, self._supply.found_runs)
        scopes = self._wanted.scopes
        numbers = [walker.walk(scope, since=self._full_since) for scope in scopes]
        self._warnings += walker.warnings
        if scopes:
            self._note_walked(now, min(numbers))
        self._supply.end_walk()
        self._walked = True
        if scopes and not self._only_look and (coming := self._forecast()).requests > WORTH_SAYING:
            self._bar.say(str(coming))

    def _note_walked(self, now: datetime, number: int) -> None:
        """Have what the lists of runs do not say wait as well: runs that are due, and what became of those that are missing."""
        if self._full_since is not None and self._only_look:
            self._would_wait = self._store.count_all(now, self._wanted.which, walk=number, since=self._full_since)
        elif self._full_since is not None:
            self._store.note_all(datetime.now(UTC), self._wanted.which, walk=number, since=self._full_since)
        if self._wanted.tables is None:
            self._store.note_partial(now)
        # Not the moment of the beginning: runs were read since, and none is due because of that.
        self._store.note_due(datetime.now(UTC))
        with self._store.snapshot() as snap:
            self._supply.add(MissedRun(run_id) for run_id in snap.missed())

    def _workflows(self, snap: Snapshot) -> list[str]:
        """The workflows that are wanted, as the store knows them."""
        known = [str(r["id"]) for r in snap.records("workflows", "") if r.get("id")]
        wanted = self._wanted.workflows
        return known if wanted is None else [workflow for workflow in known if workflow in wanted]

    def _plan(self, now: datetime, choose: Callable[[Planner, Snapshot], Iterable[Question]]) -> list[Question]:
        with self._store.snapshot() as snap:
            planner = Planner(snap, now, since=self._full_since, nouns=self._wanted.tables)
            return list(choose(planner, snap))

    # Watching ---------------------------------------------------------------------------------------------------

    def _watch(self, crew: Crew, writer: Writer) -> str | None:
        """Wait for the end, and show how far it is; why it came early, None when everything was asked for."""
        published, pause = time.monotonic(), PUBLISH_EVERY
        if self._store.publication() is None:
            pause = PUBLISH_FIRST
        while not crew.is_done:
            crew.join(LOOK)
            if writer.error is not None or crew.error is not None:
                return None
            held = self._transport.held_until - time.time()
            self._speed.look(self._transport.usage.requests_sent, held=held > 0)
            if held > PATIENCE and not self._wait:
                left = self._transport.usage.budget.remaining
                kept = f", but for {left:,} that are left to you" if left else ""
                return f"The budget of requests is spent{kept}; more in {lasting(held)}."
            if not self._show(crew):
                return STOPPED
            if time.monotonic() - published > pause and not self._only_look:
                self._publish_beside()
                published, pause = time.monotonic(), PUBLISH_EVERY
        return None

    def _forecast(self) -> Forecast:
        waiting = Counter(self._waiting()) + Counter(self._would_wait)
        return forecast(self._transport, waiting, self._costs, self._supply.questions_left + self._others)

    def _publish_beside(self) -> None:
        """Publish what there is in a thread, while the sync goes on; what goes wrong with it is seen again at the end."""

        def do() -> None:
            with suppress(Exception):
                publish(self._store, self._folder)

        if self._publishing is None or not self._publishing.is_alive():
            self._publishing = threading.Thread(target=do, name="psauth-mirror-publish", daemon=True)
            self._publishing.start()

    def _show(self, crew: Crew) -> bool:
        sent = self._transport.usage.requests_sent - self._sent_before
        runs, left = self._left(crew)
        seconds = None
        if self._walked or sent > 100:
            seconds = seconds_to_go(self._transport, left, rate=self._speed.rate)
        self.standing = Standing(sent, left, runs, seconds, knows_all=self._walked)
        return self._bar.report(sent, sent + left, self.standing.time_to_go)

    def _left(self, crew: Crew) -> tuple[int, int]:
        """Runs that wait, and about how many requests everything still takes."""
        waiting = self._waiting()
        for_runs = max(0, self._costs.of(waiting) - crew.requests_under_way)
        return sum(waiting.values()), for_runs + self._supply.questions_left

    def _waiting(self) -> Mapping[str | None, int]:
        """Workflow → how many of its runs wait for this sync; none where it is about no run."""
        with self._store.snapshot() as snap:
            return snap.pending_count(self._wanted.which) if self._wanted.scopes else {}


def _first(plan: Planner, workflows: list[str]) -> Iterable[Question]:
    for workflow in workflows:
        yield from plan.of_workflow(workflow)
    yield from plan.small()


def _rest(plan: Planner, workflows: list[str]) -> Iterable[Question]:
    yield from plan.large(workflows)
    for workflow in workflows:
        yield from plan.details(workflow)
