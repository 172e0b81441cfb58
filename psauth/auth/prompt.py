"""Prompt: one line from the person, at a terminal or in a notebook, while the same answer may come another way."""

from __future__ import annotations

import _thread
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, Final

from psauth.exceptions import LoginRequired
from psauth.secret import Secret, door

LOOK_EVERY: Final = 0.2
"""Seconds between two looks at whether the answer has come another way."""

Arrived = Callable[[], bool]
"""Whether the answer has come another way; may take some tenths of a second."""


def somebody_can_be_asked() -> bool:
    """Whether there is a notebook or a terminal to ask."""
    return _in_kernel() or bool(sys.stdin and sys.stdin.isatty())


def ask(prompt: str, arrived: Arrived, deadline: float) -> Secret | None:
    """One line from the person; None once `arrived` says yes, or `deadline` (of time.monotonic) is over.

    Raises LoginRequired when there is nobody to ask after all.
    """
    try:
        if not _in_kernel():
            if os.name == "nt" and sys.stdin.isatty():  # pragma: no cover - Windows
                return _ask_console(prompt, arrived, deadline)
            if (terminal := _terminal()) is not None:
                return _ask_terminal(terminal, prompt, arrived, deadline)
        return _ask_kernel(prompt, arrived, deadline)
    except KeyboardInterrupt:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a notebook's or a terminal's input raises
        raise LoginRequired(
            f"A login needs a person, and none can be asked here ({type(error).__name__}). Log in once with `psauth login`."
        ) from None


def _in_kernel() -> bool:
    """Whether this is a notebook's kernel, where input() asks through the notebook."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return getattr(shell, "kernel", None) is not None


def _terminal() -> int | None:
    """The descriptor of the terminal, where it is one that can be watched."""
    try:
        descriptor = sys.stdin.fileno()
    except (AttributeError, OSError, ValueError):
        return None
    return descriptor if os.name == "posix" and os.isatty(descriptor) else None


@door
def _ask_terminal(terminal: int, prompt: str, arrived: Arrived, deadline: float) -> Secret | None:
    """The terminal hands over whole lines, so that it can be watched until there is one."""
    _show(prompt)
    while time.monotonic() < deadline:
        if select.select([terminal], [], [], LOOK_EVERY)[0]:
            if _is_in_background(terminal):  # where reading would stop the program
                time.sleep(LOOK_EVERY)
            elif line := os.read(terminal, 65536):
                return Secret(line.decode(sys.stdin.encoding or "utf-8", "replace"))
            else:
                raise EOFError
        if arrived():
            break
    _show("\n")
    return None


def _is_in_background(terminal: int) -> bool:
    try:
        return os.tcgetpgrp(terminal) != os.getpgrp()
    except OSError:  # a terminal, but not the one that this program was started from
        return False


@door
def _ask_console(prompt: str, arrived: Arrived, deadline: float) -> Secret | None:
    """On Windows keys come one by one, and nothing can be waited for together with them."""
    import importlib

    keys: Any = importlib.import_module("msvcrt")
    line = ""
    _show(prompt)
    while time.monotonic() < deadline:
        if not keys.kbhit():
            if arrived():
                break
            time.sleep(LOOK_EVERY / 4)
            continue
        key = keys.getwch()
        if key == "\x03":
            raise KeyboardInterrupt
        if key in "\r\n":
            _show("\n")
            return Secret(line)
        if key in "\x00\xe0":  # an arrow or function key: a second half follows
            keys.getwch()
        elif key == "\b":
            _show("\b \b" if line else "")
            line = line[:-1]
        elif key.isprintable():
            line += key
            _show(key)
    _show("\n")
    return None


@door
def _ask_kernel(prompt: str, arrived: Arrived, deadline: float) -> Secret | None:
    """input() cannot be waited for together with anything, so a thread interrupts it as Ctrl-C would."""
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        return Secret(input(prompt))  # nothing can interrupt it here; Enter goes on once the answer has come
    watch = _Watch(arrived, deadline)
    try:
        try:
            line = Secret(input(prompt))
        except Exception:
            watch.end()
            raise
        watch.end()
    except KeyboardInterrupt:
        watch.stop()
        if watch.has_interrupted:
            return None
        raise
    return line


class _Watch:
    """Interrupts the main thread once the answer has come another way or the time is over, until `end`."""

    def __init__(self, arrived: Arrived, deadline: float) -> None:
        self._arrived, self._deadline = arrived, deadline
        self._over = threading.Event()
        self._lock = threading.Lock()
        self.has_interrupted = False
        threading.Thread(target=self._run, name="psauth-prompt", daemon=True).start()

    def _run(self) -> None:
        while not self._over.wait(LOOK_EVERY):
            if self._arrived() or time.monotonic() > self._deadline:
                with self._lock:
                    if not self._over.is_set():
                        self.has_interrupted = True
                        _interrupt_main_thread()
                return

    def stop(self) -> None:
        """No interrupt comes after this."""
        with self._lock:
            self._over.set()

    def end(self) -> None:
        """Like `stop`, and KeyboardInterrupt is raised in here when one is on its way."""
        self.stop()
        while self.has_interrupted:
            time.sleep(0.01)


def _interrupt_main_thread() -> None:
    """As Ctrl-C does; a real signal also ends a system call that waits."""
    if sys.platform == "win32":
        _thread.interrupt_main()
    else:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def _show(text: str) -> None:
    print(text, end="", flush=True)  # noqa: T201 - a conversation with the person at the terminal
