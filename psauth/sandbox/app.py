"""The sandbox as one Starlette application, alone on a port or mounted under a prefix."""

from __future__ import annotations

import threading

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from psauth.sandbox.api.api import PREFIXES, Api
from psauth.sandbox.api.meter import Meter
from psauth.sandbox.company.company import Company
from psauth.sandbox.knobs import Knobs
from psauth.sandbox.oauth import consent_html
from psauth.sandbox.oauth.authority import Answer, Authority
from psauth.sandbox.oauth.consent import Consent
from psauth.sandbox.oauth.grants import Grants
from psauth.sandbox.traffic import BODY, RequestLog, Traffic, Wires

_EVERY_METHOD = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def create_app(
    *,
    company: Company | None = None,
    knobs: Knobs | None = None,
    grants: Grants | None = None,
    log: RequestLog | None = None,
    wires: Wires | None = None,
    alone: bool = False,
) -> Starlette:
    """The stand-in for Process Street, ready to be mounted anywhere: it finds its own address in each request.

    Making it costs nothing: the company is drawn at the first request. Everything left out is made with defaults.
    `alone`: the event loop serves nothing else, so that the API may hold it up, and need not go through a thread.
    """
    knobs = knobs or (company.knobs if company else Knobs())
    grants = grants or Grants()
    company = company or Company(anchor=grants.born, clock=grants.clock)
    company.knobs = knobs  # one set for both
    meter = Meter(knobs, grants.clock)
    consent = Consent(company)
    api = Api(company, knobs, grants, meter)

    log = RequestLog() if log is None else log  # an empty log is false
    wires = wires or Wires()

    def authority(request: Request) -> Authority:
        wires.workers.add(threading.current_thread())
        return Authority(_address(request), grants, knobs, company.staff.by_id)

    def front(request: Request) -> Response:
        page = consent_html.front(company.name, authority(request).issuer, budget=knobs.budget, window=knobs.window)
        return HTMLResponse(page)

    def workflow(request: Request) -> Response:
        template = company.template(request.path_params["id"])
        if template is None:
            raise HTTPException(404)
        rows = [(step.name, step.role) for step in template.blueprint.steps]
        return HTMLResponse(consent_html.record(template.blueprint.name, template.blueprint.about or "Workflow", rows))

    def run(request: Request) -> Response:
        shown = company.run(request.path_params["id"])
        if shown is None:
            raise HTTPException(404)
        names = [step.name for step in shown.template.blueprint.steps]
        rows = [(names[task.at], "done" if task.completed else "open") for task in shown.tasks if not task.hidden]
        about = f"{shown.template.blueprint.name}, {shown.status}"
        return HTMLResponse(consent_html.record(shown.name or "Unnamed run", about, rows))

    def authorize(request: Request) -> Response:
        if request.method == "POST":
            return consent.answer(request, authority(request), request.scope[BODY])
        return consent.ask(request, authority(request))

    def token(request: Request) -> Response:
        return _plain(authority(request).token(request.scope[BODY], request.headers))

    def revoke(request: Request) -> Response:
        return _plain(authority(request).revoke(request.scope[BODY], request.headers))

    def metadata(request: Request) -> Response:
        return JSONResponse(authority(request).metadata())

    def answer(request: Request) -> Response:
        # Starlette would take `api` itself, an object, for an ASGI application; a function it calls in a thread.
        wires.workers.add(threading.current_thread())
        return api(request)

    async def answer_at_once(request: Request) -> Response:
        return api(request)

    # Plain functions: Starlette runs them in its thread pool, so none of them holds up the event loop.
    routes = [
        Route("/", front),
        Route("/app/workflows/{id}", workflow),
        Route("/app/runs/{id}", run),
        Route("/oauth/authorize", authorize, methods=["GET", "POST"]),
        Route("/oauth/token", token, methods=["POST"]),
        Route("/oauth/revoke", revoke, methods=["POST"]),
        Route("/.well-known/oauth-authorization-server", metadata),
        Route("/.well-known/openid-configuration", metadata),
        *(
            Route(f"{prefix}/{{path:path}}", answer_at_once if alone else answer, methods=_EVERY_METHOD)
            for prefix in PREFIXES
        ),
    ]
    app = Starlette(
        routes=routes,
        middleware=[Middleware(Traffic, knobs=knobs, log=log, wires=wires)],
        exception_handlers={HTTPException: _lost, OSError: _not_kept},
    )
    app.state.knobs, app.state.grants, app.state.company, app.state.requests = knobs, grants, company, log
    return app


def _address(request: Request) -> str:
    # Not `request.base_url`: that one leaves out the prefix of a mounted application.
    return f"{request.url.scheme}://{request.url.netloc}{request.scope.get('root_path', '')}".rstrip("/")


def _plain(answer: Answer) -> Response:
    response = Response(answer.body, answer.status)
    response.headers.update(answer.headers)
    response.headers["Cache-Control"] = "no-store"
    return response


def _lost(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 404:
        text, code = f"The sandbox knows no {request.method} {request.url.path}", "NotFound"
    else:
        text, code = f"{request.method} is not allowed here", "MethodNotAllowed"
    headers = error.headers if isinstance(error, HTTPException) else None
    return JSONResponse({"error": text, "errorCode": code}, status, headers=headers)


def _not_kept(_: Request, error: Exception) -> Response:
    """For a full or read-only disk: what should have been remembered was not."""
    why = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
    return JSONResponse(
        {"error": f"The sandbox's memory cannot be written ({why})", "errorCode": "ServiceUnavailable"}, 503
    )
