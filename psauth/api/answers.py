"""Answers: what belongs into an answer that says yes, and whether it is there."""

from __future__ import annotations

from typing import Any, Final, Literal

import requests

from psauth.api.errors import path_of, wrong_address
from psauth.auth.wrong_address import foreign_success, is_web_page
from psauth.exceptions import ApiError
from psauth.json_text import NotJson, parse_json
from psauth.words import printable

Content = Literal["object", "any", "nothing", "change", "fields", "record"]
"""What belongs into an answer: a JSON object, or with "any" whatever JSON. Of a write also nothing, and more exactly:

"nothing" at all; "record" an object that names its id; "change" the same, or 204 with nothing; "fields" an object with
form fields or without content, or 204 with nothing.
"""
READ: Final = (200,)
WRITTEN: Final = (200, 201, 204)
"""202 says that it may be done later, 205 and 206 answer what psauth never asks, 203 is a proxy's own words."""
BLANK: Final[dict[Content, tuple[int, ...]]] = {"record": (), "change": (204,), "fields": (204,)}
"""With which status a write may be answered with nothing, where that is not each of WRITTEN."""
TEXT: Final = "text/markdown"
"""The one type beside JSON that a documented path answers with."""


class BrokenAnswer(ApiError):
    """The service said yes, but what came is no whole JSON: an accident on the way, so it is asked for again."""


class OddAnswer(ApiError):
    """What came is whole, but says neither yes nor no, or lacks what belongs there."""


def value_of(answer: requests.Response, *, asked: str, content: Content, writes: bool, remedy: str) -> Any:
    """What an answer holds that is neither a refusal (4xx) nor a failure (5xx); None for a write without more to say.

    `asked` is the address that was asked, before redirects; `remedy` is what to type where the address is wrong. Raises
    WrongAddress for what no Process Street API answers, OddAnswer for a status that says neither yes nor no and for JSON
    in which something lacks, and BrokenAnswer for JSON that was damaged on the way.
    """
    status, body = answer.status_code, answer.content
    expected = WRITTEN if writes else READ
    if writes and not body.strip() and status in BLANK.get(content, WRITTEN):
        return None
    kind = answer.headers.get("Content-Type", "")
    if status in expected and not writes and kind.startswith(TEXT) and not is_web_page(body):
        return _json_or_text(body)
    try:
        value, broken = parse_json(body), None
    except NotJson as error:
        value, broken = None, str(error)
    fits = broken is None and (isinstance(value, dict) or (content == "any" and not writes))
    lacking = _lacks(value, content) if fits and writes else None
    if status in expected and fits and lacking is None:
        return value
    if what := foreign_success(body):
        raise wrong_address(answer, asked, what, remedy)
    said = f"{path_of(answer)} answered {status}"
    advice = "Try again; if it stays, check the API address."
    if status not in expected:
        yes = " or ".join(map(str, expected))
        why = f"says neither that it was done nor that it was not: {yes} was expected"
        raise OddAnswer(f"{said}, which {why}. {advice}", status=status)
    if broken is None:
        raise OddAnswer(f"{said} with JSON {lacking or 'that is no object'}. {advice}", status=status)
    named = printable(kind.partition(";")[0], longest=60) or "no type"
    raise BrokenAnswer(
        f"{said} with {len(body)} bytes of {named} that are not whole JSON: {broken}. {advice}", status=status
    )


def _lacks(value: dict[str, Any], content: Content) -> str | None:
    """What keeps the answer to a write from saying that it was done, as a clause; None when nothing does."""
    if value.get("error") or value.get("errorCode") or value.get("errors"):
        return "in which an error stands"
    if content == "nothing":
        return "where nothing was expected"
    if content == "fields":
        return None if not value or isinstance(value.get("fields"), list) else "in which no fields stand"
    if content == "object":
        return None
    record_id = value.get("id")
    return None if isinstance(record_id, str) and record_id.strip() else "in which no id stands"


def _json_or_text(body: bytes) -> Any:
    """A page as text; where the service wraps it in JSON, the object."""
    try:
        value = parse_json(body)
    except NotJson:
        value = None
    return value if isinstance(value, dict) else body.decode("utf-8", "replace")
