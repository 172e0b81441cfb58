"""Lists: the rows of lists in a store, each as the service answered it, and the months in which something changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from psauth.mirror.changes import differences
from psauth.mirror.packing import Bundle, pack, unpack, unpack_pieces
from psauth.mirror.records import Change, Record, StoredList, Written, moment_at
from psauth.mirror.schema import CHANGES, LISTS, META, MONTHS, RUNS, write_meta

REFUSED: Final = "refused"
"""The digest of a list that the service has never shown."""
AT_ONCE: Final = 200
"""Lists in memory at once while many are read."""


class Tally:
    """What one transaction changes: counted by noun, and the months in which it was."""

    def __init__(self) -> None:
        self.added: dict[str, int] = {}
        self.changed: dict[str, int] = {}
        self.removed: dict[str, int] = {}
        self.months: set[str] = set()

    def count(self, noun: str, *, added: int = 0, changed: int = 0, removed: int = 0) -> None:
        """Add to the numbers of a noun."""
        for counts, number in ((self.added, added), (self.changed, changed), (self.removed, removed)):
            if number:
                counts[noun] = counts.get(noun, 0) + number

    def written(self) -> Written:
        """The numbers so far."""
        return Written(dict(self.added), dict(self.changed), dict(self.removed))


def read_lists(db: sa.Connection, noun: str, month: str | None = None) -> Iterator[StoredList]:
    """The lists of a noun; of the runs of one month, or all."""
    query = _in_order(sa.select(LISTS), noun)
    if month is not None:
        query = query.where(LISTS.c.month == month)
    return map(_stored, db.execute(query.execution_options(yield_per=AT_ONCE)))


def read_pieces(db: sa.Connection, noun: str, size: int) -> Iterator[StoredList]:
    """The lists of a noun, those with more records than `size` as several.

    The records of a long one are never in memory together.
    """
    for row in db.execute(_in_order(sa.select(LISTS), noun).execution_options(yield_per=1)):
        for piece in unpack_pieces(row.records, _name(row.noun, row.owner), size):
            yield _stored(row, piece)


def read_digests(db: sa.Connection, noun: str) -> Iterator[tuple[str, str]]:
    """The owner and the digest of each list of a noun."""
    return (tuple(row) for row in db.execute(_in_order(sa.select(LISTS.c.owner, LISTS.c.digest), noun)))


def _in_order(query: sa.Select[Any], noun: str) -> sa.Select[Any]:
    return query.where(LISTS.c.noun == noun).order_by(LISTS.c.month, LISTS.c.owner)


def read_lists_of(db: sa.Connection, noun: str, owners: Sequence[str]) -> Iterator[StoredList]:
    """The lists of a noun that these owners have, in their order."""
    for begin in range(0, len(owners), AT_ONCE):
        some = owners[begin : begin + AT_ONCE]
        query = sa.select(LISTS).where((LISTS.c.noun == noun) & LISTS.c.owner.in_(some))
        rows = {row.owner: row for row in db.execute(query)}
        yield from (_stored(rows[owner]) for owner in some if owner in rows)


def read_list(db: sa.Connection, noun: str, owner: str) -> list[StoredList]:
    """One list, if it is there."""
    here = (LISTS.c.noun == noun) & (LISTS.c.owner == owner)
    return [_stored(row) for row in db.execute(sa.select(LISTS).where(here))]


def _stored(row: Any, records: Sequence[Record] | None = None) -> StoredList:
    return StoredList(
        noun=row.noun,
        owner=row.owner,
        run_id=row.run_id,
        records=unpack(row.records, _name(row.noun, row.owner)) if records is None else records,
        digest=row.digest,
        asked_at=moment_at(row.asked_at),
    )


@dataclass(frozen=True)
class NewList:
    """A list that was answered: see StoredList. `month` is "" for what belongs to no run."""

    noun: str
    owner: str
    records: Sequence[Record] | Bundle
    asked_at: datetime
    month: str = ""
    run_id: str | None = None


def put_lists(db: sa.Connection, answered: Sequence[NewList], tally: Tally) -> set[str]:
    """Write lists in the place of what they were before, with the changes between the two; the owners of those that differ."""
    before = _heads(db, answered)
    new, same, differing = [], [], set()
    for each in answered:
        packed = each.records.packed() if isinstance(each.records, Bundle) else pack(list(each.records))
        row = before.get((each.noun, each.owner))
        values = {"asked_at": each.asked_at.timestamp(), "month": each.month, "stale": False}
        content = {"digest": packed.digest, "count": len(each.records), "records": packed.content}
        if row is None:
            differing.add(each.owner)
            tally.months.add(each.month)
            new.append({"noun": each.noun, "owner": each.owner, "run_id": each.run_id, **values, **content})
            tally.count(each.noun, added=len(each.records))
            continue
        old: list[Record] = []
        records: list[Record] = []
        if row.digest != packed.digest:  # keys in another order make another digest, and no other list
            old, records = _records_of(db, each.noun, each.owner), list(each.records)
        if old == records and row.month == each.month and row.digest != REFUSED:
            same.append({"its_noun": each.noun, "its_owner": each.owner, **values})
            continue
        differing.add(each.owner)
        tally.months |= {each.month, row.month}
        here = (LISTS.c.noun == each.noun) & (LISTS.c.owner == each.owner)
        db.execute(LISTS.update().where(here).values(**values, **content))
        put_changes(db, each.noun, each.owner, old, records, row.asked_at, each.asked_at, tally)
    if new:
        db.execute(LISTS.insert(), new)
    if same:
        db.execute(_AGAIN, same)
    return differing


_AGAIN: Final = (
    LISTS.update()
    .where((LISTS.c.noun == sa.bindparam("its_noun")) & (LISTS.c.owner == sa.bindparam("its_owner")))
    .values(asked_at=sa.bindparam("asked_at"), month=sa.bindparam("month"), stale=sa.bindparam("stale"))
)


def _records_of(db: sa.Connection, noun: str, owner: str) -> list[Record]:
    return [record for each in read_list(db, noun, owner) for record in each.records]


def _heads(db: sa.Connection, answered: Sequence[NewList]) -> dict[tuple[str, str], Any]:
    """What these lists are now, by noun and owner, without their records."""
    owners = sorted({each.owner for each in answered})
    nouns = sorted({each.noun for each in answered})
    columns = (LISTS.c.noun, LISTS.c.owner, LISTS.c.digest, LISTS.c.month, LISTS.c.asked_at)
    heads: dict[tuple[str, str], Any] = {}
    for begin in range(0, len(owners), AT_ONCE):
        some = LISTS.c.noun.in_(nouns) & LISTS.c.owner.in_(owners[begin : begin + AT_ONCE])
        heads |= {(row.noun, row.owner): row for row in db.execute(sa.select(*columns).where(some))}
    return heads


def note_refused(db: sa.Connection, noun: str, owner: str, asked_at: datetime) -> None:
    """A list was asked for and refused: what is there stays, as old as it is, and is not asked for again for a while."""
    here = (LISTS.c.noun == noun) & (LISTS.c.owner == owner)
    row = db.execute(sa.select(LISTS.c.digest).where(here)).first()
    if row is None:
        values = {"month": "", "count": 0, "records": pack([]).content, "asked_at": asked_at.timestamp()}
        db.execute(LISTS.insert().values(noun=noun, owner=owner, digest=REFUSED, stale=False, **values))
    elif row.digest == REFUSED:
        db.execute(LISTS.update().where(here).values(asked_at=asked_at.timestamp(), stale=False))
    else:
        db.execute(LISTS.update().where(here).values(stale=False))
        write_meta(db, _refusal(noun, owner), str(asked_at.timestamp()))


def make_stale(db: sa.Connection, nouns: Sequence[str], owner: str, *, before: datetime) -> None:
    """These lists are to be asked for again, if they were asked for before a moment."""
    outdated = LISTS.c.noun.in_(nouns) & (LISTS.c.owner == owner) & (LISTS.c.asked_at < before.timestamp())
    db.execute(LISTS.update().where(outdated).values(stale=True))


def _name(noun: str, owner: str) -> str:
    return f"the list {noun} of {owner or 'the organisation'}"


def put_changes(
    db: sa.Connection,
    noun: str,
    owner: str,
    old: Sequence[Record],
    new: Sequence[Record],
    seen_before: float,
    seen_at: datetime,
    tally: Tally,
) -> int:
    """Note what is different between two looks at a list; how many values are."""
    found = differences(noun, old, new)
    rows = [
        {
            "noun": noun,
            "owner": owner,
            "key": each.key,
            "column": each.column,
            "old": each.old,
            "new": each.new,
            "seen_before": seen_before,
            "seen_at": seen_at.timestamp(),
        }
        for each in found
    ]
    if rows:
        db.execute(CHANGES.insert(), rows)
    came = sum(1 for each in found if not each.column and each.old is None)
    went = sum(1 for each in found if not each.column and each.new is None)
    tally.count(noun, added=came, removed=went, changed=len({each.key for each in found if each.column}))
    return len(found)


def drop_lists(db: sa.Connection, noun: str, owners: Sequence[str], tally: Tally) -> None:
    """Forget the lists of what is there no more, like those of a workflow that was deleted."""
    for owner in owners:
        here = (LISTS.c.noun == noun) & (LISTS.c.owner == owner)
        row = db.execute(sa.select(LISTS).where(here)).first()
        if row is not None:
            db.execute(LISTS.delete().where(here))
            tally.count(noun, removed=row._mapping["count"])
            tally.months.add(row.month)


def read_changes(db: sa.Connection, after: int = 0) -> Iterator[Change]:
    """The changes with a higher id than `after`, in the order in which they were seen."""
    query = sa.select(CHANGES).where(CHANGES.c.id > after).order_by(CHANGES.c.id)
    for row in db.execute(query.execution_options(yield_per=1000)):
        kept = dict(row._mapping)
        yield Change(**kept | {name: moment_at(kept[name]) for name in ("seen_before", "seen_at")})


def read_ages(db: sa.Connection, noun: str) -> dict[str, datetime]:
    """Owner → when its list of this noun was asked for."""
    rows = db.execute(sa.select(LISTS.c.owner, LISTS.c.asked_at).where(LISTS.c.noun == noun))
    return {row.owner: moment_at(row.asked_at) for row in rows}


def owners_among(db: sa.Connection, noun: str, owners: Sequence[str], before: datetime | None) -> set[str]:
    """Those of these that have a list of this noun, asked for before a moment (None: whenever) and not refused."""
    there: set[str] = set()
    for begin in range(0, len(owners), AT_ONCE):
        some = (LISTS.c.noun == noun) & LISTS.c.owner.in_(owners[begin : begin + AT_ONCE]) & (LISTS.c.digest != REFUSED)
        if before is not None:
            some &= LISTS.c.asked_at <= before.timestamp()
        there |= set(db.execute(sa.select(LISTS.c.owner).where(some)).scalars())
    return there


def forget_refusal(db: sa.Connection, noun: str, owner: str) -> None:
    """A list is shown again."""
    write_meta(db, _refusal(noun, owner), None)


def read_tries(db: sa.Connection, noun: str) -> dict[str, datetime]:
    """Owner → when its list of this noun was asked for, or was refused since; without lists known to have changed since."""
    fresh = (LISTS.c.noun == noun) & LISTS.c.stale.is_(False)
    tries = {row.owner: row.asked_at for row in db.execute(sa.select(LISTS.c.owner, LISTS.c.asked_at).where(fresh))}
    prefix = _refusal(noun, "")
    refused = sa.select(META).where(META.c.name.startswith(prefix, autoescape=True))
    for row in db.execute(refused):
        owner = row.name.removeprefix(prefix)
        if owner in tries:
            tries[owner] = max(tries[owner], float(row.value))
    return {owner: moment_at(at) for owner, at in tries.items()}


def _refusal(noun: str, owner: str) -> str:
    """The name of the note of when a list was refused that is there."""
    return f"refused {noun} {owner}"


def read_spans(db: sa.Connection) -> dict[str, tuple[datetime, datetime]]:
    """Noun → when the oldest and the latest of its lists was asked for; the same of the runs, and of when changes were seen."""
    at = LISTS.c.asked_at
    found = [
        tuple(row)
        for row in db.execute(sa.select(LISTS.c.noun, sa.func.min(at), sa.func.max(at)).group_by(LISTS.c.noun))
    ]
    for noun, at in (("runs", RUNS.c.asked_at), ("changes", CHANGES.c.seen_at)):
        found.append((noun, *db.execute(sa.select(sa.func.min(at), sa.func.max(at))).one()))
    return {noun: (moment_at(oldest), moment_at(latest)) for noun, oldest, latest in found if oldest is not None}


def read_months(db: sa.Connection) -> dict[str, int]:
    """Month → its version."""
    return {row.month: row.version for row in db.execute(sa.select(MONTHS).order_by(MONTHS.c.month))}


def advance(db: sa.Connection, months: set[str]) -> None:
    """Give these months a version that none had before."""
    if not months:
        return
    version = (db.execute(sa.select(sa.func.max(MONTHS.c.version))).scalar() or 0) + 1
    for month in sorted(months):
        moved = db.execute(MONTHS.update().where(MONTHS.c.month == month).values(version=version))
        if not moved.rowcount:
            db.execute(MONTHS.insert().values(month=month, version=version))
