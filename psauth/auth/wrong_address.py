"""Wrong address: how an answer shows that Process Street is somewhere else, and what to type then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from psauth.json_text import NotJson, parse_json
from psauth.settings import API_KEY_API_URL, OAUTH_API_URL
from psauth.vault.connection import login_line
from psauth.words import printable

WEB_PAGE: Final = "a web page"
NOTHING: Final = "an empty answer"
ANSWERS_SO: Final = "no Process Street API answers so"
API_KEY_INSTEAD: Final = "use an API key instead (PSAUTH_API_KEY=your-key in place of PSAUTH_CLIENT_ID)"
_BLANK: Final = b"\xef\xbb\xbf \t\r\n"
NO_SUCH_PATH: Final = (403, 404, 405, 410)
"""How a server refuses that knows nothing of what it was asked for."""


def is_web_page(content: bytes) -> bool:
    """Whether an answer is HTML (or XML), whatever its content type says: some servers call JSON text/html."""
    return _start(content).startswith(b"<")


def foreign_success(content: bytes) -> str | None:
    """What a 2xx answer holds that no service of Process Street gives, as a noun; None for an object, whole or damaged."""
    start = _start(content)
    if not start:
        return NOTHING
    if start.startswith(b"<"):
        return WEB_PAGE
    try:
        return None if isinstance(parse_json(content), dict) else "JSON that is no object"
    except NotJson:
        # What begins like JSON was cut off on the way, and what is no text was damaged there.
        return None if start[:1] in b'{["' or start[0] > 126 or start[0] < 32 else "text that is no JSON"


def says_nothing(status: int, content: bytes) -> bool:
    """Whether an answer is that nothing is there, without a word in the service's way: an address may be wrong, or a path."""
    if status not in NO_SUCH_PATH:
        return False
    try:
        body = parse_json(content)
    except NotJson:
        return True
    return not isinstance(body, Mapping) or not (body.get("error") or body.get("errorCode"))


def foreign_refusal(status: int, content: bytes) -> str | None:
    """What a 4xx answer holds that shows that another server refused, as a noun; None for a refusal by the service.

    The service's own refusals have an `error` in them (or, at the token endpoint, RFC 6749 §5.2 has); a gateway that
    knows no such path says `{"message": "Missing Authentication Token"}`, "Forbidden" or "Not Found".
    """
    if is_web_page(content):
        return WEB_PAGE
    if status not in NO_SUCH_PATH:
        return None
    try:
        body = parse_json(content)
    except NotJson:
        return None
    if not isinstance(body, Mapping) or body.get("error") or body.get("errorCode"):
        return None
    message: Any = body.get("message") or body.get("Message") or body.get("detail")
    return f"the words of a gateway ({printable(message)!r})" if isinstance(message, str) else None


def _start(content: bytes) -> bytes:
    """The first characters of an answer; those of UTF-16 have a zero beside each."""
    return content[:2048].removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff").replace(b"\0", b"").lstrip(_BLANK)


def described(address: str, status: int, what: str) -> str:
    """What was answered from somewhere else, as a clause to which a colon and the remedy, or a full stop, is added."""
    return f"{address} answered {status} with {what}, and {ANSWERS_SO}"


def api_remedy(api_url: str, kind: str, account: str | None) -> str:
    """What to type where the API is not at `api_url`, as a clause; `account` is None where the connection is not stored."""
    other = API_KEY_API_URL if api_url.rstrip("/") != API_KEY_API_URL else OAUTH_API_URL
    advice = f"set PSAUTH_API_URL={other}"
    if kind == "oauth":
        advice += f", or {API_KEY_INSTEAD}"
    elif other == OAUTH_API_URL:
        advice = f"look for a proxy or a sign-in page of the network in between, or {advice}"
    return advice + _connect_anew(account)


def oauth_remedy(setting: str, account: str | None = None) -> str:
    """What to type where an address of OAuth is not at the place that `setting` names, as a sentence."""
    return f"Set {setting} to the address that belongs to your OAuth app, or {API_KEY_INSTEAD}{_connect_anew(account)}."


def _connect_anew(account: str | None) -> str:
    """What to type beside a setting: a stored connection keeps the addresses with which it was made."""
    if account is None:
        return ""
    named = "" if account == "default" else f"account={account!r}"
    return f"; then call psauth.logout({named}) and {login_line(account)}, because a connection keeps its addresses"
