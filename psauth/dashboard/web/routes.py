"""Routes beside the pages: /connect begins an authorization, the callback ends it before Streamlit sees it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlencode, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from psauth.addresses import is_loopback
from psauth.auth.browser import APP_MARK, app_mark
from psauth.auth.entrance import PARAMETER
from psauth.auth.flow import AuthorizationFlow, is_path_here
from psauth.connecting import Login, find_login, port_mismatch, store_api_key
from psauth.dashboard.web.account import account_of
from psauth.dashboard.web.cookies import accept_long_lines, new_value
from psauth.dashboard.web.guard import UNKEPT, Guard
from psauth.dashboard.web.html import page, passage
from psauth.dashboard.web.label import labels
from psauth.dashboard.web.notices import ALLOW_COOKIES, CONNECTED, UNTRIED, Notice, notices, place_of, refused
from psauth.dashboard.web.paths import CONNECT, SERVED, is_callback, is_page
from psauth.dashboard.web.target import (
    SANDBOX_PATH,
    find_target,
    is_sandbox,
    leave_out_unreadable_secrets,
    sandbox_grants,
    sandbox_settings,
)
from psauth.dashboard.web.timers import let_timers_wait
from psauth.exceptions import BrowserMismatch, PsauthError, SettingsError
from psauth.sandbox import Company, Knobs, create_app
from psauth.secret import SecretBytes
from psauth.settings import Settings
from psauth.vault.connection import Connection
from psauth.vault.service import Service
from psauth.vault.vault import Vault

log = logging.getLogger(__name__)

NOTICE: Final = "/notice"
"""Where a browser comes first when there is something to tell it."""
SHOWN: Final = "/shown"
"""Where it goes on from there, to the page that shows it."""
OF: Final = "of"
"""The parameter of both that names the notice."""
SEVERAL: Final = 4
"""Names of one browser that are tried at most."""
KEY_PATIENCE: Final = 0.7
"""Seconds in which the service may refuse an API key before it is stored; a person waits for the next page meanwhile."""


def routes() -> list[BaseRoute]:
    """What `st.App` serves beside the pages."""
    return [
        Route(CONNECT, connect, methods=["GET"]),
        Route(NOTICE, notice, methods=["GET"]),
        Route(SHOWN, shown, methods=["GET"]),
        Route("/workflows", lambda _: RedirectResponse("/", status_code=307)),  # the first page, by its natural name
        Route(APP_MARK, mark, methods=["GET"]),
        Mount(SANDBOX_PATH, _sandbox()),
    ]


async def mark(_: Request) -> Response:
    """Say to a `psauth login` of this machine that this is psauth's app, and which vault it has."""
    try:
        return JSONResponse(await run_in_threadpool(lambda: app_mark(Vault.open(find_target().settings))))
    except Exception as error:  # noqa: BLE001 - a false setting, a vault that cannot be opened: the pages say which
        return JSONResponse({"app": "psauth", "error": type(error).__name__}, status_code=503)


async def connect(request: Request) -> Response:
    """Begin an authorization and send the browser to the consent page, in the same tab."""
    return await run_in_threadpool(_connect, request)


def _connect(request: Request) -> Response:
    base_url = f"{request.url.scheme}://{request.url.netloc}"
    browser = request.scope["psauth.browser"]
    return_to = request.query_params.get("return_to")
    try:
        account = account_of(browser)
        target = find_target()
        settings = target.settings
        vault = Vault.open(settings)
        way = _find_login(settings, vault, account)
        if way is not None and way.kind == "api_key":
            at = Service.for_api_key(settings)
            connection = store_api_key(settings.api_key, at, vault, account, patience=KEY_PATIENCE)
            labels.learn(connection, vault)
            return _tell(UNTRIED if connection.untried else CONNECTED, return_to)
        if way is None and target.sandbox:
            settings = sandbox_settings(settings, base_url)
        service = way.service if way is not None else None
        redirect_uri = _redirect_uri((service and service.redirect_uri) or settings.redirect_uri, base_url)
        if (elsewhere := _same_app_elsewhere(request, redirect_uri)) is not None:
            return RedirectResponse(elsewhere, status_code=302)
        started = AuthorizationFlow(settings, vault).begin(
            account, browser=browser, return_to=_path(return_to), redirect_uri=redirect_uri, service=service
        )
    except Exception as error:  # noqa: BLE001 - a page of its own for whatever it is, never a bare 500
        return _tell(_refused(error), return_to)
    return RedirectResponse(started.url, status_code=302, headers=UNKEPT)


