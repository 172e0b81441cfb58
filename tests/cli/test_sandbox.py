"""psauth sandbox: a real process to log in to, and what keeps it from starting."""

import os
import re
import socket

import pytest

from tests.cli.processes import CONSENTS, POSIX, interrupt, line_with, nobody_listens, program
from tests.flow.parts import bare_environment, wait_until


@POSIX
@pytest.mark.slow
def test_a_sandbox_of_the_terminal_is_logged_in_to_and_ends_by_ctrl_c(browser, tmp_path):
    env = {**bare_environment(), "PSAUTH_HOME": str(tmp_path / "home")}
    with program("sandbox", "--port", "0", "--runs", "20", env=env) as sandbox:
        said = line_with(sandbox, "Ctrl-C stops it")
        variables = dict(re.findall(r"^  export (PSAUTH_\w+)=(\S+)$", said, re.MULTILINE))
        assert variables.pop("PSAUTH_API_KEY")  # the other way in
        assert set(variables) == {"PSAUTH_CLIENT_ID", "PSAUTH_CLIENT_SECRET", "PSAUTH_ISSUER", "PSAUTH_API_URL"}
        there = {**env, **variables, "BROWSER": browser(*CONSENTS), "PSAUTH_REDIRECT_URI": "http://127.0.0.1/"}
        there["PSAUTH_SECRET_KEY"] = os.environ["PSAUTH_SECRET_KEY"]
        with program("login", env=there) as login:
            out, err = login.communicate(timeout=60)
        assert (login.returncode, err) == (0, "")
        assert "Connected" in out
        code, out, err = interrupt(sandbox)
    assert code == 130
    assert err.strip() == "Stopped."
    port = int(variables["PSAUTH_ISSUER"].rpartition(":")[2])
    wait_until(lambda: nobody_listens(port), why="a free port")


def test_a_sandbox_on_a_taken_port_says_so(terminal):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, _, err = terminal("sandbox", "--port", str(taken.getsockname()[1]))
    assert code == 1
    assert "--port 0" in err
    assert err.count("port") == 2  # said once: choose another port, or --port 0
    assert len(err.splitlines()) == 1


@POSIX
def test_a_sandbox_whose_memory_has_no_place_says_so(terminal, tmp_path):
    (tmp_path / "file").touch()
    code, _, err = terminal("sandbox", "--port", "0", "--state", str(tmp_path / "file" / "below" / "state.json"))
    assert code == 1
    assert "Name another file with --state" in err
    assert len(err.splitlines()) == 1
