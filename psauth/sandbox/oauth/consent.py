"""Asking a person for consent: requests wait here, each under a ticket that can be answered once."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from psauth.sandbox.company.company import Company
from psauth.sandbox.oauth import consent_html
from psauth.sandbox.oauth.authority import Authority, OAuth2Error, is_loopback

_LIFETIME = 600.0  # seconds a person may think
_WAITING = 1_000  # requests kept at most; the oldest make room

Pairs = list[tuple[str, str]]


@dataclass(slots=True)
class Pending:
    """An authorization request that waits for its answer."""

    pairs: Pairs
    redirect_uri: str
    since: float
    answered: bool = False


class Consent:
    """`GET` shows the page, `POST` takes the answer."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self._lock = threading.Lock()
        self._pending: OrderedDict[str, Pending] = OrderedDict()
        self._answered: OrderedDict[tuple[tuple[str, str], ...], Pending] = OrderedDict()

    def ask(self, request: Request, authority: Authority) -> Response:
        """The consent page, a redirect with an error, or a page that says why there can be neither."""
        pairs = parse_qsl(request.url.query, keep_blank_values=True)
        try:
            grant = authority.ask(pairs)
        except OAuth2Error as error:
            return self._refused(error, authority)
        ticket = secrets.token_urlsafe(24)
        with self._lock:
            # The back button shows the page again. A request with a state is made once, so this one had its answer.
            answered = self._answered.get(tuple(pairs)) if grant.request.payload.state else None
            if answered is not None:
                return _too_late(answered)
            self._pending[ticket] = Pending(pairs, grant.redirect_uri, authority.grants.clock())
            while len(self._pending) > _WAITING:
                self._pending.popitem(last=False)
        page = consent_html.consent(
            client=grant.request.client.name,
            organization=self._company.name,
            people=self._company.staff.signers,
            scopes=grant.request.client.get_allowed_scope(grant.request.payload.scope).split(),
            back_to=grant.redirect_uri,
            ticket=ticket,
        )
        return _secured(HTMLResponse(page), grant.redirect_uri)

    def answer(self, request: Request, authority: Authority, body: bytes) -> Response:
        """Back to the application after Allow or Deny; a friendly page for anything that came too late."""
        form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        decision = form.get("decision")
        if decision not in ("allow", "deny"):
            return _dead_end(400, "That was not an answer", "The form came without Allow or Deny.", _AGAIN)
        person = next((p for p in self._company.staff.signers if p.id == form.get("person")), None)
        if decision == "allow" and person is None:
            return _dead_end(400, "Nobody was chosen", "The form named nobody who could say yes.", _AGAIN)
        pending = self._take(form.get("request", ""), authority.grants.clock())
        if isinstance(pending, Response):
            return pending
        try:
            answer = authority.decide(pending.pairs, person if decision == "allow" else None)
        except OAuth2Error as error:
            return self._refused(error, authority)
        # 303: the browser must come back with GET, whatever it posted here.
        return _secured(RedirectResponse(answer.location or "", status_code=303), pending.redirect_uri)

    def _take(self, ticket: str, now: float) -> Pending | Response:
        with self._lock:
            pending = self._pending.get(ticket)
            first = pending is not None and not pending.answered
            if pending is not None:
                pending.answered = True
                self._answered[tuple(pending.pairs)] = pending
                while len(self._answered) > _WAITING:
                    self._answered.popitem(last=False)
        if pending is None:
            return _dead_end(400, "This request is not known", "It may be from before a restart.", _AGAIN)
        if not first:
            return _too_late(pending)
        if now - pending.since > _LIFETIME:
            text = "It waited for more than ten minutes."
            return _dead_end(400, "This request has expired", text, "Back to the application", pending)
        return pending

    @staticmethod
    def _refused(error: OAuth2Error, authority: Authority) -> Response:
        if error.redirect_uri and is_loopback(error.redirect_uri):
            answer = authority.refuse(error)
            return _secured(RedirectResponse(answer.location or "", status_code=303), error.redirect_uri)
        # Without a client and a redirect URI that belong together there is nowhere safe to go back to.
        text = f"The application sent a request that cannot be answered: {error.get_error_description() or error.error}"
        step = "Close this page and check the client id and the redirect URI in the application's settings."
        return _dead_end(400, "This application cannot connect", text, step)


_AGAIN = "Go back to the application and connect again."


def _too_late(pending: Pending) -> Response:
    text = "You already said Allow or Deny to this request, and an answer counts once."
    return _dead_end(409, "This request was already answered", text, "Back to the application", pending)


def _dead_end(status: int, title: str, text: str, step: str, pending: Pending | None = None) -> Response:
    href = ""
    if pending is not None:
        parts = urlsplit(pending.redirect_uri)
        href = f"{parts.scheme}://{parts.netloc}/"
    return _secured(HTMLResponse(consent_html.dead_end(title, text, step=step, href=href), status), None)


def _secured(response: Response, redirect_uri: str | None) -> Response:
    # Chromium holds the redirect that follows a form to `form-action` too, so the application's address must be
    # allowed. An IPv6 address cannot be written in a policy; for it the scheme has to do.
    targets = "'self' http://localhost:* http://127.0.0.1:*"
    if redirect_uri and urlsplit(redirect_uri).hostname == "::1":
        targets = "'self' http:"
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src '{consent_html.STYLE_HASH}'; form-action {targets}; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["X-Content-Type-Options"] = "nosniff"
    # Not "no-referrer": with that, a browser hides from this very server which page sends the form (Origin: null).
    response.headers["Referrer-Policy"] = "same-origin"
    return response
