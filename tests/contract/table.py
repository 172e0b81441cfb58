"""The table of what psauth relies on of the service's API, read from process_street.toml, and validators made of it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

FILE = Path(__file__).with_name("process_street.toml")

# What was seen of the live service and stands in no document: the search of runs carries links when it is paged, and
# the document's words about retries, but not its schema, know a reference id.
SEEN = {"GET /workflow-runs": "links?:link*", "POST /workflow-runs": "referenceId?"}

Schema = dict[str, Any]
_PLAIN: dict[str, Schema] = {
    "text": {"type": "string"},
    "text!": {"type": "string", "minLength": 1},
    "moment": {"type": "string", "format": "date-time"},
    "number": {"type": "number"},
    "whole": {"type": "integer"},
    "flag": {"type": "boolean"},
    "null": {"type": "null"},
    "file": {"type": "string"},
    "map": {"type": "object", "additionalProperties": {"type": "string"}},
    "any": {},
}


@dataclass(frozen=True)
class Operation:
    """One row: what may be asked for, what is sent, and what comes back; `kind` is of what is not JSON."""

    method: str
    path: str
    status: int
    query: tuple[str, ...] = ()
    body: str | None = None
    answer: str | None = None
    kind: str = "application/json"

    def fits(self, method: str, path: str) -> bool:
        """Whether a request is one of these."""
        pattern = re.sub(r"\{\w+\}", "[^/]+", self.path)
        return method == self.method and re.fullmatch(pattern, path) is not None


class Table:
    """The rows of the file, as operations and as JSON schemas in which a key that the service does not know is wrong."""

    def __init__(self, text: str, *, seen: bool = True) -> None:
        rows = tomllib.loads(text)
        self.kinds, self.records = rows["kinds"], rows["records"]
        self.operations = {f"GET {path}": _operation("GET", path, row) for path, row in rows["reads"].items()}
        self.operations |= {name: _operation(*name.split(" "), row) for name, row in rows["writes"].items()}
        self._seen = SEEN if seen else {}

    def operation(self, method: str, path: str) -> Operation:
        """The row of a path as it stands in the table, with names in its braces."""
        return self.operations[f"{method.upper()} {path}"]

    def find(self, method: str, path: str) -> Operation:
        """The row of a request; an exact path goes before one with braces. LookupError where there is none."""
        fitting = [row for row in self.operations.values() if row.fits(method, path)]
        if not fitting:
            raise LookupError(f"{method} {path} is no documented request")
        return min(fitting, key=lambda row: row.path.count("{"))

    def fields(self, text: str) -> Iterator[tuple[str, bool, str]]:
        """The fields of a record: name, whether it must be there, type."""
        for word in text.split():
            if word.startswith("+"):
                yield from self.fields(self.records[word[1:]])
            else:
                name, _, kind = word.partition(":")
                yield name.removesuffix("?"), not name.endswith("?"), kind or "text"

    def record(self, text: str) -> Schema:
        """The schema of a record's fields."""
        fields = list(self.fields(text))
        return {
            "type": "object",
            "properties": {name: self.type(kind) for name, _, kind in fields},
            "required": sorted(name for name, must, _ in fields if must),
            "additionalProperties": False,
        }

    def type(self, kind: str) -> Schema:
        """The schema of one type."""
        if kind in _PLAIN:
            return _PLAIN[kind]
        if kind[-1] in "*+":
            return {"type": "array", "items": self.type(kind[:-1]), "minItems": int(kind[-1] == "+")}
        if kind in self.kinds:
            return self.type(self.kinds[kind])
        if kind in self.records:
            return self.record(self.records[kind])
        parts = kind.split("|")
        if all(part in _PLAIN or part in self.records for part in parts):
            return {"oneOf": [self.type(part) for part in parts]}
        return {"enum": [part.replace("_", " ") for part in parts]}

    def body(self, operation: Operation) -> Draft202012Validator | None:
        """What a request's body must look like; None where it has none, or one that is not JSON."""
        if operation.body is None or operation.kind != "application/json":
            return None
        return _validator(self.record(self._with_seen(operation, operation.body)))

    def answer(self, operation: Operation) -> Draft202012Validator | None:
        """What an answer must look like; None where it has no JSON."""
        if operation.answer is None:
            return None
        seen = self._with_seen(operation, operation.answer) if operation.method == "GET" else operation.answer
        return _validator(self.record(seen))

    @property
    def error(self) -> Draft202012Validator:
        """What a refusal in JSON must look like."""
        return _validator(self.record("+error"))

    def _with_seen(self, operation: Operation, text: str) -> str:
        return f"{text} {self._seen.get(f'{operation.method} {operation.path}', '')}"


@cache
def table() -> Table:
    """The table in the repository."""
    return Table(FILE.read_text("utf-8"))


def sample(of: Table, text: str, *, names: Iterable[str] | None = None) -> dict[str, Any]:
    """A made-up record with every field, or with these; lists have one entry."""
    fields = [field for field in of.fields(text) if names is None or field[0] in names]
    return {name: _example(of, kind) for name, _, kind in fields}


def _example(of: Table, kind: str) -> Any:
    plain = {"moment": "2099-10-01T09:00:00.000Z", "number": 4.5, "whole": 4, "flag": True, "null": None, "map": {}}
    if kind in _PLAIN:
        return plain.get(kind, "Łódź")
    if kind[-1] in "*+":
        return [_example(of, kind[:-1])]
    if kind in of.records:
        return sample(of, of.records[kind])
    word = of.kinds.get(kind, kind).rpartition("|")[2]
    return _example(of, word) if word in _PLAIN or word in of.records else word.replace("_", " ")


def _operation(method: str, path: str, row: dict[str, Any]) -> Operation:
    query = tuple(row.get("query", "").split())
    status, kind = row.get("status", 200), row.get("kind", "application/json")
    return Operation(method, path, status, query, row.get("body"), row.get("answer"), kind)


def _validator(schema: Schema) -> Draft202012Validator:
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
