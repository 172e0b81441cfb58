"""Errors: what an answer means, as a value or as the error that it is, in the service's own words."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

import requests

from psauth.auth.network import Unanswered
from psauth.auth.wrong_address import described, foreign_refusal, says_nothing
from psauth.exceptions import (
    ApiError,
    NotFound,
    OutcomeUnknown,
    PermissionDenied,
    RateLimited,
    ServiceUnavailable,
    WrongAddress,
)
from psauth.json_text import NotJson, parse_json
from psauth.masks import Masks
from psauth.secret import Secret, door
from psauth.words import printable, times

LARGEST_REASON: Final = 65_536
"""Bytes of an error that are read for the service's own words; no service says so much."""
LONGEST_CODE: Final = 200


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
        reason = printable(answer.reason or "", longest=60)
        return wrong_address(answer, asked, f"{what} ({reason})" if reason else what, remedy)
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
    shown = f"{path_of(answer)} answered {status}: {message}{f' ({more})' if more else ''}"
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
        when = f"in {retry_after:.0f} seconds" if retry_after is not None and retry_after >= 1 else "in some minutes"
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


def outcome_unknown(method: str, address: str, problem: ApiError, *, attempt: int) -> OutcomeUnknown:
    """The error for a write of which no clear answer came, after so many attempts."""
    again = "was not sent again" if attempt == 1 else f"was sent {times(attempt)}"
    return OutcomeUnknown(
        f"{method} {urlsplit(address).path}: nobody knows whether it was written, because no clear answer "
        f"came ({problem}) It {again}. Look before you write once more.",
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
    """`error`, `errorCode`, `requestId` and `details` of an error answer; some are text/plain, some hold `error` only.

    What they repeat of the request's credential is hidden.
    """
    masks = masks_of(answer.request)
    reason = answer.reason or ""
    content = answer.content if len(answer.content) <= LARGEST_REASON else b""
    try:
        body = masks.value(parse_json(content, odd_numbers=True))
    except NotJson:
        body = None
    if isinstance(body, dict):
        message = body.get("error") or body.get("message") or masks.text(reason)
        code, request_id = (_short(body.get(name)) for name in ("errorCode", "requestId"))
        return printable(str(message)).rstrip("."), code, request_id, body.get("details")
    is_text = answer.headers.get("Content-Type", "").startswith("text/plain")
    message = (content.decode("utf-8", "replace") if is_text else "") or reason
    return printable(masks.text(message)).rstrip(".") or "no reason", None, None, None


@door
def masks_of(request: requests.PreparedRequest) -> Masks:
    """The credentials that were sent, and must not come back in an error's words."""
    sent = [str(request.headers.get(name, "")) for name in ("Authorization", "X-API-Key", "Cookie")]
    return Masks(Secret(sent[0].partition(" ")[2]), *map(Secret, sent))


def hide(error: ApiError, masks: Masks) -> ApiError:
    """The same error, and nothing in it repeats a secret: neither its message nor its fields.

    It is given on as a value, so it leaves its frames behind, and the answer in them.
    """
    error.args = (masks.text(str(error)),)
    error.code, error.request_id = (text and masks.text(text) for text in (error.code, error.request_id))
    error.details = masks.value(error.details)
    return error.with_traceback(None)


def _short(value: Any) -> str | None:
    """A code or an id as the service gives it, fit for a line."""
    return None if value is None else printable(str(value), longest=LONGEST_CODE)


def path_of(answer: requests.Response) -> str:
    """The path that was asked last, which a redirect may have named."""
    return printable(urlsplit(answer.url).path)
