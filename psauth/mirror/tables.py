"""Tables: the local copy as it is read. All tables of one publication, and so of one moment."""

from __future__ import annotations

import os
import uuid
import weakref
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pandas as pd
import pyarrow as pa

from psauth.exceptions import ArgumentError, MirrorError
from psauth.mirror.columns import Layout
from psauth.mirror.delta import Damaged, DeltaFolder, Version
from psauth.mirror.engine import Engine
from psauth.mirror.gaps import Gaps
from psauth.mirror.pins import Pin
from psauth.mirror.publication import Content
from psauth.mirror.publish import READERS, publish
from psauth.mirror.records import Publication
from psauth.mirror.store import Store
from psauth.reading.frames import TIME_DTYPE
from psauth.settings.spelling import did_you_mean

if TYPE_CHECKING:
    from ibis.expr.types import Table

TRIES: Final = 3
"""How often the tables are opened anew when they were published again, or were damaged, meanwhile."""


class Mirror:
    """The local copy at one moment: `mirror.runs`, `mirror.tasks` and so on are Ibis tables, and stay as they are.

    Each `ps.mirror` is that of the latest publication. Keep one in a variable for questions about one and the same moment.
    Threads may share it; a table belongs to the thread that took it out. `list(mirror)` names the tables.

    >>> report = ps.sync(progress=False)
    >>> mirror = ps.mirror
    >>> len(mirror.runs.to_pandas()) == mirror.counts()["runs"]
    True
    """

    def __init__(self, publication: Publication, content: Content, engine: Engine, pin: Pin) -> None:
        self.number = publication.id
        """Counts the publications of this mirror."""
        self.published_at = publication.published_at
        """When the tables were published."""
        self.as_of = content.as_of
        """Up to when they are current; None before a sync of everything has come to its end. What is missing say `gaps`."""
        self.gaps = content.gaps or Gaps()
        """What the copy lacks of the runs that there are: its text is a sentence."""
        self.folder = content.place
        """Where the tables lie that other programs read: a path, or an address of object storage."""
        self.calendars = content.calendars
        """What working hours are in its facts."""
        self.process = os.getpid()
        """The process that opened it."""
        self._content, self._engine = content, engine
        weakref.finalize(engine, pin.release)  # tables hold the engine, and may outlive this object

    @classmethod
    def latest(cls, known: Mirror | None, store: Store, folder: DeltaFolder) -> Mirror:
        """The latest publication; `known`, if it is that one and nothing of it is damaged."""
        if known is None or known.process != os.getpid():
            return cls.open(store, folder)
        if known.is_torn:
            publish(store, folder, thorough=True)
            return cls.open(store, folder)
        latest = store.publication()
        # A store that was begun anew counts from 1 again.
        same = latest is not None and (latest.id, latest.published_at) == (known.number, known.published_at)
        return known if same and known.folder == folder.url else cls.open(store, folder)

    @classmethod
    def open(cls, store: Store, folder: DeltaFolder) -> Mirror:
        """The latest publication. What of it is torn, missing or damaged is published again first, with no request.

        MirrorError where there is nothing to read yet.
        """
        for _ in range(TRIES):
            with store.snapshot() as snap:
                publication, has_copy = snap.publication(), snap.has_copy()
            content = None if publication is None else Content.from_json(publication.content)
            if not has_copy and (content is None or not content.tables["runs"].rows):
                raise MirrorError(
                    f"There is no local copy in {store.place.folder} yet. Make one, which can be stopped at any time and goes "
                    "on where it was: ps.sync()"
                )
            knows_gaps = content is not None and (content.gaps is not None or content.as_of is not None)
            if publication is None or content is None or content.place != folder.url or not knows_gaps:
                publish(store, folder)
                continue
            try:
                tables = _versions(folder, content)
            except Damaged:
                publish(store, folder)
                continue
            pin = Pin(
                store.place.folder / READERS, {name: [f.path for f in v.files] for name, (_, v) in tables.items()}
            )
            try:
                latest = store.publication()
                if latest is not None and latest.id == publication.id:
                    if not any(folder.damaged(name, version) for name, (_, version) in tables.items()):
                        spill = store.place.folder / f"spill-{uuid.uuid4().hex}"
                        return cls(publication, content, Engine(folder, tables, str(spill)), pin)
                    publish(store, folder)
            except Damaged:
                pin.release()
                publish(store, folder, thorough=True)
                continue
            except BaseException:
                pin.release()
                raise
            pin.release()
        raise MirrorError(
            f"The published tables at {folder.url} are damaged again and again while they are read. Look after their disk, "
            "or put them elsewhere: PSAUTH_PUBLISH=/a/path"
        )

    def sql(self, text: str) -> pd.DataFrame:
        """The answer to a question in DuckDB's SQL; its tables are called as those of the mirror.

        Texts are `str`, moments `datetime64[us, UTC]`. Nothing can be written, and no other file be read. ArgumentError with
        DuckDB's own words and its caret where the question has a mistake.

        >>> ps.mirror.sql("select count(*) as runs from runs")["runs"].dtype
        dtype('int64')
        """
        return self._engine.sql(text)

    @property
    def engine(self) -> Engine:
        """What answers expressions of its tables."""
        return self._engine

    def counts(self) -> dict[str, int]:
        """Table → its rows.

        >>> ps.mirror.counts()["workflows"]
        12
        """
        return {name: self._content.tables[name].rows for name in self}

    def ages(self) -> pd.DataFrame:
        """One row a table: its rows, and when the oldest and the latest of them was asked for at the service.

        What was asked for again and was as before is as young as that look. Changes are as old as they were seen.

        >>> ps.mirror.ages().columns.tolist()
        ['table', 'rows', 'oldest', 'latest']
        """
        rows = [(name, count, *self._content.ages.get(name, (None, None))) for name, count in self.counts().items()]
        frame = pd.DataFrame(rows, columns=["table", "rows", "oldest", "latest"])
        return frame.astype({"oldest": TIME_DTYPE, "latest": TIME_DTYPE})

    def pieces(self, name: str) -> Iterator[pa.Table]:
        """The rows of a table as Arrow has them, some at a time."""
        return self._engine.pieces(name)

    def copy_to(self, path: Path) -> None:
        """All tables as a DuckDB database in a new file."""
        self._engine.copy_to(str(path))

    @property
    def is_torn(self) -> bool:
        """Whether one of its files turned out to be damaged while it was read."""
        return self._engine.is_torn

    def layouts(self) -> Mapping[str, Layout]:
        """Table → its columns."""
        return {name: self._content.tables[name].layout for name in self}

    def __getattr__(self, name: str) -> Table:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self[name]
        except ArgumentError as error:
            raise AttributeError(str(error)) from None

    def __getitem__(self, name: str) -> Table:
        """The table of this name."""
        if name not in self._content.tables:
            names = list(self)
            raise ArgumentError(
                f"The local copy has no table {name!r}{did_you_mean(name, names)} There are {', '.join(names)}."
            )
        return self._engine.table(name)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._content.tables))

    def __len__(self) -> int:
        return len(self._content.tables)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self]

    def __repr__(self) -> str:
        counts = self.counts()
        as_of = "not complete yet: see .gaps" if self.as_of is None else f"as of {self.as_of:%Y-%m-%d %H:%M} UTC"
        return f"Mirror({counts['runs']:,} runs, {counts['tasks']:,} tasks, {len(self)} tables, {as_of})"


def _versions(folder: DeltaFolder, content: Content) -> dict[str, tuple[Layout, Version]]:
    return {name: (table.layout, folder.version(name, table.version)) for name, table in content.tables.items()}
