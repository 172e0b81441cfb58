"""What is interrupted: a service with its faults, and a vault with a connection of each kind, fresh for every run."""

import json
import secrets as chance
import shutil
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from urllib.parse import quote, unquote_plus

from cryptography.fernet import Fernet

from psauth import Settings, Token, Vault
from psauth.vault.service import Service
from tests.auth.machines import dead_port

WORDS = {
    "bearer": "access-old-",
    "refresh token": "refresh-old-",
    "new bearer": "access-new-",
    "new refresh token": "refresh-new-",
    "client secret": "client-secret+/",
    "code": "code+/",
    "API key": "api-key-",
    "vault's key": "",
}
SECRETS = {name: word + chance.token_urlsafe(24) for name, word in WORDS.items()}
SECRETS["vault's key"] = Fernet.generate_key().decode()
SECRETS["client id and secret"] = f"analyst:{quote(SECRETS['client secret'], safe='')}"

TOKENS = {
    "access_token": SECRETS["new bearer"],
    "refresh_token": SECRETS["new refresh token"],
    "expires_in": 3600,
    "token_type": "Bearer",
}
FAULTS = {
    "well": (200, None),
    "400": (400, {"error": "invalid_grant", "error_description": "QUOTED"}),
    "401": (401, {"error": "invalid_client"}),
    "500": (500, {"error": "oops"}),
    "no JSON": (200, '{"access_token": "'),
    "a page": (200, "<html>Sign in</html>"),
    "dropped": (0, None),
    "refused": None,
    "certificate": None,
}


class AnyService(BaseHTTPRequestHandler):
    """Token endpoint, revocation and API in one, with the fault that its server has at the moment."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self._answer({"workflows": [], "links": [], "apiKeyLabel": "Acme"})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self._answer({} if self.path == "/revoke" else TOKENS, unquote_plus(body))

    def _answer(self, usual, sent=""):
        status, body = FAULTS[self.server.fault]
        if not status:
            self.close_connection = True
            return
        body = usual if body is None else body
        sent = f"{sent} {self.headers.get('Authorization')} {self.headers.get('X-API-Key')}"
        data = (body if isinstance(body, str) else json.dumps(body).replace("QUOTED", sent)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        """Nothing."""


class Stage:
    """A server, a vault with a connection of each kind, and fresh copies of both for every run."""

    def __init__(self, server, encrypted, folder):
        self._server, self._encrypted, self._folder = server, encrypted, folder
        self._runs = 0
        self.secrets = dict(SECRETS)
        self.address(fault="well")
        filled = Vault.open(self.settings(home=folder / "filled"))
        service = self.service()
        filled.connect("default", service, token=self.token())
        filled.connect("key", service, api_key=SECRETS["API key"])

    def address(self, fault):
        """From now on the service has this fault."""
        self._server.fault = fault if FAULTS[fault] else "well"
        places = {
            "refused": f"http://127.0.0.1:{dead_port()}",
            "certificate": f"https://localhost:{self._encrypted.port}",
        }
        self.base = places.get(fault, f"http://127.0.0.1:{self._server.port}")

    def token(self):
        now = datetime.now(UTC)
        return Token(
            access_token=SECRETS["bearer"],
            refresh_token=SECRETS["refresh token"],
            expires_at=now + timedelta(hours=1),
            obtained_at=now,
        )

    def settings(self, **changes):
        return Settings(
            **{
                "client_id": "analyst",
                "client_secret": SECRETS["client secret"],
                "authorize_url": f"{self.base}/authorize",
                "token_url": f"{self.base}/token",
                "revoke_url": f"{self.base}/revoke",
                "api_url": f"{self.base}/v1",
                "secret_key": SECRETS["vault's key"],
                "home": self._folder / "filled",
                "env_file": None,
                **changes,
            }
        )

    def service(self, **changes):
        settings = self.settings(**changes)
        names = ("api_url", "authorize_url", "token_url", "revoke_url", "client_id", "client_secret", "token_auth")
        return Service(**{name: getattr(settings, name) for name in names})

    def fresh(self, **changes):
        """Settings with a copy of the vault: a lock that an interrupt left behind is not in the way of the next run."""
        shutil.rmtree(self._folder / str(self._runs), ignore_errors=True)
        self._runs += 1
        home = self._folder / str(self._runs)
        shutil.rmtree(home, ignore_errors=True)  # of a test that is begun again
        home.mkdir()
        for path in (self._folder / "filled").glob("vault.db*"):
            shutil.copy(path, home)
        return self.settings(home=home, **changes)

    def stored(self, vault, account="default", **changes):
        """The connection of an account, moved to where the service is now."""
        service, before = self.service(**changes), vault.read(account)
        vault.connect(account, service, token=before.token, api_key=before.api_key)
        return vault.read(account)
