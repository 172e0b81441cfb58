"""Retrying: what follows an attempt, by one rule without clock, chance or network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import requests

from psauth.api.answers import BrokenAnswer, Content, OddAnswer, value_of
from psauth.api.budget import retry_after
from psauth.api.errors import error_of, hide, masks_of, no_answer, outcome_unknown
from psauth.api.pace import PATIENCE
from psauth.auth.network import Overrun, Unanswered
from psauth.exceptions import ApiError, RateLimited, WrongAddress
from psauth.words import lasting

ATTEMPTS: Final = 6
"""A GET is tried this often over network errors and 5xx; what fails six times over some eight seconds is down."""
LONG_READ_ATTEMPTS: Final = 8
"""In a long read one unlucky page must not cost the rest: a fault in every fifth answer is survived by thousands."""
BACKOFF = 0.25
"""Seconds before the second attempt; doubled each time."""
LONGEST_DOUBLING: Final = 5
"""The pause is doubled so often at most: 8 seconds."""
SLOW_ATTEMPTS: Final = 2
"""A read that took all of its time is tried once more; a person has waited for two minutes then."""
LONGEST_WAIT: Final = 2 * 3600.0
"""Seconds that a long read waits after one 429. The service counts by the hour; who asks for much more means no budget."""
LONGEST_REFUSAL: Final = 3 * 3600.0
"""Seconds after which a long read that got nothing but 429 ends."""
REFUSALS: Final = 8
"""So many times in a row a long read waits as long as the service says; then the service does not mean what it says."""
SILENT_REFUSALS: Final = 14
"""The same where it does not say how long: the pauses come to more than the hour by which it counts."""

Params = Mapping[str, Any] | Sequence[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to ask, and how.

    `repeatable`: asking twice does the same as asking once. `background`: part of a long read, which waits as long as it
    takes. `known`: the API has answered this client before, so that something else there is an accident on the way, and
    no wrong address. `content` is what belongs into its answer. `if_silent` and `if_wrong` are what to advise where nobody
    answers, or somebody else.
    """

    method: str
    address: str
    params: Params | None = None
    body: Any = None
    repeatable: bool = False
    background: bool = False
    known: bool = False
    content: Content = "object"
    if_silent: str = "Check the network and try again."
    if_wrong: str = "check the API address"


@dataclass(frozen=True, kw_only=True)
class Refusals:
    """How often everybody who shares the budget was held back by a 429 since the last other answer, and for how long."""

    count: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Return:
    """The attempt brought this value."""

    value: Any


@dataclass(frozen=True)
class Raise:
    """It failed, and another attempt is of no use, or not safe."""

    error: ApiError


@dataclass(frozen=True, kw_only=True)
class Again:
    """Try again: after about `pause` seconds, which should be spread, and not before `at_least` seconds.

    `everybody`: nobody who shares the budget may ask before. `counts`: this was one of the attempts that a request has.
    `why` is the error that the attempt alone would mean.
    """

    why: ApiError
    pause: float = 0.0
    at_least: float = 0.0
    everybody: bool = False
    counts: bool = True


Step = Return | Raise | Again


def decide(
    attempt: int, outcome: requests.Response | Unanswered, request: Request, refusals: Refusals = Refusals()
) -> Step:
    """What follows the attempt with this number (from 1), of which came an answer or none; `refusals` came before it.

    Network errors, 5xx and answers that are no whole JSON are tried again with growing pauses, where that cannot write
    twice: the request is repeatable, or was never sent. After a 429 everybody waits as the service says, longer each time
    where that does not help, and not without end.
    """
    if isinstance(outcome, Unanswered):
        problem: ApiError = no_answer(outcome, request.address, attempt=attempt, remedy=request.if_silent)
        safe = request.repeatable or not outcome.sent
        slow = isinstance(outcome, Overrun) and attempt >= SLOW_ATTEMPTS
        return _again(attempt, request, problem, safe=safe, useful=outcome.passing and not slow, sent=outcome.sent)
    if not 400 <= outcome.status_code < 600:
        return _success(attempt, outcome, request)
    seconds = retry_after(outcome.headers)
    problem = hide(
        error_of(outcome, asked=request.address, retry_after=seconds, attempt=attempt, remedy=request.if_wrong),
        masks_of(outcome.request),
    )
    if outcome.status_code == requests.codes.too_many_requests:
        return _after_refusal(attempt, request, problem, seconds, refusals)
    if outcome.status_code < 500:
        return Raise(problem)
    useful = (seconds or 0.0) <= PATIENCE
    return _again(attempt, request, problem, safe=request.repeatable, useful=useful, at_least=seconds or 0.0)


def _after_refusal(
    attempt: int, request: Request, problem: ApiError, seconds: float | None, refusals: Refusals
) -> Step:
    """What follows a 429 that asks to wait for so many seconds (None: it does not say)."""
    before = refusals.count if request.background else max(attempt - 1, refusals.count)
    wait = BACKOFF * 2 ** (before + 1) if seconds is None else max(seconds, BACKOFF * 2**before)
    if not request.background:
        if wait > PATIENCE or attempt >= _attempts(request):
            return Raise(problem)
        return Again(why=problem, at_least=wait, everybody=True)
    most = SILENT_REFUSALS if seconds is None else REFUSALS
    if wait > LONGEST_WAIT:
        return Raise(_rate_limited(problem, f"That is longer than psauth waits by itself ({lasting(LONGEST_WAIT)})."))
    if refusals.count + 1 >= most or refusals.seconds + wait > LONGEST_REFUSAL:
        over = lasting(refusals.seconds)
        why = f"It was refused {refusals.count + 1} times in a row, over {over}, though psauth waited as long as it was told."
        return Raise(_rate_limited(problem, f"{why} Try again in an hour, or ask who else uses this budget."))
    return Again(why=problem, at_least=wait, everybody=True, counts=False)


def _rate_limited(problem: ApiError, why: str) -> RateLimited:
    """The same error with a sentence more."""
    return RateLimited(
        f"{problem} {why}",
        status=problem.status,
        code=problem.code,
        request_id=problem.request_id,
        details=problem.details,
        retry_after=problem.retry_after,
    )


def _success(attempt: int, answer: requests.Response, request: Request) -> Step:
    writes = request.method != "GET"
    content: Content = "any" if request.known and not writes else request.content
    try:
        value = value_of(answer, asked=request.address, content=content, writes=writes, remedy=request.if_wrong)
        return Return(value)
    except (BrokenAnswer, OddAnswer, WrongAddress) as error:
        useful = request.known or isinstance(error, BrokenAnswer)
        problem = hide(error, masks_of(answer.request))
        return _again(attempt, request, problem, safe=request.repeatable, useful=useful)


def _again(
    attempt: int,
    request: Request,
    problem: ApiError,
    *,
    safe: bool,
    useful: bool,
    at_least: float = 0.0,
    sent: bool = True,
) -> Step:
    if safe and useful and attempt < _attempts(request):
        return Again(why=problem, pause=BACKOFF * 2 ** min(attempt - 1, LONGEST_DOUBLING), at_least=at_least)
    if request.method == "GET" or not sent:
        return Raise(problem)
    return Raise(outcome_unknown(request.method, request.address, problem, attempt=attempt))


def _attempts(request: Request) -> int:
    return LONG_READ_ATTEMPTS if request.background else ATTEMPTS
