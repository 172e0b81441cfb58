"""Showing an address in a browser: what BROWSER may say, and that no browser gets hold of the terminal."""

import os
import sys
import threading
import webbrowser

import pytest

from psauth.auth import opening
from psauth.auth.opening import open_browser
from tests.flow.parts import wait_until

ADDRESS = "https://app.example/oauth/authorize?a=b&c=%73"
POSIX = pytest.mark.skipif(os.name != "posix", reason="scripts of POSIX")


@pytest.fixture
def program(tmp_path):
    """Makes a program that notes what it was called with; returns its path and what it noted."""

    def make(name, *lines):
        note = tmp_path / f"{name}.note"
        path = tmp_path / name
        noting = f"import sys, pathlib; pathlib.Path({str(note)!r}).write_text('|'.join(sys.argv[1:]))"
        path.write_text("\n".join([f"#!{sys.executable}", noting, *lines]) + "\n")
        path.chmod(0o700)
        return path, note

    return make


@pytest.fixture(autouse=True)
def no_default(monkeypatch):
    """Python finds no browser by itself; what still looks for one when a test ends is waited for, or it finds the next one's."""

    def get(using=None):
        raise webbrowser.Error("could not locate runnable browser")

    monkeypatch.setattr(webbrowser, "get", get)
    monkeypatch.setattr(webbrowser, "open", lambda url: False)
    yield
    wait_until(lambda: not _browsers(), why="the end of what looks for a browser")


def _browsers():
    return [thread for thread in threading.enumerate() if thread.name == "psauth-browser"]


@POSIX
@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("", ADDRESS),
        (" %s", ADDRESS),
        (" --new-tab %s --profile 'a b'", f"--new-tab|{ADDRESS}|--profile|a b"),
        (" --new-tab", f"--new-tab|{ADDRESS}"),
        (" --app=%s", f"--app={ADDRESS}"),
        (" %s &", ADDRESS),
    ],
)
def test_browser_is_a_command_with_arguments(program, monkeypatch, arguments, expected):
    path, note = program("my-browser")
    monkeypatch.setenv("BROWSER", f"{path}{arguments}")
    assert open_browser(ADDRESS)
    assert note.read_text() == expected


@POSIX
@pytest.mark.slow
def test_of_several_the_first_that_works_is_taken(program, monkeypatch):
    broken, _ = program("broken", "sys.exit(1)")
    good, note = program("good")
    last, unused = program("last")
    monkeypatch.setenv("BROWSER", os.pathsep.join(["no-such-program", "it's", str(broken), f"{good} %s", str(last)]))
    assert open_browser(ADDRESS)
    assert note.read_text() == ADDRESS
    assert not unused.exists()


@pytest.mark.parametrize("browser", ["", " ", os.pathsep, "no-such-program", "it's broken", "&"])
def test_where_browser_names_none_it_is_pythons_own(monkeypatch, browser):
    monkeypatch.setenv("BROWSER", browser)
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda url: opened.append(url) or True)
    assert open_browser(ADDRESS)
    assert opened == [ADDRESS]


@POSIX
@pytest.mark.slow
@pytest.mark.parametrize("name", ["w3m", "lynx", "links", "elinks", "www-browser"])
@pytest.mark.parametrize("line", ["{name}", "{path}", "{path} -o confirm_qq=0 %s", "{name} -g", "missing{sep}{name}"])
def test_a_text_browser_is_never_started(program, monkeypatch, tmp_path, name, line):
    path, note = program(name)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("BROWSER", line.format(name=name, path=path, sep=os.pathsep))
    assert not open_browser(ADDRESS)
    assert not note.exists()


@POSIX
def test_a_text_browser_by_another_name_is_never_started(program, monkeypatch, tmp_path):
    path, note = program("w3m")
    (tmp_path / "sensible").symlink_to(path)
    monkeypatch.setenv("BROWSER", str(tmp_path / "sensible"))
    assert not open_browser(ADDRESS)
    assert not note.exists()


@pytest.mark.parametrize("name", ["w3m", "/usr/bin/www-browser", "elinks"])
def test_a_text_browser_that_python_finds_is_never_started(monkeypatch, name):
    monkeypatch.setattr(webbrowser, "get", lambda: webbrowser.GenericBrowser(name))
    monkeypatch.setattr(webbrowser, "open", lambda url: pytest.fail("it was opened"))
    assert not open_browser(ADDRESS)


def test_a_browser_that_cannot_be_started_is_none(monkeypatch):
    def refuse(url):
        raise webbrowser.Error("no")

    monkeypatch.setattr(webbrowser, "open", refuse)
    assert not open_browser(ADDRESS)


@POSIX
@pytest.mark.slow
def test_a_browser_that_stays_is_not_waited_for(program, monkeypatch, tmp_path):
    end = tmp_path / "end"
    path, note = program("slow", f"import time\nwhile not pathlib.Path({str(end)!r}).exists(): time.sleep(0.05)")
    monkeypatch.setattr(opening, "PATIENCE", 0.3)
    monkeypatch.setenv("BROWSER", f"{path} %s")
    assert open_browser(ADDRESS)
    end.touch()
    wait_until(lambda: not _browsers(), why="the browser's end")
    assert note.read_text() == ADDRESS


def test_a_browser_that_keeps_python_waiting_is_taken_to_show_the_page(monkeypatch):
    over = threading.Event()
    monkeypatch.setattr(opening, "PATIENCE", 0.1)
    monkeypatch.setattr(opening, "_has_terminal", lambda: False)
    monkeypatch.setattr(webbrowser, "get", lambda using=None: object())
    monkeypatch.setattr(webbrowser, "open", lambda url: over.wait(20))
    try:
        assert open_browser(ADDRESS)
        assert not over.is_set()
    finally:
        over.set()


def test_a_look_for_a_browser_that_never_ends_holds_nobody_up(monkeypatch):
    over = threading.Event()
    monkeypatch.setattr(opening, "PATIENCE", 0.1)
    monkeypatch.setattr(webbrowser, "get", lambda using=None: over.wait(20))
    try:
        assert open_browser(ADDRESS)
        assert not over.is_set()
    finally:
        over.set()


def test_a_terminal_that_cannot_be_asked_is_none(monkeypatch):
    def fail(descriptor):
        raise OSError(9, "Bad file descriptor")

    monkeypatch.setattr(os, "isatty", fail)
    assert not opening._has_terminal()


@POSIX
@pytest.mark.parametrize("terminal", [True, False])
def test_beside_a_terminal_the_default_browser_is_started_without_it(monkeypatch, terminal):
    started = []
    monkeypatch.setattr(webbrowser, "get", lambda: object())
    monkeypatch.setattr(webbrowser, "open", lambda address: bool(started.append(["here", address])) or True)
    monkeypatch.setattr(opening, "_has_terminal", lambda: terminal)
    monkeypatch.setattr(opening, "_run", lambda command: bool(started.append(command)) or True)
    assert opening._open(ADDRESS)
    assert started == [[sys.executable, "-c", opening._OPEN, ADDRESS] if terminal else ["here", ADDRESS]]