def _tell(news: Notice, return_to: str | None) -> Response:
    """Go on to the page that shows the news, by way of `NOTICE` and `SHOWN`.

    Not at once: the page that the browser is leaving lives on until it has an answer, and may begin a session of
    Streamlit's meanwhile. That one would take the notice, and the page that follows show nothing. Where it leads stands in
    no address: what another site had written into it would be followed as if this app had said it.
    """
    once = new_value()
    notices.send(once, news, _path(return_to) or "/")
    return _to(f"{NOTICE}?{urlencode({OF: once})}")


async def notice(request: Request) -> Response:
    """A page that puts an end to the one before it, and leads on; where there is no cookie, the notice itself."""
    once = request.query_params.get(OF)
    if request.scope["psauth.browsers_sent"]:
        return HTMLResponse(passage(f"{SHOWN}?{urlencode({OF: once or ''})}"), headers=UNKEPT)
    news, return_to = notices.arrive(once)
    if news is None or news.connected:
        return _to(return_to)
    return HTMLResponse(page(news.title, news.text, ALLOW_COOKIES), headers=UNKEPT)


async def shown(request: Request) -> Response:
    """Leave the notice for this browser's next page, which this leads to."""
    news, return_to = notices.arrive(request.query_params.get(OF))
    if news is not None:
        notices.leave(request.scope["psauth.browser"], news)
    return _to(return_to)


def _find_login(settings: Settings, vault: Vault, account: str) -> Login | None:
    """How to connect the account; None for an app without settings, whose service is the sandbox inside it."""
    before = vault.find(account)
    if before is not None and is_sandbox(before.service.api_url):
        before = None  # the port of the app, and so the sandbox's address, may be another one now
    return find_login(settings, before)


def _redirect_uri(configured: str, base_url: str) -> str:
    """The redirect URI; a bare loopback one means whatever port this app has (RFC 8252 §7.3), under its own name."""
    parts = urlsplit(configured)
    if parts.scheme == "http" and parts.port is None and is_loopback(parts.hostname):
        return parts._replace(netloc=f"{parts.netloc}:{urlsplit(base_url).port or 80}", path=parts.path or "/").geturl()
    return configured


def _refused(error: Exception, *, knows_browser: bool = True) -> Notice:
    if isinstance(error, PsauthError):
        return refused(error, knows_browser=knows_browser)
    where = place_of(error)
    log.error("unexpected %s at %s", type(error).__name__, where)
    return Notice(
        connected=False,
        title="Something went wrong here",
        text="That is a fault of this app or its disk, not yours. Try Connect again.",
        detail=f"{type(error).__name__} at {where}",
    )


def _same_app_elsewhere(request: Request, redirect_uri: str) -> str | None:
    """This app's address under the redirect URI's name, when the person came by another (127.0.0.1 for localhost).

    The cookie that names the browser belongs to one host name; the callback will come to the redirect URI's. Raises
    SettingsError when it would come to another port, where this app is not.
    """
    redirect = urlsplit(redirect_uri)
    here = request.url
    if not is_loopback(redirect.hostname):
        return None
    if (mismatch := port_mismatch(redirect_uri, here.port or 80)) is not None:
        raise SettingsError(mismatch)
    if redirect.hostname == here.hostname:
        return None
    # The cookies of this name are not sent to the other one, so the token goes along once more.
    query = urlencode([*request.query_params.multi_items(), (PARAMETER, request.scope["psauth.start"].token)])
    return f"{redirect.scheme}://{redirect.netloc}{CONNECT}?{query}"


