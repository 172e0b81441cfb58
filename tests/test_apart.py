"""A test in a process of its own fails as it would in this one, and is begun again where only the interpreter fell."""

import gc
import os
import signal
import threading

import pytest

from tests.apart import TIMES, apart


def test_what_it_leaves_behind_stays_there(monkeypatch):
    monkeypatch.setenv("LEFT", "before")

    @apart
    def leave(what):
        os.environ["LEFT"] = what

    leave("after")
    assert os.environ["LEFT"] == "before"


def test_it_fails_with_the_words_of_its_error():
    @apart
    def fail():
        raise KeyError("a wrong key")

    with pytest.raises(AssertionError, match="KeyError: 'a wrong key'"):
        fail()


def test_an_interpreter_that_fell_is_begun_again(tmp_path):
    @apart
    def fall_once():
        mark = tmp_path / "fallen"
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGSEGV)
        (tmp_path / "done").touch()

    fall_once()
    assert (tmp_path / "done").exists()


def test_one_that_stands_still_is_begun_again_and_at_last_says_where(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.apart.STANDS_STILL", 1.0)

    @apart
    def stand_still_where_nobody_comes():
        with (tmp_path / "begun").open("a") as file:
            file.write(".")
        threading.Event().wait()

    with pytest.raises(AssertionError, match=r"(?s)SIGABRT.*stand_still_where_nobody_comes") as error:
        stand_still_where_nobody_comes()
    assert (tmp_path / "begun").read_text() == "." * TIMES
    assert "test_apart.py" in str(error.value)


def test_garbage_of_the_first_process_is_not_taken_away_in_it(tmp_path):
    first = os.getpid()

    class Database:
        """Falls where another process than its own closes it, as those with threads do."""

        def __init__(self):
            self.itself = self

        def __del__(self):
            if os.getpid() != first:
                os.kill(os.getpid(), signal.SIGKILL)

    @apart
    def collect():
        gc.collect()
        (tmp_path / "done").touch()

    gc.disable()
    try:
        Database()
        collect()
    finally:
        gc.enable()
    assert (tmp_path / "done").exists()


@pytest.mark.parametrize(("how", "times"), [(signal.SIGSEGV, TIMES), (signal.SIGTERM, 1)])
def test_one_that_falls_each_time_fails_and_any_other_end_fails_at_once(tmp_path, how, times):
    @apart
    def end():
        with (tmp_path / "ends").open("a") as file:
            file.write(".")
        os.kill(os.getpid(), how)

    with pytest.raises(AssertionError, match=how.name):
        end()
    assert (tmp_path / "ends").read_text() == "." * times


def test_threads_of_this_process_go_on_meanwhile():
    asked, answered = os.pipe(), os.pipe()
    server = threading.Thread(target=lambda: os.write(answered[1], os.read(asked[0], 1).upper()), daemon=True)
    server.start()

    @apart
    def ask():
        os.write(asked[1], b"a")
        assert os.read(answered[0], 1) == b"A"

    ask()
    server.join(30)
    for end in (*asked, *answered):
        os.close(end)
