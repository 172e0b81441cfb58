"""The service's OpenAPI document as validators."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

CONTRACT = Path(__file__).parents[3] / "shared" / "contract" / "process-street-openapi-v1.1.json"


def closed(schema: Any) -> Any:
    """The schema with every object closed, so that a key the service does not know is found."""
    if isinstance(schema, dict):
        made = {name: closed(part) for name, part in schema.items()}
        if "properties" in made and "additionalProperties" not in made:
            made["additionalProperties"] = False
        return made
    return [closed(part) for part in schema] if isinstance(schema, list) else schema


def answer_of(contract: dict[str, Any], method: str, path: str, status: int | str) -> Draft202012Validator | None:
    """What an answer must look like; None where the document has no JSON there."""
    content = contract["paths"][path][method]["responses"][str(status)].get("content", {})
    return _validator(contract, content.get("application/json", {}).get("schema"))


def body_of(contract: dict[str, Any], method: str, path: str) -> Draft202012Validator | None:
    """What a request's body must look like; None where the document wants no JSON."""
    content = contract["paths"][path][method].get("requestBody", {}).get("content", {})
    return _validator(contract, content.get("application/json", {}).get("schema"))


def _validator(contract: dict[str, Any], schema: dict[str, Any] | None) -> Draft202012Validator | None:
    if schema is None:
        return None
    parts = {"schemas": closed(contract["components"]["schemas"])}
    # Undocumented, but seen: the search carries links when it is paged.
    parts["schemas"]["ListWorkflowRunsResponse"]["properties"]["links"] = {"type": "array"}
    # In its words about retries, not in its schema.
    parts["schemas"]["CreateWorkflowRunRequest"]["properties"]["referenceId"] = {"type": "string"}
    whole = {**copy.deepcopy(schema), "components": parts}
    return Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER)
