"""Tracebacks with local variables, as programs draw them that people have: IPython's verbose mode, a reporter of errors."""

import random

import pytest
from IPython.core.ultratb import VerboseTB

from psauth import AuthorizationFlow, Vault
from psauth.api.transport import Transport
from psauth.auth.renewal import renew
from psauth.auth.revocation import disconnect
from psauth.auth.session import system_context
from psauth.secret import Secret
from tests.apart import apart
from tests.auth.machines import Authority, serving
from tests.interrupting import Interrupted, _forms, _shown
from tests.interrupting_stage import SECRETS, AnyService, Stage

MOMENTS = 3


def read(stage):
    vault = Vault.open(stage.fresh())
    transport = Transport(stage.stored(vault), vault)
    return lambda: transport.get("/workflows")


def exchange(stage):
    settings = stage.fresh()
    flow = AuthorizationFlow(settings, Vault.open(settings))
    request = flow.begin()
    parameters = {"code": Secret(SECRETS["code"]), "state": request.state}
    return lambda: flow.finish(parameters)


def refresh(stage):
    vault = Vault.open(stage.fresh())
    stored = stage.stored(vault)
    return lambda: renew(vault, stored, because="asked")


def leave(stage):
    vault = Vault.open(stage.fresh())
    stage.stored(vault)
    return lambda: disconnect(vault)


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    certificate = Authority(tmp_path_factory.mktemp("authority")).issue("localhost")
    system_context.cache_clear()
    with serving(AnyService) as server, serving(AnyService, certificate=certificate) as encrypted:
        server.fault = encrypted.fault = "well"
        yield server, encrypted
    system_context.cache_clear()


def by_ipython(error):
    """As rich with `show_locals` and pytest do: the repr of every local variable."""
    return VerboseTB(theme_name="nocolor").text(type(error), error, error.__traceback__)


def by_a_reporter(error, depth=3):
    """Every local variable, and what it holds, as a reporter of errors sends them: by repr, mappings and attributes too."""
    texts, seen = [], set()

    def note(value, left):
        if id(value) in seen or left == 0:
            return
        seen.add(id(value))
        texts.append(_shown(value))
        if isinstance(value, dict):
            parts = [*value.items()]
        elif isinstance(value, (list, tuple, set)):
            parts = [*value]
        else:
            parts = [*getattr(value, "__dict__", {}).values()]
        for part in parts:
            note(part, left - 1)

    while error is not None:
        texts += [repr(error), *map(repr, error.args), repr(vars(error))]
        at = error.__traceback__
        while at is not None:
            if "/tests/" not in at.tb_frame.f_code.co_filename:
                for value in [*at.tb_frame.f_locals.values()]:
                    note(value, depth)
            at = at.tb_next
        error = error.__cause__ or error.__context__
    return "\n".join(texts)


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["well", "certificate", "400", "a page"])
@pytest.mark.parametrize("way", [read, exchange, refresh, leave])
@apart
def test_no_program_draws_a_secret(servers, tmp_path, naps, way, fault):
    stage = Stage(*servers, tmp_path)
    stage.address(fault)
    whole = Interrupted(way(stage))
    lines = len(whole.places)
    errors = [(whole.error, None)] if whole.error is not None else []
    for moment in random.Random(way.__name__ + fault).sample(range(1, lines + 1), MOMENTS):
        run = Interrupted(way(stage), moment, passing_by=("/threading.py", "/queue.py"))
        errors.append((run.error, run.place))
    shown = []
    for error, place in errors:
        if error is not None:
            error = error.with_traceback(_without_tests(error.__traceback__))
            drawn = by_ipython(error) + by_a_reporter(error)
            shown += [
                (name, place) for name, secret in stage.secrets.items() for form in _forms(secret) if form in drawn
            ]
    assert shown == []


def _without_tests(at):
    """The frames of the test itself hold what they hold."""
    while at is not None and "/tests/" in at.tb_frame.f_code.co_filename:
        at = at.tb_next
    return at
