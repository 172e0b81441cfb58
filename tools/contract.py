"""Compares the tests' table of the service's API with an OpenAPI document of it: `python tools/contract.py FILE`.

Prints what differs, one difference a line, and ends with 1 when there is any.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.contract.table import FILE, Schema, Table


def plain(document: Schema, schema: Schema | None) -> Any:
    """A schema of the document as the table has it: references followed, words left out, objects closed."""
    if schema is None:
        return None
    if "$ref" in schema:
        return plain(document, document["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    if "oneOf" in schema:
        return {"oneOf": [plain(document, part) for part in schema["oneOf"]]}
    if "const" in schema or "enum" in schema:
        return {"enum": [schema["const"]] if "const" in schema else schema["enum"]}
    match schema.get("type"):
        case "array":
            items = plain(document, schema["items"])
            return {"type": "array", "items": items, "minItems": schema.get("minItems", 0)}
        case "object" if "properties" in schema:
            return {
                "type": "object",
                "properties": {name: plain(document, part) for name, part in schema["properties"].items()},
                "required": sorted(schema.get("required", ())),
                "additionalProperties": False,
            }
        case "object":
            return {"type": "object", "additionalProperties": plain(document, schema["additionalProperties"])}
        case "string":
            kept = {name: schema[name] for name in ("minLength",) if name in schema}
            moment = {"format": "date-time"} if schema.get("format") == "date-time" else {}
            return {"type": "string", **kept, **moment}
        case None:
            return {}
        case other:
            return {"type": other}


def differences(document: Schema, table: Table) -> Iterator[str]:
    """What the document says otherwise than the table."""
    for name, row in table.operations.items():
        operation = document["paths"].get(row.path, {}).get(row.method.lower())
        if operation is None:
            yield f"{name}: not in the document"
            continue
        if str(row.status) not in operation["responses"]:
            yield f"{name}: answers {', '.join(operation['responses'])}, not {row.status}"
            continue
        asked = [
            p["name"] + "?" * (not p.get("required")) for p in operation.get("parameters", ()) if p["in"] == "query"
        ]
        if sorted(asked) != sorted(row.query):
            yield f"{name}: is asked with {sorted(asked)}, not {sorted(row.query)}"
        content = operation["responses"][str(row.status)].get("content", {})
        answer = plain(document, content.get("application/json", {}).get("schema"))
        yield from _apart(f"{name} answer", answer, _schema(table, row.answer))
        sent = operation.get("requestBody", {}).get("content", {})
        body = plain(document, next(iter(sent.values()))["schema"]) if sent else None
        yield from _apart(f"{name} body", body, _schema(table, row.body))
        if sent and row.kind not in sent:
            yield f"{name}: is sent as {', '.join(sent)}, not {row.kind}"
    any_refusal = document["paths"]["/workflows"]["get"]["responses"]["default"]["content"]["application/json"]
    yield from _apart("error", plain(document, any_refusal["schema"]), table.record("+error"))


def _schema(table: Table, fields: str | None) -> Schema | None:
    return None if fields is None else table.record(fields)


def _apart(where: str, document: Any, table: Any) -> Iterator[str]:
    if isinstance(document, dict) and isinstance(table, dict):
        for name in sorted({*document, *table}):
            yield from _apart(f"{where}.{name}", document.get(name), table.get(name))
    elif _ordered(document) != _ordered(table):
        yield f"{where}: {document} in the document, {table} in the table"


def _ordered(part: Any) -> Any:
    return sorted(json.dumps(one, sort_keys=True) for one in part) if isinstance(part, list) else part


def main(file: str) -> int:
    """The number of differences, capped at 1."""
    table = Table(FILE.read_text("utf-8"), seen=False)
    found = list(differences(json.loads(Path(file).read_text("utf-8")), table))
    print("\n".join(found) or f"{len(table.operations)} operations agree with {file}")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
