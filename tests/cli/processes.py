"""Real processes of `psauth`: started, read, interrupted and gone; and what visits the addresses they show."""

import contextlib
import os
import signal
import socket
import subprocess
import threading
import urllib.error
import urllib.request

import pytest

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