class CallbackTaker:
    """ASGI middleware that takes the callback off any path and answers 303 to a clean address.

    So the code never stands in the browser's history, and no rerun of a script can spend it twice. What came of it
    waits in the notices for the page that follows.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not is_callback(scope):
            await self._app(scope, receive, send)
            return
        scope["query_string"] = SecretBytes(scope["query_string"])  # the code is in it, and the scope in many frames
        answer = await run_in_threadpool(_finish if scope["psauth.started"] else _finish_for_terminal, scope)
        await answer(scope, receive, send)


class Signpost:
    """ASGI middleware that leads from a page that is nowhere to the first one.

    Pages have one name each; below a second `/` Streamlit's page would look for its own files there, and stay white.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        lost = scope["type"] == "http" and scope["path"].count("/") > 1 and not scope["path"].startswith(SERVED)
        if lost and is_page(Headers(scope=scope), scope):
            await RedirectResponse("/", status_code=307)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _finish(scope: Scope) -> Response:
    query, browsers = scope["query_string"].decode("latin-1"), scope["psauth.browsers_sent"]
    try:
        settings = find_target().settings
        vault = Vault.open(settings)
        connection = _finish_in_one_of(browsers or [None], AuthorizationFlow(settings, vault), "?" + query)
    except Exception as error:  # noqa: BLE001 - as above
        return _tell(_refused(error, knows_browser=bool(browsers)), None)
    labels.learn(connection, vault)
    return _tell(CONNECTED, connection.return_to)


def _finish_for_terminal(scope: Scope) -> Response:
    """End a login that was begun in a terminal or a notebook, in a browser that this app was never opened in.

    Nobody but that login and the service know its state; what was begun in a browser of the app is not ended here.
    """
    try:
        settings = find_target().settings
        vault = Vault.open(settings)
        callback = "?" + scope["query_string"].decode("latin-1")
        labels.learn(AuthorizationFlow(settings, vault).finish(callback), vault)
    except Exception as error:  # noqa: BLE001 - as above
        news = _refused(error)
        step = "Open the app by the address that stands in its terminal, and press Connect there."
        return HTMLResponse(page(news.title, news.text, step), 403, UNKEPT)
    step = "You can close this page, and go on where you began."
    return HTMLResponse(page("Connected", "psauth has the connection.", step), headers=UNKEPT)


def _finish_in_one_of(browsers: Sequence[str | None], flow: AuthorizationFlow, callback: str) -> Connection:
    """End the authorization for the one of these names of a browser in which it was begun.

    There are several where another program has set our cookie beside ours. A mismatch consumes nothing.
    """
    for browser in browsers[:SEVERAL]:
        try:
            return flow.finish(callback, browser=browser)
        except BrowserMismatch as error:
            mismatch = error
    raise mismatch


def _to(path: str | None) -> Response:
    return RedirectResponse(_path(path) or "/", status_code=303, headers=UNKEPT)


def _path(path: str | None) -> str | None:
    """A path of this app, or None for anything that could lead elsewhere."""
    return path if path is not None and is_path_here(path) else None


def _sandbox() -> ASGIApp:
    """The sandbox, made when it is first asked for: an app with a real service never pays for it."""
    apps: list[ASGIApp] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if not apps:
            try:
                home = find_target().settings.home_path
                grants = await run_in_threadpool(sandbox_grants, home)
            except Exception as error:  # noqa: BLE001 - a false setting, a folder that cannot be written: said, no bare 500
                await _without_sandbox(scope, error)(scope, receive, send)
                return
            apps.append(create_app(company=Company(), knobs=Knobs(), grants=grants))
        await apps[0](scope, receive, send)

    return app


def _without_sandbox(scope: Scope, error: Exception) -> Response:
    """Why there is no sandbox, as a page for a person and in the sandbox's own form for a program."""
    # Who has not been let in learns nothing of this machine's files.
    why = (
        _refused(error).text
        if scope["psauth.started"]
        else "The settings of this app cannot be used; its pages say why."
    )
    if is_page(Headers(scope=scope), scope):
        step = "Set it right, then load this page again."
        return HTMLResponse(page("The sandbox cannot begin", why, step), 503, UNKEPT)
    return JSONResponse({"error": why, "errorCode": "ServiceUnavailable"}, 503, UNKEPT)


def middleware() -> list[Middleware]:
    """What `st.App` puts in front of the pages and routes."""
    accept_long_lines()
    leave_out_unreadable_secrets()
    let_timers_wait()
    return [Middleware(Guard), Middleware(CallbackTaker), Middleware(Signpost)]
