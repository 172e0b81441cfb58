"""What several tests of the vault share."""

import os
import signal
import stat
import warnings
from pathlib import Path

import pytest

from psauth.exceptions import SettingsError, VaultError

posix = pytest.mark.skipif(os.name != "posix", reason="file modes and forks are a matter of POSIX")
NOBODY = 65534
DEADLINE = 60
"""Seconds after which a child that hangs is killed."""


def contents(folder):
    """Every file below a folder with its bytes and mode; lock files are empty and come and go."""
    return {
        str(p.relative_to(folder)): (p.read_bytes(), stat.S_IMODE(p.stat().st_mode))
        for p in sorted(Path(folder).rglob("*"))
        if p.is_file() and p.suffix != ".lock"
    }


def await_callback(vault, service, state="state-1", **changes):
    """An authorization that waits for its callback."""
    details = {"account": "default", "verifier": "verifier-1", "redirect_uri": "http://localhost/", "browser": None}
    vault.await_callback(state, service=service, return_to=None, **{**details, **changes})


def in_a_child(check, *, user=None):
    """Run a check in a forked child, as another user if one is named; its failure is this test's, and so is its hanging."""
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # a fork beside threads: the child only runs the check
        child = os.fork()
    if child == 0:
        try:
            signal.alarm(DEADLINE)
            os.close(reader)
            if user is not None:
                os.setgroups([])
                os.setgid(user)
                os.setuid(user)
            check()
        except BaseException as failure:  # noqa: BLE001 - it crosses a process border here
            os.write(writer, repr(failure).encode()[:4000])
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as said:
        failure = said.read().decode()
    _, status = os.waitpid(child, 0)
    assert not failure, failure
    assert os.waitstatus_to_exitcode(status) >= 0, "the child hung, or was killed"


def said(ask, kind=VaultError):
    """The whole sentence of a refusal."""
    with pytest.raises(kind) as refusal:
        ask()
    assert type(refusal.value) is kind or kind is SettingsError  # which has children
    return str(refusal.value)
