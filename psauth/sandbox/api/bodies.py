"""What may stand in the body of a write: declared shapes, and a refusal that names the place of what does not fit."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

# Takes a value and the path it stands at; returns what it means or raises BadBody.
Reader = Callable[[Any, str], Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# The years 1000 to 9999 in UTC, so that every moment can be written back in four digits.
_OLDEST = (datetime(1000, 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(milliseconds=1)
_LATEST = (datetime(9999, 12, 31, tzinfo=UTC) - _EPOCH) // timedelta(milliseconds=1)
_GREATEST = int(sys.float_info.max)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
# A calendar date, or a moment with its offset: without one nobody knows when it is.
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?", re.ASCII)


class BadBody(ValueError):
    """The body is not of the documented shape: 400 in plain text."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"Invalid value for: body ({reason})")


class PastDueDate(BadBody):
    """A due date that is past: 400 in plain text, which gives no reason."""

    def __init__(self) -> None:
        ValueError.__init__(self, "Bad request")


def _refuse(expected: str, got: Any, at: str) -> NoReturn:
    kinds = {type(None): "null", bool: "boolean", int: "number", float: "number", str: "string", list: "array"}
    raise BadBody(f"expected {expected}, got {kinds.get(type(got), 'object')} at '{at}'")


def when(text: str) -> int:
    """Milliseconds since 1970 of an ISO-8601 moment or date; raises ValueError."""
    if not _MOMENT.fullmatch(text):
        raise ValueError("not an ISO-8601 date")
    moment = datetime.fromisoformat(text)
    milliseconds = ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH) // timedelta(milliseconds=1)
    if not _OLDEST <= milliseconds <= _LATEST:
        raise ValueError("not a date of this age")
    return milliseconds


def decimal(text: str) -> float:
    """What a decimal number is worth; raises ValueError for other texts, and for what no float can hold."""
    if not _NUMBER.fullmatch(text):
        raise ValueError("not a number")
    return _finite(text)


def text(value: Any, at: str) -> str:
    """Any text that can be written as UTF-8."""
    if not isinstance(value, str):
        _refuse("string", value, at)
    if any("\ud800" <= c <= "\udfff" for c in value):
        raise BadBody(f"half a surrogate pair at '{at}'")
    return value


def name(value: Any, at: str) -> str:
    """Text of at least one character."""
    if not text(value, at):
        raise BadBody(f"expected at least 1 character at '{at}'")
    return str(value)


def flag(value: Any, at: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        _refuse("boolean", value, at)
    return value


def moment(value: Any, at: str) -> int:
    """A date-time, as milliseconds since 1970."""
    try:
        return when(text(value, at))
    except BadBody:
        raise
    except ValueError as error:
        raise BadBody(f"expected an ISO-8601 date-time at '{at}'") from error


def scalar(value: Any, at: str) -> str | float | None:
    """Null, a number or text."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _GREATEST:
        raise BadBody(f"too large a number at '{at}'")
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    if not isinstance(value, str):
        _refuse("null, number or string", value, at)
    return text(value, at)


def choice(*allowed: str) -> Reader:
    """One of these words."""

    def read(value: Any, at: str) -> str:
        if text(value, at) not in allowed:
            raise BadBody(f"expected one of {', '.join(allowed)} at '{at}'")
        return str(value)

    return read


def many(reader: Reader, *, least: int = 0) -> Reader:
    """An array."""

    def read(value: Any, at: str) -> list[Any]:
        if not isinstance(value, list):
            _refuse("array", value, at)
        if len(value) < least:
            raise BadBody(f"expected at least {least} at '{at}'")
        return [reader(item, f"{at}[{number}]") for number, item in enumerate(value)]

    return read


@dataclass(frozen=True, slots=True)
class Shape:
    """An object: keys it must have, and keys it may have, null there meaning absent. Others are overlooked."""

    must: Mapping[str, Reader] = field(default_factory=dict)
    may: Mapping[str, Reader] = field(default_factory=dict)

    def __call__(self, value: Any, at: str = "") -> dict[str, Any]:
        """The object with what its values mean; only keys that were given."""
        if not isinstance(value, dict):
            _refuse("object", value, at)
        body = {}
        for key, reader in self.must.items():
            if key not in value:
                raise BadBody(f"missing at '{_below(at, key)}'")
            body[key] = reader(value[key], _below(at, key))
        for key, reader in self.may.items():
            if value.get(key) is not None:
                body[key] = reader(value[key], _below(at, key))
        return body

    def read(self, body: bytes, _kind: str) -> dict[str, Any]:
        """The same of a JSON text."""
        return self(_parse(body))


def _below(at: str, key: str) -> str:
    return f"{at}.{key}" if at else key


def _parse(body: bytes) -> Any:
    try:
        return json.loads(body.decode(), parse_constant=_no_number, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise BadBody("not JSON") from error


def _no_number(word: str) -> NoReturn:
    raise ValueError(word)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number
