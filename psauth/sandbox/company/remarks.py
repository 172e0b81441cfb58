"""Comments and attachments on the tasks of runs, as the API shows them."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from random import Random
from typing import Any

from psauth.sandbox.company.people import Person, Staff
from psauth.sandbox.company.runs import Run
from psauth.sandbox.company.values import stored_file
from psauth.sandbox.company.worktime import iso, opaque_id

Record = dict[str, Any]

REMARKS = (
    "Any news here?",
    "Done, see the form.",
    "@Hana can you have a look?",
    "Sorry for the delay – was on holiday.",
    "Bitte nochmal prüfen, danke!",
    "Somebody called, they are waiting 😅",
)
_FILES = ("notes.pdf", "Übersicht 2026.xlsx", "photo_0412.jpg", "screenshot.png", "export.csv")
_NEWEST_FIRST = itemgetter("createdDate", "id")


class Remarks:
    """All of them, newest first: `comments` by workflow, `attachments` together.

    What was drawn for `runs` depends on nothing that happened to them since.
    """

    def __init__(self, staff: Staff, runs: Sequence[Run]) -> None:
        self._staff = staff
        drawn = [run for run in runs if run.drawn_until]
        self.comments: dict[str, list[Record]] = {}
        for run in drawn:
            self.comments.setdefault(run.begun.id, []).extend(self._comments(run))
        for comments in self.comments.values():
            comments.sort(key=_NEWEST_FIRST, reverse=True)
        self.attachments = [file for run in drawn for file in self._attachments(run)]
        self.attachments.sort(key=_NEWEST_FIRST, reverse=True)

    def add(self, run: Run, task_id: str, words: str, moment: int, who: Person) -> Record:
        """A new comment."""
        comment = self._comment(opaque_id(run.id, "comment", "new", moment), run, task_id, moment, who, words)
        comments = self.comments.setdefault(run.begun.id, [])
        comments.append(comment)
        comments.sort(key=_NEWEST_FIRST, reverse=True)
        return comment

    def _comments(self, run: Run) -> list[Record]:
        rng = Random(f"{run.seed}/comments")
        records = []
        for number in range(max(0, int(rng.gauss(0.7, 1.2)))):
            task_id, moment = rng.choice(run.begun.task_ids), _moment(rng, run)
            who = rng.choice(self._staff.members)
            words = rng.choice(REMARKS)
            records.append(self._comment(opaque_id(run.id, "comment", number), run, task_id, moment, who, words))
        return records

    @staticmethod
    def _comment(comment_id: str, run: Run, task_id: str, moment: int, who: Person, words: str) -> Record:
        return {
            "id": comment_id,
            "createdDate": iso(moment),
            "createdBy": who.record(),
            "updatedDate": iso(moment),
            "updatedBy": who.record(),
            "workflowRunId": run.id,
            "taskId": task_id,
            "text": words,
        }

    def _attachments(self, run: Run) -> list[Record]:
        rng = Random(f"{run.seed}/attachments")
        records = []
        for number in range(max(0, int(rng.gauss(0.4, 0.9)))):
            task_id, moment = rng.choice(run.begun.task_ids), _moment(rng, run)
            stored = stored_file(rng, rng.choice(_FILES), run.id, "attachment", number)
            records.append(
                {
                    "id": stored["id"],
                    "createdDate": iso(moment),
                    "createdBy": rng.choice(self._staff.members).record(),
                    "taskId": task_id,
                    "workflowRunId": run.id,
                    "workflowId": run.begun.id,
                    "fileName": stored["name"],
                    "mimeType": stored["mimeType"],
                    "size": stored["size"],
                }
            )
        return records


def _moment(rng: Random, run: Run) -> int:
    return run.created + int((max(run.drawn_until, run.created + 1) - run.created) * rng.random())
