"""Answers: what the service said, as JSON or as the error that it means, in its own words."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import requests

from psauth.exceptions import ApiError, NotFound, PermissionDenied, RateLimited, ServiceUnavailable
from psauth.secret import Secret, masked
from psauth.words import printable, times


class BrokenAnswer(ApiError):
    """The service said yes, but what came is no whole JSON: asked for again, as it may be an accident of the way."""


def json_of(answer: requests.Response) -> Any:
    """What an answer holds; BrokenAnswer where that is no whole JSON."""
    try:
        return json.loads(answer.content)
    except (ValueError, RecursionError):  # no JSON, or brackets without end
        kind = answer.headers.get("Content-Type", "no type").split(";")[0]
        raise BrokenAnswer(
            f"{_path(answer)} answered {answer.status_code} with {len(answer.content)} bytes of {kind} that are not whole "
            "JSON. Try again; if it stays, check the API address.",
            status=answer.status_code,
        ) from None


def error_of(answer: requests.Response, told: float | None, attempt: int) -> ApiError:
    """The error for a status, in the service's own words where it has some."""
    message, code, request_id, details = said(answer)
    status = answer.status_code
    fields: dict[str, Any] = {
        "status": status,
        "code": code,
        "request_id": request_id,
        "details": details,
        "retry_after": told,
    }
    reasons = [f"{at}: {why}" for at, why in details.items()] if isinstance(details, dict) else []
    more = printable("; ".join(reason for reason in reasons if reason not in message), longest=500)
    shown = f"{_path(answer)} answered {status}: {message}{f' ({more})' if more else ''}"
    shown += f" (request {request_id})" if request_id else ""
    if status == requests.codes.not_found:
        return NotFound(f"{shown}. Check the path and its ids, and that this connection may see it.", **fields)
    if status in (requests.codes.payment_required, requests.codes.forbidden):
        return PermissionDenied(
            f"{shown}. The connection's scope, role or plan does not allow it: ask an "
            "administrator of the organisation, or connect as somebody who may.",
            **fields,
        )
    if status == requests.codes.too_many_requests:
        when = f"in {told:.0f} seconds" if told is not None else "in some minutes"
        return RateLimited(f"{shown}. The request budget is used up; try again {when}.", **fields)
    if status >= 500:
        return ServiceUnavailable(f"{shown}. It was tried {times(attempt)}; try again in a few minutes.", **fields)
    return ApiError(f"{shown}.", **fields)


def said(answer: requests.Response) -> tuple[str, str | None, str | None, Any]:
    """`error`, `errorCode`, `requestId` and `details` of an error answer; some are text/plain, some hold `error` only."""
    words = masked(answer.text, *_credentials(answer.request))
    try:
        body = json.loads(words)
    except (ValueError, RecursionError):
        body = None
    if isinstance(body, dict):
        message = body.get("error") or body.get("message") or answer.reason
        code, request_id = body.get("errorCode"), body.get("requestId")
        return (
            printable(str(message)).rstrip("."),
            str(code) if code is not None else None,
            str(request_id) if request_id is not None else None,
            body.get("details"),
        )
    text = words if answer.headers.get("Content-Type", "").startswith("text/plain") else answer.reason
    return printable(str(text or answer.reason)).rstrip(".") or "no reason given", None, None, None


def _credentials(request: requests.PreparedRequest) -> list[str]:
    """What was sent and must not come back in an error's words."""
    bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return [Secret(bearer), Secret(request.headers.get("X-API-Key", ""))]


def _path(answer: requests.Response) -> str:
    return urlsplit(answer.url).path
