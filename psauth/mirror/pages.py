"""Pages: the rows of pages whose list is not whole yet."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa

from psauth.mirror.packing import pack, unpack
from psauth.mirror.records import KeptPage, moment_at
from psauth.mirror.schema import PAGES


def take_up_pages(db: sa.Connection, since: datetime, until: datetime) -> list[KeptPage]:
    """The pages that were asked for between these moments. All others are deleted, those of a clock set back among them."""
    db.execute(PAGES.delete().where(~PAGES.c.asked_at.between(since.timestamp(), until.timestamp())))
    return [
        KeptPage(row.job, row.request, unpack(row.answer, f"a page of {row.job}"), moment_at(row.asked_at))
        for row in db.execute(sa.select(PAGES))
    ]


def put_pages(db: sa.Connection, kept: Sequence[KeptPage]) -> None:
    """Keep pages, each in the place of an earlier answer to the same request."""
    rows = [
        {
            "job": page.job,
            "request": page.request,
            "answer": pack(page.answer).content,
            "asked_at": page.asked_at.timestamp(),
        }
        for page in kept
    ]
    same = (PAGES.c.job == sa.bindparam("its_job")) & (PAGES.c.request == sa.bindparam("its_request"))
    db.execute(PAGES.delete().where(same), [{"its_job": row["job"], "its_request": row["request"]} for row in rows])
    db.execute(PAGES.insert(), rows)


def drop_pages(db: sa.Connection, jobs: Collection[str]) -> None:
    """Forget the pages of these jobs, so many as one transaction is about."""
    db.execute(PAGES.delete().where(PAGES.c.job.in_(jobs)))
