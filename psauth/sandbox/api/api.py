"""The REST API: credential, budget, route, page, and the service's ways of saying no."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from psauth.sandbox.api.bodies import BadBody
from psauth.sandbox.api.calls import BadQuery, Call, Endpoint, Hidden, Invalid, Missing, Write
from psauth.sandbox.api.endpoints import ENDPOINTS
from psauth.sandbox.api.meter import Meter
from psauth.sandbox.api.paging import PAGE, BadCursor, Page, cut, next_link
from psauth.sandbox.api.records import link
from psauth.sandbox.api.writes import WRITES
from psauth.sandbox.company.company import Company
from psauth.sandbox.company.people import Person
from psauth.sandbox.knobs import Knobs
from psauth.sandbox.oauth.grants import Grants, digest
from psauth.sandbox.traffic import BODY

PREFIXES = ("/v1", "/api/v1.1")
MOST_BODY = 20_000_000  # bytes, the service's limit for a file to import
_CODES = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    413: "PayloadTooLarge",
    422: "Validation",
    429: "RateLimited",
    500: "InternalError",
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, by what credential; `account` is what the budget is counted on."""

    user: Person
    account: str
    scope: tuple[str, ...]


class Refused(Exception):
    """The answer is an error."""

    def __init__(self, status: int, text: str, *, bare: bool = False, **headers: str) -> None:
        super().__init__(text)
        self.status, self.text, self.bare = status, text, bare
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class Api:
    """Answers everything below one of `PREFIXES`."""

    def __init__(self, company: Company, knobs: Knobs, memory: Grants, meter: Meter) -> None:
        self._company, self._knobs, self._grants, self._meter = company, knobs, memory, meter

    def __call__(self, request: Request) -> Response:
        """One request, one answer; the budget headers stand on each."""
        host = request.client.host if request.client else ""
        caller: Caller | None = None
        refusal: Refused | None = None
        try:
            caller = self._caller(request)
        except Refused as error:
            refusal = error
        headers, fine = self._meter.spend(caller.account if caller else None, host)
        if not fine:
            refusal = Refused(429, "Too many requests")
        try:
            if refusal is not None:
                raise refusal
            assert caller is not None  # noqa: S101 # one of the two is set
            response = self._answer(request, caller)
        except Refused as error:
            response = _refuse(error)
        except Missing as error:
            response = _refuse(Refused(404, str(error)))
        except Hidden as error:
            no = "You have no access to it" if self._knobs.hidden_as == 403 else str(error)
            response = _refuse(Refused(self._knobs.hidden_as, no))
        except Invalid as error:
            response = _refuse(Refused(422, str(error)), error.details)
        except BadBody as error:
            response = PlainTextResponse(str(error), 400)
        except (BadQuery, BadCursor) as error:
            if getattr(error, "plain", True):
                text = str(error) if isinstance(error, BadQuery) else "Invalid value for: query parameter _"
                response = PlainTextResponse(text, 400)
            else:
                response = _refuse(Refused(400, str(error)))
        response.headers.update(headers)
        return response

    def _caller(self, request: Request) -> Caller:
        key = request.headers.get("x-api-key")
        if key is not None:
            if not self._grants.check_api_key(key):
                raise Refused(401, "Invalid API key")
            return Caller(self._company.staff.signers[0], "api-key", ("read", "write"))
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not token:
            raise Refused(401, "Authentication is required", www_authenticate="Bearer")
        kept = self._grants.find_token(token.strip())
        if kept is None or kept.kind != "access" or not self._grants.alive(kept):
            raise Refused(401, "The token is invalid or expired", www_authenticate='Bearer error="invalid_token"')
        user = self._company.staff.by_id.get(kept.user_id)
        if user is None:
            raise Refused(401, "The token's user is gone", www_authenticate='Bearer error="invalid_token"')
        # Counted on the consent, not on the token: a refresh does not fill the budget up again.
        return Caller(user, digest(kept.family), tuple(kept.scope.split()))

    def _answer(self, request: Request, caller: Caller) -> Response:
        path = "/" + request.path_params["path"]
        row, names = _row(request.method, path)
        need = "write" if isinstance(row, Write) else "read"
        if need not in caller.scope:
            raise Refused(403, f"The token's scope does not allow {'writing' if need == 'write' else 'reading'}")
        query = dict(parse_qsl(request.url.query, keep_blank_values=True))
        here = f"{request.url.scheme}://{request.url.netloc}{request.scope.get('root_path', '')}"
        call = Call(self._company, caller.user, names, query, app=f"{here}/app")
        if isinstance(row, Write):
            call = replace(call, body=_read(request, row))
        # One at a time: whoever reads sees all of a write or nothing of it.
        with self._company.lock:
            self._company.catch_up()
            if isinstance(row, Write):
                with self._company.changing():
                    result = row.answer(call)
                return Response(status_code=row.status) if result is None else _json(result, row.status)
            body = self._body(request, row, call)
            if row.kind == "application/json":
                return _json(body)
            return Response(body, headers={"Cache-Control": "no-cache"}, media_type=row.kind)

    def _body(self, request: Request, endpoint: Endpoint, call: Call) -> Any:
        result = endpoint.answer(call)
        if not endpoint.key:
            return result
        searching = endpoint.key == "workflowRuns"
        if not endpoint.paged or (searching and not self._knobs.search_paged):
            return {endpoint.key: [write() for write in result]}
        page = Page.read(call.query.get("_"))
        trailing = endpoint.trailing and self._knobs.empty_last_page
        size = self._knobs.search_page if searching else PAGE
        shown, following = cut(result, page, repeats=self._knobs.repeats, trailing=trailing, size=size)
        body: dict[str, Any] = {endpoint.key: [write() for write in shown], "links": []}
        if following is not None:
            filters = {n: v for wanted in endpoint.filters for n, v in call.query.items() if _is(n, wanted)}
            href = next_link(self._address(request), filters, following)
            body["links"].append(link("next", href, endpoint.rel))
        return body

    def _address(self, request: Request) -> str:
        # The service names a host of its own here, whatever name it was asked under.
        below = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
        if self._knobs.next_host is not None:
            return f"{self._knobs.next_host}{below}"
        return f"{request.url.scheme}://{request.url.netloc}{request.scope['path']}"


