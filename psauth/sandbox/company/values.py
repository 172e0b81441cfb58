"""What people typed into the form fields: live answers wrap each kind of value in its own way."""

from __future__ import annotations

from random import Random
from typing import Any

from psauth.sandbox.company.names import CLIENTS, NEWCOMERS, PRODUCTS, VENDORS
from psauth.sandbox.company.people import Staff
from psauth.sandbox.company.runs import Run
from psauth.sandbox.company.templates import Field
from psauth.sandbox.company.worktime import DAY, iso, opaque_id

_SENTENCES = (
    "Spoke on the phone, everything is clear.",
    "Waiting for the signed copy.\nWill remind them on Monday.",
    "Näheres im Anhang; offene Punkte: Gewährleistung, Zahlungsziel.",
    "Looks good “as is” – no changes needed.",
    "Customer asks for delivery before the holidays, 20% discount agreed.",
)
_FILES = (
    ("contract-signed.pdf", "application/pdf"),
    ("Übersicht 2026.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("photo_0412.jpg", "image/jpeg"),
    ("ISO-9001 certificate.pdf", "application/pdf"),
    ("export.csv", "text/csv"),
)
HOST = "https://files.example.com"
COLUMNS = ("#", "Item", "Amount")  # of every table


def a_file(rng: Random, *key: object) -> dict[str, Any]:
    """A stored file as a field shows it."""
    name, mime = rng.choice(_FILES)
    file = opaque_id(*key, name)
    return {
        "id": file,
        "name": name,
        "url": f"{HOST}/{file}",
        "mimeType": mime,
        "size": rng.randrange(4_000, 9_000_000),
    }


def _text(rng: Random, label: str) -> str:
    word = label.casefold()
    if "name" in word:
        return rng.choice(NEWCOMERS)
    if "vendor" in word or "counterparty" in word:
        return rng.choice(VENDORS)
    if "item" in word or "what" in word:
        return rng.choice(PRODUCTS)
    if "number" in word:
        return f"{rng.randrange(10_000, 99_999)}-{rng.choice('ABCDEF')}"
    if "version" in word:
        return f"{rng.randrange(1, 9)}.{rng.randrange(20)}.{rng.randrange(10)}"
    return rng.choice(CLIENTS)


def _number(rng: Random, label: str) -> str:
    word = label.casefold()
    if "score" in word or "confidence" in word or "explained" in word:
        return str(rng.randrange(12, 101))
    if any(w in word for w in ("amount", "price", "value", "spend", "difference")):
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
        """`data` of one field value; `None` where nobody filled it in."""
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
        label = field.label or ""
        match field.kind:
            case "Text" | "Hidden":
                return {"value": _text(rng, label) if field.kind == "Text" else str(rng.randrange(100_000, 999_999))}
            case "Textarea" | "Snippet":
                return {"value": rng.choice(_SENTENCES)}
            case "Number":
                return {"value": _number(rng, label)}
            case "Email":
                return {"value": f"contact{rng.randrange(400)}@client{rng.randrange(40)}.example.com"}
            case "Url":
                return {"value": f"https://www.example.com/{opaque_id(run.id, number)[:8]}"}
            case "Date":
                day = (run.created // DAY + rng.randrange(2, 60)) * DAY + 15 * DAY // 24
                return {"value": iso(day), "timeHidden": True}
            case "Select":
                return {"value": rng.choice(self.options(field))}
            case "MultiChoice" | "MultiSelect":
                labels = self.options(field)
                picked = rng.sample(labels, rng.randrange(1, len(labels) + 1))
                return {"values": [label for label in labels if label in picked]}
            case "Members":
                return {"values": [p.email for p in rng.sample(self._staff.members, rng.randrange(1, 4))]}
            case "File" | "Document":
                return a_file(rng, run.id, number)
            case "MultiFile":
                return {"values": [a_file(rng, run.id, number, n) for n in range(rng.randrange(1, 4))]}
            case "SendRichEmail":
                return {
                    "status": rng.choice(("Sent", "Draft")),
                    "subject": f"About {run.name or 'your request'}",
                    "to": [],
                }
            case "Table":
                rows = [
                    [str(n + 1), rng.choice(PRODUCTS), str(rng.randrange(1, 900))] for n in range(rng.randrange(1, 5))
                ]
                return {"columns": list(COLUMNS), "rows": rows}
        raise ValueError(f"no such kind of field: {field.kind}")
