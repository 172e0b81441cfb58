"""A service in which every name, label, value and error is meant to do something in the browser of who reads it."""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import requests

HOST: Final = "evil.example"
TEXT: Final = (
    f"![x](http://{HOST}/pixel.png) [click](http://{HOST}) <img src=http://{HOST}/p onerror=alert(1)> "
    f"<a href='http://{HOST}'>a</a> http://{HOST}/bare www.{HOST} me@{HOST} $x^2$ :red[x] :material/delete: :smile: "
    "`c` ~~s~~ -> # h \n- a **bold** \n\n---\n|t|\n|-|\n"
)
LINK: Final = f"javascript:location='http://{HOST}/script'"

_KEPT: Final = re.compile(
    r"(?i)id|.*Ids?|status|.*type|.*Date|key|email|rel|cursor|next.*|.*Url|.*Status|dateFormat|timeZone"
)
_ID_OR_DATE: Final = re.compile(r"[A-Za-z0-9_-]{22}|\d{4}-\d\d-\d\d.*")


def hostile(value: Any, key: str = "") -> Any:
    """The same answer, with hostile words in it wherever words are."""
    if isinstance(value, dict):
        if str(value.get("name", "")).casefold() in ("app", "next") and "href" in value:
            return {**value, "href": LINK} if str(value["name"]).casefold() == "app" else value
        return {name: hostile(part, name) for name, part in value.items()}
    if isinstance(value, list):
        return [hostile(part, key) for part in value]
    if isinstance(value, str) and value and not _KEPT.fullmatch(key) and not _ID_OR_DATE.fullmatch(value):
        return LINK if value.startswith("http") and "cursor" not in value and "/v1/" not in value else f"{value} {TEXT}"
    return value


class HostileService:
    """Stands in front of a sandbox's API; `refuses` is the beginning of paths that it answers with an error."""

    def __init__(self, api_url: str) -> None:
        self.refuses: str | None = None
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                if service.refuses is not None and self.path.startswith(service.refuses):
                    self.answer(403, {"message": TEXT, "error": TEXT, "code": TEXT})
                    return
                kept = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
                origin = api_url.removesuffix("/v1")
                got = requests.get(origin + self.path, headers=kept, timeout=120)
                self.answer(got.status_code, hostile(got.json()))

            def answer(self, status: int, content: Any) -> None:
                body = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.api_url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
