"""Errors: what an answer means, as a value or as the error that it is, in the service's own words."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import requests

from psauth.auth.network import Unanswered
from psauth.auth.wrong_address import described, foreign_refusal, foreign_success, says_nothing
from psauth.exceptions import (
    ApiError,
    NotFound,
    OutcomeUnknown,
    PermissionDenied,
    RateLimited,
    ServiceUnavailable,
    WrongAddress,
)
from psauth.secret import Secret, door, masked
from psauth.words import printable, times

TEXT = "text/markdown"
"""The one type beside JSON that a documented path answers with."""


class BrokenAnswer(ApiError):
    """The service said yes, but what came is no whole JSON: an accident on the way, so it is asked for again."""


def value_of(answer: requests.Response, *, asked: str, any_json: bool, remedy: str) -> Any:
    """What a successful answer holds: a JSON object, or a text where the path is documented to answer with one.

    With `any_json` also a list, a number and so on. `asked` is the address that was asked, before redirects; `remedy` is what to type where the address is wrong. Raises
    WrongAddress for what no Process Street API answers, and BrokenAnswer for JSON that was damaged on the way.
    """
    try:
        value = json.loads(answer.content)
        if any_json or isinstance(value, dict):
            return value
    except (ValueError, RecursionError):  # no JSON, or brackets without end
        pass
    if answer.headers.get("Content-Type", "").startswith(TEXT):
        return answer.content.decode("utf-8", "replace")
    if what := foreign_success(answer.content):
        raise wrong_address(answer, asked, what, remedy)
    kind = answer.headers.get("Content-Type", "no type").split(";")[0]
    raise BrokenAnswer(
        f"{_path(answer)} answered {answer.status_code} with {len(answer.content)} bytes of {kind} that are not whole "
        "JSON. Try again; if it stays, check the API address.",
        status=answer.status_code,
    )


def error_of(
    answer: requests.Response, *, asked: str, retry_after: float | None, attempt: int, remedy: str
) -> ApiError:
    """The error for a status of 400 and above, in the service's own words where it has some.

    `asked` is the address that was asked, before redirects; `retry_after` is how many seconds the answer asks to wait, `attempt` counts from 1, `remedy` is what to type where
    the address is wrong.
    """
    status = answer.status_code
    refused = 400 <= status < 500 and status != requests.codes.too_many_requests
    if refused and (what := foreign_refusal(status, answer.content)):
        return wrong_address(answer, asked, f"{what} ({answer.reason})" if answer.reason else what, remedy)
    message, code, request_id, details = own_words(answer)
    fields: dict[str, Any] = {
        "status": status,
        "code": code,
        "request_id": request_id,
        "details": details,
        "retry_after": retry_after,
    }
    reasons = [f"{place}: {why}" for place, why in details.items()] if isinstance(details, dict) else []
    more = printable("; ".join(reason for reason in reasons if reason not in message), longest=500)
    shown = f"{_path(answer)} answered {status}: {message}{f' ({more})' if more else ''}"
    shown += f" (request {request_id})" if request_id else ""
    if status == requests.codes.not_found:
        hint = "Check the path and its ids, and that this connection may see it."
        if says_nothing(status, answer.content):
            address = urlsplit(asked)._replace(query="", fragment="").geturl()
            hint += f" Process Street's own answers say more, so {address} may be a wrong address: then {remedy}."
        return NotFound(f"{shown}. {hint}", **fields)
    if status in (requests.codes.payment_required, requests.codes.forbidden):
        return PermissionDenied(
            f"{shown}. The connection's scope, role or plan does not allow it: ask an "
            "administrator of the organisation, or connect as somebody who may.",
            **fields,
        )
    if status == requests.codes.too_many_requests:
        when = f"in {retry_after:.0f} seconds" if retry_after is not None else "in some minutes"
        return RateLimited(f"{shown}. The request budget is used up; try again {when}.", **fields)
    if status == requests.codes.network_authentication_required:
        hint = "The network wants you to sign in first: open any web page in a browser of this machine, and try again."
        return ServiceUnavailable(f"{shown}. {hint}", **fields)
    if status >= 500:
        return ServiceUnavailable(f"{shown}. It was tried {times(attempt)}; try again in a few minutes.", **fields)
    return ApiError(f"{shown}.", **fields)


def no_answer(fault: Unanswered, address: str, *, attempt: int, remedy: str) -> ServiceUnavailable:
    """The error for a request that nobody answered; `remedy` is a sentence for where only the network can be at fault."""
    parts = urlsplit(address)
    return ServiceUnavailable(f"{fault.about(parts.netloc, parts.path, attempts=attempt)}. {fault.remedy or remedy}")


def silence_remedy(base: str, *, kept: bool) -> str:
    """What to do where nobody answers at the API's address, as a sentence; `kept`: the connection is stored."""
    parts = urlsplit(base)
    if f"{parts.path}/".startswith("/sandbox/"):
        return (
            f"It is the sandbox of the psauth app at that address: start the app (make app) on port {parts.port}, or "
            "connect again."
        )
    return "Check the network and try again" + ("; the connection is kept." if kept else ".")


def outcome_unknown(method: str, address: str, problem: ApiError) -> OutcomeUnknown:
    """The error for a write of which no clear answer came."""
    return OutcomeUnknown(
        f"{method} {urlsplit(address).path}: nobody knows whether it was written, because no clear answer "
        f"came ({problem}) It was not sent again. Look before you write once more.",
        status=problem.status,
        code=problem.code,
        request_id=problem.request_id,
    )


def wrong_address(answer: requests.Response, asked: str, what: str, remedy: str) -> WrongAddress:
    """The error for an answer that shows that the API is elsewhere: `what` is a noun, `remedy` an imperative clause."""
    asked, answered = (urlsplit(url)._replace(query="", fragment="").geturl() for url in (asked, answer.url))
    address = asked if asked == answered else f"{asked} redirects to {answered}, which"
    status = answer.status_code
    return WrongAddress(f"{described(address, status, what)}: {remedy}.", status=status)


@door
def own_words(answer: requests.Response) -> tuple[str, str | None, str | None, Any]:
    """`error`, `errorCode`, `requestId` and `details` of an error answer; some are text/plain, some hold `error` only."""
    text = masked(answer.text, *_credentials(answer.request))
    try:
        body = json.loads(text)
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
    is_text = answer.headers.get("Content-Type", "").startswith("text/plain")
    message = (text if is_text else None) or answer.reason
    return printable(str(message or "")).rstrip(".") or "no reason", None, None, None


def _credentials(request: requests.PreparedRequest) -> list[str]:
    """What was sent and must not come back in an error's words."""
    bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return [Secret(bearer), Secret(request.headers.get("X-API-Key", ""))]


def _path(answer: requests.Response) -> str:
    return urlsplit(answer.url).path
