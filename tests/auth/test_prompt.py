"""Asking for a line while the answer may come another way: in a notebook, at a Windows console, at a terminal."""

import os
import signal
import sys
import threading
import time
import types

import pytest

from psauth.auth import prompt
from psauth.auth.prompt import ask
from psauth.exceptions import LoginRequired

NOT_YET = types.SimpleNamespace(isatty=lambda: True)


def soon():
    return time.monotonic() + 0.5


def later():
    return time.monotonic() + 30


@pytest.fixture
def typing(monkeypatch):
    """Lets input() be what a test says; stdin is no terminal that could be watched."""

    def let(read):
        monkeypatch.setattr("builtins.input", read)
        monkeypatch.setattr(sys, "stdin", NOT_YET)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's `pytest &` has it ignored
    yield let
    signal.signal(signal.SIGINT, before)


def endless(_):
    while True:
        time.sleep(0.01)


def test_a_line_is_a_secret(typing):
    typing(lambda _: "http://localhost/?code=abc")
    line = ask("? ", lambda: False, later())
    assert line == "http://localhost/?code=abc"
    assert "abc" not in repr(line)


def test_an_answer_that_comes_another_way_ends_the_asking(typing):
    typing(endless)
    arrived = threading.Event()
    threading.Timer(0.3, arrived.set).start()
    assert ask("? ", arrived.is_set, later()) is None


def test_the_end_of_the_time_ends_the_asking(typing):
    typing(endless)
    assert ask("? ", lambda: False, soon()) is None


def test_a_line_and_an_answer_at_once_leave_no_interrupt_behind(typing):
    arrived = threading.Event()

    def read(_):
        arrived.set()
        time.sleep(prompt.LOOK_EVERY)
        return "a line"

    typing(read)
    for _ in range(10):
        arrived.clear()
        try:
            assert ask("? ", arrived.is_set, later()) in ("a line", None)
        finally:
            time.sleep(0.02)  # an interrupt that were still on its way would come here


def test_ctrl_c_is_ctrl_c(typing):
    def read(_):
        signal.raise_signal(signal.SIGINT)
        endless(_)

    typing(read)
    with pytest.raises(KeyboardInterrupt):
        ask("? ", lambda: False, later())


def test_where_nothing_can_be_interrupted_input_alone_is_waited_for(typing):
    typing(lambda _: "typed")
    lines = []
    thread = threading.Thread(target=lambda: lines.append(ask("? ", lambda: True, later())))
    thread.start()
    thread.join(10)
    assert lines == ["typed"]


def test_somebody_elses_handler_of_ctrl_c_is_left_alone(typing, monkeypatch):
    typing(lambda _: time.sleep(prompt.LOOK_EVERY * 3) or "typed")
    heard = []
    before = signal.signal(signal.SIGINT, lambda *_: heard.append(1))
    try:
        assert ask("? ", lambda: True, later()) == "typed"
    finally:
        signal.signal(signal.SIGINT, before)
    assert heard == []


@pytest.mark.parametrize("error", [EOFError(), RuntimeError("no stdin")])
def test_nobody_to_ask_is_a_login_required(typing, error):
    def read(_):
        raise error

    typing(read)
    with pytest.raises(LoginRequired, match="none can be asked here"):
        ask("? ", lambda: False, later())


# A Windows console ----------------------------------------------------------------------------------------------------


class Keys:
    """A stand-in for msvcrt: keys that were pressed, one by one."""

    def __init__(self, keys):
        self.keys = list(keys)

    def kbhit(self):
        return bool(self.keys)

    def getwch(self):
        return self.keys.pop(0)


@pytest.fixture
def console(monkeypatch):
    def press(keys):
        pressed = Keys(keys)
        monkeypatch.setitem(sys.modules, "msvcrt", pressed)
        return pressed

    return press


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ("http://a/?code=1\r", "http://a/?code=1"),
        ("ab\bc\r", "ac"),
        ("\b\bx\n", "x"),
        ("\xe0Kx\x00;y\r", "xy"),
        ("a\x1bb\r", "ab"),
        ("\r", ""),
    ],
)
def test_keys_of_a_console_are_a_line(console, capsys, keys, line):
    console(keys)
    assert prompt._ask_console("? ", lambda: False, later()) == line
    assert capsys.readouterr().out.startswith("? ")


def test_an_answer_that_comes_another_way_ends_the_asking_at_a_console(console):
    console("half a line")
    assert prompt._ask_console("? ", lambda: True, later()) is None
    assert prompt._ask_console("? ", lambda: False, time.monotonic()) is None


def test_ctrl_c_at_a_console_is_ctrl_c(console):
    console("ab\x03")
    with pytest.raises(KeyboardInterrupt):
        prompt._ask_console("? ", lambda: False, later())


# A terminal -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def screen(monkeypatch):
    """A pseudo-terminal as stdin; the person's end of it."""
    import pty

    person, there = pty.openpty()
    with os.fdopen(there, "r", encoding="utf-8", closefd=True) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        yield person
    os.close(person)


def test_a_line_at_a_terminal(screen):
    os.write(screen, "first ü\nsecond\n".encode())
    assert ask("? ", lambda: False, later()).strip() == "first ü"
    assert ask("? ", lambda: False, later()).strip() == "second"


def test_an_answer_that_comes_another_way_ends_the_asking_at_a_terminal(screen):
    os.write(screen, b"half a line")
    assert ask("? ", lambda: True, later()) is None
    assert ask("? ", lambda: False, soon()) is None


def test_ctrl_d_at_a_terminal_is_nobody(screen):
    os.write(screen, b"\x04")
    with pytest.raises(LoginRequired):
        ask("? ", lambda: False, later())


@pytest.mark.skipif(os.name != "posix", reason="Windows has no terminals of POSIX")
def test_what_is_no_terminal_of_this_program_is_not_in_the_background():
    reader, writer = os.pipe()
    try:
        assert not prompt._is_in_background(reader)
    finally:
        os.close(reader)
        os.close(writer)
