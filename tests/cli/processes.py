"""Real processes of `psauth`: started, read, interrupted and gone; and what visits the addresses they show."""

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import pytest
import requests

from tests.flow.parts import PYTHON

POSIX = pytest.mark.skipif(os.name != "posix", reason="signals and pseudo-terminals are POSIX here")
MASKED = "***"
CONSENTS = (
    "from psauth.sandbox import SandboxServer",
    "urllib.request.urlopen(SandboxServer().approve(sys.argv[1]), timeout=20).read()",
)
"""Lines for a program in the browser's place, which consents."""


def visit(address):
    """A browser that goes to an address; the status."""
    try:
        with urllib.request.urlopen(address, timeout=20) as page:
            page.read()
            return page.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


@contextlib.contextmanager
def program(*words, env, **options):
    """`psauth …` as a process, which is gone afterwards; its output comes line by line."""
    process = subprocess.Popen(
        [PYTHON, "-m", "psauth", *words],
        env=env,
        text=True,
        **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options},
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(30)
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def line_with(process, text, *, seconds=30):
    """Read on until a line has `text` in it; all that was read."""
    watchdog = threading.Timer(seconds, process.kill)
    watchdog.start()
    try:
        read = []
        for line in process.stdout:
            read.append(line)
            if text in line:
                return "".join(read)
    finally:
        watchdog.cancel()
    raise AssertionError(f"{text!r} was not said: {''.join(read)} {process.stderr.read()}")


def interrupt(process, *, seconds=10):
    """Ctrl-C; exit code, the rest of stdout, and stderr."""
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=seconds)
    return process.returncode, out, err


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def nobody_listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def is_app(port):
    """Whether a psauth app answers on this port."""
    try:
        return requests.get(f"http://localhost:{port}/psauth-app", timeout=2).json()["app"] == "psauth"
    except requests.RequestException:
        return False


_ADOPT = "import fcntl, os, sys, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"


class Screen:
    """What stands on a pseudo-terminal, and the keys of the person who sits there."""

    def __init__(self, person):
        self.text = ""
        self.process = None
        self._person = person

    def read_until(self, text, *, seconds=30):
        """Read on until `text` stands on the screen; everything up to it since the last such look."""
        deadline = time.monotonic() + seconds
        while text not in self.text:
            assert time.monotonic() < deadline, self.text
            if not self._read():
                raise AssertionError(f"{text!r} did not come: {self.text}")
        before, found, self.text = self.text.partition(text)
        return before + found

    def type(self, line):
        os.write(self._person, line.encode())

    def read_all(self, *, seconds=30):
        """Everything until the program ends, and its exit code."""
        watchdog = threading.Timer(seconds, self.process.kill)
        watchdog.start()
        try:
            while self._read():
                pass
            return self.process.wait(seconds), self.text
        finally:
            watchdog.cancel()

    def _read(self):
        if not select.select([self._person], [], [], 1)[0]:
            return self.process.poll() is None
        try:
            data = os.read(self._person, 65536)
        except OSError:  # Linux' way to say that nobody has the other end any more
            return False
        self.text += data.decode("utf-8", "replace").replace("\r\n", "\n")
        return bool(data)


@contextlib.contextmanager
def at_a_terminal(*command, env, cwd=None):
    """A command in a session of its own with a terminal, as in a window of a desktop; a Screen."""
    import pty

    person, there = pty.openpty()
    screen = Screen(person)
    words = [sys.executable, "-c", _ADOPT, *command]
    screen.process = subprocess.Popen(words, env=env, cwd=cwd, stdin=there, stdout=there, stderr=there)
    os.close(there)
    try:
        yield screen
    finally:
        if screen.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(screen.process.pid, signal.SIGKILL)
        screen.process.wait(30)
        os.close(person)
