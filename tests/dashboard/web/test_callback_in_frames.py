"""The callback's code, while the app handles it: no frame shows it, whenever that is interrupted."""

import asyncio
from itertools import count

from starlette.responses import Response

from psauth.dashboard.web import routes
from psauth.dashboard.web.routes import _finish, _finish_for_terminal
from psauth.secret import SecretBytes
from tests.apart import apart
from tests.interrupting import Interrupted, Search

SAMPLE = 40
"""Moments of each way; the code is in our own frames from the first to the last."""
CODE = "code-Xy71-9fKd93Zp41"


@apart
def test_an_interrupt_of_a_callback_shows_no_code(settings, monkeypatch, tmp_path):
    homes = count()  # one for each run: an interrupted one may leave its vault in the middle of a transaction

    def find_target():
        own = settings.with_(home=str(tmp_path / f"home-{next(homes)}"))
        return type("Target", (), {"settings": own, "sandbox": False})()

    monkeypatch.setattr(routes, "find_target", find_target)
    found = []
    for finish in (_finish, _finish_for_terminal):

        def run(finish=finish):
            query = SecretBytes(f"code={CODE}&state=of-nobody".encode())
            finish({"query_string": query, "psauth.browsers_sent": ["b"], "psauth.browser": "b"})

        passing_by = ("/sqlalchemy/", "/threading.py", "/cryptography/")
        lines = len(Interrupted(run, passing_by=passing_by).places)
        for moment in range(1, lines + 1, max(1, lines // SAMPLE)):
            interrupted = Interrupted(run, moment, passing_by=passing_by)
            search = Search({"code": CODE})
            search.error(interrupted.error)
            found += [(what, interrupted.place) for what in search.found]
    assert found == []


def test_the_code_is_masked_before_the_app_handles_it(monkeypatch):
    seen = []

    def finish(scope):
        seen.append(repr(scope))
        return Response()

    async def send(message):
        """Nothing."""

    monkeypatch.setattr(routes, "_finish", finish)
    query = f"code={CODE}&state=of-somebody".encode()
    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": query, "psauth.started": True}
    asyncio.run(routes.CallbackTaker(None)(scope, None, send))
    assert len(seen) == 1
    assert CODE not in seen[0] + repr(scope)
