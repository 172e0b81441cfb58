"""The callback's code, while the app handles it: no frame shows it, whenever that is interrupted."""

from psauth.dashboard.web.routes import _finish, _finish_for_terminal
from psauth.secret import SecretBytes
from tests.interrupting import Interrupted, Search

CODE = "code-Xy71-9fKd93Zp41"


def test_an_interrupt_of_a_callback_shows_no_code(settings, monkeypatch):
    from psauth.dashboard.web import routes

    monkeypatch.setattr(routes, "find_target", lambda: type("Target", (), {"settings": settings, "sandbox": False})())
    found = []
    for finish in (_finish, _finish_for_terminal):

        def run(finish=finish):
            query = SecretBytes(f"code={CODE}&state=of-nobody".encode())
            finish({"query_string": query, "psauth.browsers_sent": ["b"], "psauth.browser": "b"})

        passing_by = ("/sqlalchemy/", "/threading.py", "/cryptography/")
        lines = len(Interrupted(run, passing_by=passing_by).places)
        for moment in range(1, lines + 1, 7):
            interrupted = Interrupted(run, moment, passing_by=passing_by)
            search = Search({"code": CODE})
            search.error(interrupted.error)
            found += [(what, interrupted.place) for what in search.found]
    assert found == []
