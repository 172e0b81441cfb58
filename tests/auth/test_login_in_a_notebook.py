"""Logging in from a notebook's kernel, a real one: the address is shown, and a paste and the browser race."""

from __future__ import annotations

import queue
import re
import time
import urllib.request
from contextlib import contextmanager

import pytest
from jupyter_client.manager import start_new_kernel

import psauth
from tests.flow.parts import environment

pytestmark = pytest.mark.slow

LOGIN = "import psauth; print('kind:', psauth.login().kind)"
PATIENCE = 60


class Cell:
    """A cell that runs in a kernel, as the notebook in front of it sees that."""

    def __init__(self, client, code, *, can_ask=True):
        self.client = client
        self.printed = ""
        self.failed = None
        self._id = client.execute(code, allow_stdin=can_ask)

    def question(self):
        """What the cell asks the person."""
        return self.client.get_stdin_msg(timeout=PATIENCE)["content"]["prompt"]

    def until(self, pattern):
        """Read what is printed until there is a match; None at the cell's end."""
        deadline = time.monotonic() + PATIENCE
        while not (match := re.search(pattern, self.printed)):
            assert time.monotonic() < deadline, self.printed
            try:
                message = self.client.get_iopub_msg(timeout=1)
            except queue.Empty:
                continue
            if message["parent_header"].get("msg_id") != self._id:
                continue
            content = message["content"]
            if message["msg_type"] == "stream":
                self.printed += content["text"]
            elif message["msg_type"] == "error":
                self.failed = content["ename"], content["evalue"]
            elif message["msg_type"] == "status" and content["execution_state"] == "idle":
                return re.search(pattern, self.printed)
        return match

    def address(self):
        return self.until(r"(http://127\.0\.0\.1:\d+/oauth/authorize\S+)\n")[1]


@pytest.fixture
def box():
    with psauth.Sandbox(runs=5) as box:
        yield box


@contextmanager
def kernel(env):
    manager, client = start_new_kernel(kernel_name="python3", env=env, startup_timeout=PATIENCE)
    try:
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


@pytest.fixture
def notebook(box, tmp_path):
    """A kernel on a machine whose browser is elsewhere."""
    env = environment(box.settings, JUPYTERHUB_USER="ada", PYTHONWARNINGS="default")
    with kernel(env) as client:
        yield client


def test_a_paste_into_the_notebook_ends_the_login(box, notebook):
    cell = Cell(notebook, LOGIN)
    address = cell.address()
    assert cell.question() == "Callback address: "
    notebook.input(box.login(address))
    assert cell.until("kind: (.*)\n")[1] == "oauth"
    assert "This is JupyterHub" in cell.printed


def test_the_browsers_answer_ends_the_asking_and_the_kernel_goes_on(box, notebook):
    cell = Cell(notebook, LOGIN)
    address = cell.address()
    assert cell.question() == "Callback address: "
    with urllib.request.urlopen(box.login(address), timeout=20) as page:  # as through a forwarded port
        assert "Connected" in page.read().decode()
    assert cell.until("kind: (.*)\n")[1] == "oauth"
    assert cell.until("no more") is None
    assert cell.failed is None
    after = Cell(notebook, "import time; time.sleep(0.5); print('still', 'here')")
    assert after.until("still here")
    asked = Cell(notebook, "print('typed', input('name? '))")
    assert asked.question() == "name? "
    notebook.input("Ada")
    assert asked.until("typed Ada")


def test_an_interrupt_of_the_person_is_one(notebook):
    cell = Cell(notebook, LOGIN)
    cell.question()
    notebook.parent.interrupt_kernel()
    assert cell.until("no more") is None
    assert cell.failed[0] == "KeyboardInterrupt"


def test_a_notebook_that_nobody_sits_at_says_what_to_do(notebook):
    cell = Cell(notebook, LOGIN, can_ask=False)
    assert cell.until("no more") is None
    assert cell.failed[0] == "LoginRequired"
    assert "psauth login" in cell.failed[1]


def test_the_api_key_is_mentioned_while_the_notebook_asks(box, notebook):
    cell = Cell(notebook, "import psauth.auth.browser as b; b.API_KEY_MENTIONED_AFTER = 0.2; " + LOGIN)
    address = cell.address()
    cell.question()
    assert cell.until("PSAUTH_API_KEY=your-key")
    notebook.input(box.login(address))
    assert cell.until("kind: oauth")
