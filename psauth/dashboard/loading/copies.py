"""Copies: the local copy of each connection, as its views read it. Nothing here asks the service."""

from __future__ import annotations

import json
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

import pandas as pd

from psauth.dashboard.loading.jobs import Owner, What
from psauth.dashboard.loading.read import Here, Loaded, Read
from psauth.exceptions import MirrorError, PsauthError, needs_extra

if TYPE_CHECKING:
    from psauth.mirror.place import Identity, Place
    from psauth.mirror.store import Store
    from psauth.mirror.tables import Mirror

log = logging.getLogger(__name__)

KEPT: Final = 64
"""Frames out of one copy that are kept in memory at most."""
MOST: Final = 8
"""Connections whose copy stays open."""
OWNER: Final = "connection"
"""The note in a store that says which connection it belongs to, where the service does not say whose that is."""


class NotOurs(MirrorError):
    """There is a copy, and nothing tells whether it is of this connection's organisation."""


@dataclass(frozen=True)
class Copy:
    """One moment of a local copy. `runs_left` are the runs that a first sync, which is not finished, still has to read."""

    mirror: Mirror
    store: Store
    runs_left: int | None

    @property
    def as_of(self) -> datetime:
        """Up to when it is current; while the first sync is not finished, when what it has so far was published."""
        return self.mirror.as_of or self.mirror.published_at

    def asked_at(self, *nouns: str) -> datetime:
        """When the lists of these nouns were asked for, the oldest of them. What was asked for since is not published yet."""
        with self.store.snapshot() as snap:
            ages = [age for noun in nouns for age in snap.ages(noun).values()]
        return min([*ages, self.mirror.published_at])


class Copies:
    """The copies of this process, by connection. Threads may share it."""

    def __init__(self) -> None:
        self._open: OrderedDict[Owner, _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, here: Here) -> Copy | None:
        """The copy of a connection as it was published last; None where there is none yet, or it cannot be used.

        The Sync view says why.
        """
        try:
            return self._kept(here).latest(here)
        except PsauthError as error:
            log.info("the local copy is not read: %s", type(error).__name__)
            return None

    def read(self, read: Read) -> Loaded | None:
        """What a read wants, out of the copy; None where that does not have it."""
        if read.copy is None or (copy := self.find(read.here)) is None:
            return None
        return self._kept(read.here).frame(copy, read.what, read.copy)

    def forget(self, owner: Owner | None = None) -> None:
        """Let go of a connection's copy, or of all; what is on the disk stays."""
        with self._lock:
            for each in [each for each in self._open if owner in (None, each)]:
                del self._open[each]

    def _kept(self, here: Here) -> _Kept:
        with self._lock:
            kept = self._open.setdefault(here.owner, _Kept())
            self._open.move_to_end(here.owner)
            while len(self._open) > MOST:
                self._open.popitem(last=False)
        return kept


class _Kept:
    """The copy of one connection, and the frames that were read out of its latest publication."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._store: Store | None = None
        self._label: str | None = None
        self._mirror: Mirror | None = None
        self._is_whole = False
        self._frames: OrderedDict[What, Loaded] = OrderedDict()

    def latest(self, here: Here) -> Copy | None:
        with self._lock:
            if self._store is None or self._label != here.connection.label:
                self._store, self._label = open_store(here), here.connection.label
            store = self._store
            if store is None or not store.place.store.exists():
                self._store = self._mirror = None
                return None
            if store.publication() is None:
                return None
            with needs_extra("mirror", "The local copy"):
                from psauth.mirror.publish import folder_of
                from psauth.mirror.tables import Mirror
            before = self._mirror
            self._mirror = Mirror.latest(before, store, folder_of(here.settings, store.place))
            if self._mirror is not before:
                self._frames.clear()
            return Copy(self._mirror, store, self._runs_left(store))

    def frame(self, copy: Copy, what: What, read: Callable[[Copy], pd.DataFrame | None]) -> Loaded | None:
        with self._lock:
            known = self._frames.get(what) if copy.mirror is self._mirror else None
        if known is not None:
            return known
        try:
            frame = read(copy)
        except MirrorError as error:  # the next look at it derives the damaged file again
            log.info("the local copy was not read: %s", type(error).__name__)
            return None
        if frame is None:
            return None
        noun = str(what[0])
        asked_at = copy.asked_at(noun) if noun in WHOLE else copy.as_of
        if noun == "tasks_of_person":
            asked_at = min(asked_at, copy.asked_at("assigned_tasks"))
        loaded = Loaded(frame, asked_at, 0, 0.0, copied=True, runs_left=copy.runs_left if what[0] in OF_RUNS else None)
        with self._lock:
            if copy.mirror is self._mirror and copy.runs_left is None:
                self._frames[what] = loaded
                while len(self._frames) > KEPT:
                    self._frames.popitem(last=False)
        return loaded

    def _runs_left(self, store: Store) -> int | None:
        """Runs that the first sync has not read yet; None once one has come to its end."""
        if not self._is_whole:
            with store.snapshot() as snap:
                self._is_whole = any(
                    report["stopped"] is None and not report.get("narrowed") for report in snap.reports()
                )
                if not self._is_whole:
                    return sum(snap.pending_count().values())
        return None


WHOLE: Final = frozenset({"workflows", "users", "data_sets", "records", "form_fields"})
"""Nouns whose lists are asked for whole, and so are as old as the oldest of these."""
OF_RUNS: Final = frozenset({"runs", "tasks", "form_values", "tasks_of_person"})
"""Nouns of which a first sync that is not finished has a part."""


def place_of(here: Here) -> tuple[Place, Identity]:
    """Where the copy of a connection is, whether there is one or not, and whose it is."""
    from psauth.mirror.place import Identity, Place

    identity = Identity.of(here.connection)
    return Place.of(here.settings, identity), identity


def open_store(here: Here) -> Store | None:
    """The store of a connection's copy, where there is one.

    Raises NotOurs for one of which nothing tells that it is this connection's, MirrorError for one that cannot be used.
    """
    from psauth.mirror.store import Store

    place, identity = place_of(here)
    if not place.store.exists():
        return None
    if not _belongs(Store(place), here):
        raise NotOurs(
            f"There is a copy in {place.folder} already, and Process Street does not say whether it is of the organisation "
            "that is connected now. Go on with it if it is, or begin anew."
        )
    return Store.open(place, identity)


def _belongs(store: Store, here: Here) -> bool:
    """Whether the store at the place of this connection is this connection's, before anything is noted in it.

    One account may be connected to one organisation after the other, so the name that the service gives the connection
    decides. Where there is none, a store belongs to the connection that began it, or was said to go on with it.
    """
    if store.get_note(OWNER) == here.connection.id:
        return True
    kept = json.loads(store.get_note("identity") or "{}").get("label")
    return kept is not None and kept == here.connection.label


copies = Copies()
