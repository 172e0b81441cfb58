"""The door: what is raised behind it leaves without its frames, its context, and what a library has put into it."""

import errno
import json
import sys
import traceback

import pytest

from psauth import Settings
from psauth.exceptions import SettingsError
from psauth.secret import Secret, SecretBytes, door
from tests.apart import apart
from tests.interrupting import Interrupted, Search

PLAIN = "hunter2-hunter2"


def read_json(text):
    return json.loads(text)


def encode(text):
    return (text + "é").encode("ascii")


def raise_ours(text):
    try:
        raise ValueError(text)
    except ValueError as error:
        raise SettingsError("A setting is wrong.") from error


def open_nothing(text):
    with open(f"/nowhere/{text}"):
        pass


def leave(text):
    sys.exit(3)


def interrupt(text):
    raise KeyboardInterrupt


def bare_error(function):
    """What a caller gets of an error, called with a secret."""
    plain = PLAIN
    with pytest.raises(BaseException) as caught:
        door(function)(Secret(plain))
    return caught.value


@pytest.mark.parametrize(
    ("function", "kind"),
    [
        (read_json, ValueError),
        (encode, ValueError),
        (raise_ours, SettingsError),
        (open_nothing, OSError),
        (leave, SystemExit),
        (interrupt, KeyboardInterrupt),
        (lambda text: {}[text], KeyError),
        (lambda text: [][int(text)], ValueError),
        (lambda text: text / 1, TypeError),
    ],
)
def test_what_is_raised_behind_it_is_of_the_same_kind_and_holds_nothing(function, kind):
    error = bare_error(function)
    assert isinstance(error, kind)
    assert error.__cause__ is None
    assert error.__context__ is None
    frames = [frame.f_code.co_name for frame, _ in traceback.walk_tb(error.__traceback__)]
    assert function.__name__ not in frames
    search = Search({"it": PLAIN})
    search.error(error)
    assert search.found == []


def test_errors_of_psauth_keep_their_words_and_others_their_name_and_place():
    assert str(bare_error(raise_ours)) == "A setting is wrong."
    assert "JSONDecodeError at " in str(bare_error(read_json))
    assert bare_error(open_nothing).errno == errno.ENOENT
    assert bare_error(leave).code == 3
    assert str(bare_error(interrupt)) == ""


def test_what_is_returned_passes():
    assert door(lambda a, *, b: (a, b))(1, b=2) == (1, 2)
    assert door(read_json)("null") is None


def handle(text):
    """A library that handles an error of its own, looks back, and fails again."""
    try:
        plain = str(text)
        raise ValueError(plain)
    except ValueError as error:
        words = str(error)
        try:
            raise TypeError(words)
        finally:
            words = words.upper()


@pytest.mark.parametrize("function", [read_json, encode, raise_ours, handle])
@apart
def test_an_interrupt_at_any_line_of_it_or_behind_it_shows_nothing(monkeypatch, function):
    monkeypatch.setattr("tests.interrupting.OURS", "/tests/interrupting.py")
    passing = door(function)
    secret = Secret(PLAIN)
    Interrupted(lambda: passing(secret))  # what is made once is made
    lines = len(Interrupted(lambda: passing(secret)).places)
    assert lines > 8
    found = []
    for moment in range(1, lines + 1):
        run = Interrupted(lambda: passing(secret), moment)
        if run.place is None:
            continue  # a finalizer of something else had run among the lines that were counted
        assert isinstance(run.error, KeyboardInterrupt), run.place
        search = Search({"it": PLAIN})
        search.error(run.error)
        found += [(what, run.place) for what in search.found]
    assert found == []


@apart
def test_the_search_finds_what_has_no_door(monkeypatch):
    monkeypatch.setattr("tests.interrupting.OURS", "/tests/interrupting.py")
    secret = Secret(PLAIN)
    lines = len(Interrupted(lambda: handle(secret)).places)
    found = set()
    for moment in range(1, lines + 1):
        search = Search({"it": PLAIN})
        search.error(Interrupted(lambda: handle(secret), moment).error)
        found |= set(search.found)
    assert any("plain" in what for what in found)
    assert any("context of" in what for what in found)


def test_what_is_made_of_a_secret_is_one_too():
    secret = Secret("  hunter2 ")
    made = [
        "a" + secret,
        secret + "a",
        secret.strip(),
        secret.encode(),
        secret.encode().decode(),
        secret.encode() + b"a",
    ]
    assert "hunter2" not in repr(made) + "".join(str(m) for m in made if isinstance(m, bytes))
    assert [type(m) for m in made] == [Secret, Secret, Secret, SecretBytes, Secret, SecretBytes]
    assert made[2] == "hunter2"


@apart
def test_plain_keywords_of_settings_stand_in_their_first_line_alone():
    keywords = {
        "client_secret": PLAIN,
        "api_key": "key-" + PLAIN,
        "env_file": None,
        "secrets": {"client_secret": PLAIN, "PSAUTH_API_KEY": PLAIN, "unknown": PLAIN},
    }
    lines = Interrupted(lambda: Settings(**keywords)).places
    found = []
    for moment in range(2, len(lines) + 1):
        run = Interrupted(lambda: Settings(**keywords), moment)
        search = Search({"it": PLAIN})
        search.error(run.error)
        found += [(what, run.place) for what in search.found]
    assert found == []