def _row(method: str, path: str) -> tuple[Endpoint | Write, dict[str, str]]:
    allowed = []
    rows: tuple[Endpoint | Write, ...] = (*ENDPOINTS, *WRITES)
    for row in rows:
        match = row.pattern.match(path)
        if match is None:
            continue
        its = row.method if isinstance(row, Write) else "GET"
        if its == ("GET" if method == "HEAD" else method):
            return row, match.groupdict()
        allowed.append(its)
    if allowed:
        raise Refused(405, f"{method} is not allowed here", bare=True, allow=", ".join(sorted(set(allowed))))
    raise Refused(404, f"The sandbox knows no {method} {path}")


def _is(name: str, wanted: str) -> bool:
    return name.startswith(wanted) if wanted.endswith("[") else name == wanted


def _read(request: Request, row: Write) -> Any:
    body: bytes = request.scope[BODY]
    if len(body) > MOST_BODY:
        raise Refused(413, "The body is too large")
    return row.read(body, request.headers.get("content-type", "")) if row.read else None


def _json(body: Any, status: int = 200) -> Response:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    # Half an emoji is no Unicode; a real service writes it as its code, and so does this.
    return Response(text.encode(errors="backslashreplace"), status, media_type="application/json")


def _refuse(error: Refused, details: dict[str, str] | None = None) -> Response:
    body: dict[str, Any] = {"error": error.text}
    if not error.bare:
        body |= {"errorCode": _CODES[error.status], "requestId": str(uuid.uuid4())}
    if details:
        body["details"] = details
    response = _json(body, error.status)
    response.headers.update(error.headers)
    return response
