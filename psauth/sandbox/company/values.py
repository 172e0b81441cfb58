"""What people typed into the form fields: live answers wrap each kind of value in its own way."""

from __future__ import annotations

from random import Random
from typing import Any

from psauth.sandbox.company.people import Staff
from psauth.sandbox.company.runs import Run
from psauth.sandbox.company.templates import Field
from psauth.sandbox.company.worktime import DAY, iso, opaque_id

_KINDS_OF_FILE = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "jpg": "image/jpeg",
    "png": "image/png",
    "csv": "text/csv",
}
HOST = "https://files.example.com"
COLUMNS = ("#", "Item", "Amount")  # of every table


def stored_file(rng: Random, name: str, *key: object) -> dict[str, Any]:
    """A file of that name as a field shows it."""
    file_id = opaque_id(*key, name)
    return {
        "id": file_id,
        "name": name,
        "url": f"{HOST}/{file_id}",
        "mimeType": _KINDS_OF_FILE[name.rpartition(".")[2]],
        "size": rng.randrange(4_000, 9_000_000),
    }


def _number(rng: Random, label: str) -> str:
    word = label.casefold()
    if "score" in word or "confidence" in word or "explained" in word:
        return str(rng.randrange(12, 101))
    if any(w in word for w in ("amount", "value", "spend", "difference")):
        amount = rng.lognormvariate(7.2, 1.3) * (-1 if "difference" in word and rng.random() < 0.4 else 1)
        return f"{amount:.2f}".rstrip("0").rstrip(".")
    return str(int(rng.lognormvariate(2.2, 1.1)) + 1)


def words(data: Any) -> list[str]:
    """The texts of a value that a search looks into."""
    if isinstance(data, dict):
        return [word for name in ("value", "values", "name", "rows", "subject") for word in words(data.get(name))]
    if isinstance(data, list):
        return [word for part in data for word in words(part)]
    return [] if data is None else [str(data)]


class Forms:
    """Draws the value of a field in a run, deterministically from the run's own seed."""

    def __init__(self, staff: Staff, options: dict[str, list[str]]) -> None:
        self._staff, self._options = staff, options

    def options(self, field: Field) -> list[str]:
        """Labels the choices were drawn from; those of the linked data set, as it was, where there is one."""
        return list(field.options) or self._options.get(field.source or "", [])

    def draw(self, run: Run, number: int, field: Field) -> Any:
        """`data` of one field value, in which the run's story is told; `None` where nobody filled it in."""
        if not run.story:
            return None
        rng = Random(f"{run.seed}/field/{number}")
        if rng.random() > field.filled:
            return None
        return self.shown(run, self._live(rng, run, number, field))

    @staticmethod
    def shown(run: Run, data: Any) -> Any:
        """`data` as this run's workflow writes it: wrapped, or in the documentation's own form, the value alone."""
        if run.template.blueprint.bare and isinstance(data, dict) and set(data) & {"value", "values"}:
            return data.get("value", data.get("values"))
        return data

    def _live(self, rng: Random, run: Run, number: int, field: Field) -> Any:
        texts = [text for saying in field.says if (text := saying.format_map(run.story))]
        match field.kind:
            case "Text" | "Textarea" | "Snippet" | "Email" | "Url":
                return {"value": rng.choice(texts)}
            case "Hidden":
                return {"value": str(rng.randrange(100_000, 999_999))}
            case "Number":
                return {"value": rng.choice(texts) if texts else _number(rng, field.label or "")}
            case "Date":
                return {"value": iso(self._day(rng, run, field)), "timeHidden": True}
            case "Select":
                return {"value": rng.choice(texts or self.options(field))}
            case "MultiChoice" | "MultiSelect":
                labels = self.options(field)
                picked = texts or rng.sample(labels, rng.randrange(1, len(labels) + 1))
                return {"values": [label for label in labels if label in picked]}
            case "Members":
                return {"values": [p.email for p in rng.sample(self._staff.members, rng.randrange(1, 4))]}
            case "File" | "Document":
                return stored_file(rng, rng.choice(texts), run.id, number)
            case "MultiFile":
                names = texts if field.every else rng.sample(texts, rng.randrange(1, len(texts) + 1))
                return {"values": [stored_file(rng, name, run.id, number) for name in names]}
            case "SendRichEmail":
                return {"status": "Sent", "subject": rng.choice(texts), "to": [field.to.format_map(run.story)]}
            case "Table":
                items = rng.sample(texts, rng.randrange(1, len(texts) + 1))
                rows = [[str(line), item, str(rng.randrange(1, 900))] for line, item in enumerate(items, 1)]
                return {"columns": list(COLUMNS), "rows": rows}
        raise ValueError(f"no such kind of field: {field.kind}")

    @staticmethod
    def _day(rng: Random, run: Run, field: Field) -> int:
        """15:00 of the day, as the service stores a date without a time."""
        least, most = field.ahead
        day = run.created // DAY + rng.randrange(least, most)
        if field.day_of is not None and (done := run.plan[field.day_of]) is not None:
            day = done // DAY
        return day * DAY + 15 * DAY // 24
