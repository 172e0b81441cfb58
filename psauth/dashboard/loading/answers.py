"""Answers: what the local copy says, a chapter at a time, in threads, once for each publication. Nothing here asks the service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from psauth.dashboard.loading.copies import Copy
from psauth.dashboard.loading.jobs import Job, jobs
from psauth.dashboard.loading.read import Here
from psauth.exceptions import needs_extra
from psauth.reading.arguments import moment

if TYPE_CHECKING:
    from psauth.analysis.chapters import Chapter, Findings

NEEDS: Final = ("analysis", "The Answers view")
"""The extra that brings what answers, and what is said to need it."""


def load(here: Here) -> Job:
    """The job that imports what the answers need, which takes a while the first time. It fails with MissingExtra."""

    def work(_: Job) -> None:
        with needs_extra(*NEEDS):
            import psauth.analysis.report  # noqa: F401 # which imports all of it

    return jobs.start(here.owner, ("answers", "packages"), work)


def titles() -> list[str]:
    """What the chapters are called."""
    from psauth.analysis.chapters import chapters

    return [chapter.title for chapter in chapters(of_one=True)]


def chapter_called(title: str, *, of_one: bool) -> Chapter | None:
    """The chapter of this title about one workflow, or about several; None where these have no such one."""
    from psauth.analysis.chapters import chapters

    return next((chapter for chapter in chapters(of_one=of_one) if chapter.title == title), None)


def ask(here: Here, copy: Copy, workflow: str | None, since: str | None, chapter: Chapter) -> Job:
    """The job that reads this chapter out of the copy, or has done so: its result are the Findings."""
    from psauth.analysis.chapters import Asked, Findings

    def work(_: Job) -> Findings:
        asked = Asked(copy.mirror, workflow, since)
        no_runs = asked.no_runs()
        return chapter.read(asked) if no_runs is None else Findings([no_runs])

    moment = (copy.mirror.number, copy.mirror.published_at)
    return jobs.start(here.owner, ("answers", *moment, workflow, since, chapter.title), work)


def lacks(copy: Copy, workflow: str | None, since: str | None) -> str | None:
    """What the copy lacks of the runs that are asked about, in a sentence; None where nothing is missing."""
    return copy.mirror.gaps.sentence(None if workflow is None else [workflow], None if since is None else moment(since))


def report(copy: Copy, workflow: str | None, since: str | None) -> bytes:
    """All chapters, as one page."""
    from psauth.analysis.report import make_report

    return make_report(copy.mirror, workflow, since).html.encode()
