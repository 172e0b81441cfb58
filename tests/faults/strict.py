"""A token endpoint that is as strict as RFC 9700 allows: a refresh token that comes twice ends the connection for good."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs


class StrictServer:
    """Gives a new pair of tokens for the latest refresh token alone. `before_answer` is called when it has acted."""

    def __init__(self, *, size=40, lives=3600):
        self.size, self.lives = size, lives
        self.count = 0
        self.is_revoked = False
        self.before_answer = lambda: None
        self._guard = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                if "refresh_token" not in form:  # the client was killed while it wrote
                    return
                status, answer = outer._answer(form["refresh_token"][0])
                body = json.dumps(answer).encode()
                outer.before_answer()
                try:
                    self.send_response(status)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:  # the client was killed
                    self.close_connection = True

            def log_message(self, *args):
                pass

        class Server(ThreadingHTTPServer):
            request_queue_size = 64
            daemon_threads = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def refresh_token(self):
        return f"refresh-{self.count}-".ljust(self.size, "r")

    def access_token(self):
        return f"access-{self.count}-".ljust(self.size, "a")

    def _answer(self, refresh_token):
        with self._guard:
            if self.is_revoked or refresh_token != self.refresh_token():
                self.is_revoked = True
                return 400, {"error": "invalid_grant"}
            self.count += 1
            return 200, {
                "access_token": self.access_token(),
                "refresh_token": self.refresh_token(),
                "token_type": "Bearer",
                "expires_in": self.lives,
            }

    def begin_anew(self):
        """Another connection, the tokens of which were never used."""
        with self._guard:
            self.count, self.is_revoked = self.count + 1, False

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)
