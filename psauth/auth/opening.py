"""Opening: an address shown in the browser of this machine, never in the terminal that asked for it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import threading
import webbrowser
from typing import Final

TEXT_BROWSERS: Final = frozenset(
    [
        "browsh",
        "carbonyl",
        "cha",
        "edbrowse",
        "elinks",
        "elinks-lite",
        "links",
        "links2",
        "lynx",
        "netrik",
        "retawq",
        "w3m",
        "www-browser",
    ]
)
"""Browsers that run inside a terminal. A consent page needs scripts, which most of them lack."""
PATIENCE: Final = 5.0
"""Seconds in which a browser that cannot be started says so. One that still runs then is taken to show the page."""
_OPEN: Final = "import sys, webbrowser; sys.exit(not webbrowser.open(sys.argv[1]))"


def open_browser(address: str) -> bool:
    """Show `address` in a browser; False when there is none, or none but a text browser.

    BROWSER is obeyed: several commands between colons (on Windows semicolons), each with arguments of its own, where
    `%s` stands for the address.
    """
    commands = _commands(os.environ.get("BROWSER", ""))
    if any(_is_text(command[0]) for command in commands):
        return False
    return any(_run([word.replace("%s", address) for word in command]) for command in commands) or _default(address)


def _commands(browsers: str) -> list[list[str]]:
    commands = []
    for line in browsers.split(os.pathsep):
        try:
            words = shlex.split(line.removesuffix("&"), posix=os.name == "posix")
        except ValueError:  # a quotation mark without its partner
            continue
        if words:
            commands.append(words if any("%s" in word for word in words) else [*words, "%s"])
    return commands


def _is_text(program: str) -> bool:
    names = {os.path.basename(program), os.path.basename(os.path.realpath(shutil.which(program) or program))}
    return not TEXT_BROWSERS.isdisjoint(names)


def _default(address: str) -> bool:
    """The browser that Python finds by itself, which may run other programs to find it, and wait for them."""
    answers: list[bool] = []
    thread = threading.Thread(target=lambda: answers.append(_open(address)), name="psauth-browser", daemon=True)
    thread.start()
    thread.join(2 * PATIENCE)
    return answers[0] if answers else thread.is_alive()


def _open(address: str) -> bool:
    try:
        if _is_text(getattr(webbrowser.get(), "name", "")):
            return False
        if os.name == "posix" and sys.executable and _has_terminal():
            # In a process without a terminal: what Python starts may end up with a text browser (xdg-open does).
            return _run([sys.executable, "-c", _OPEN, address])
    except webbrowser.Error:
        pass
    try:
        return bool(webbrowser.open(address))
    except webbrowser.Error:
        return False


def _has_terminal() -> bool:
    return any(_is_terminal(descriptor) for descriptor in (0, 1, 2))


def _is_terminal(descriptor: int) -> bool:
    try:
        return os.isatty(descriptor)
    except OSError:
        return False


def _run(command: list[str]) -> bool:
    """Start a program in a session of its own, where it can neither read nor write the terminal."""
    nothing = subprocess.DEVNULL
    try:
        process = subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True)  # noqa: S603 - the person's own BROWSER
    except OSError:
        return False
    try:
        return process.wait(PATIENCE) == 0
    except subprocess.TimeoutExpired:
        threading.Thread(target=process.wait, name="psauth-browser", daemon=True).start()
        return True
