"""Ctrl-C in a long read, by a real signal to a real process: it ends at once, whatever it was waiting for."""

import signal
import subprocess
import time

import pytest

from tests.flow.parts import PYTHON, environment, wait_until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows sends no SIGINT to one process alone"),
]

READ = """
import psauth

ps = psauth.connect(interactive=False)
ps.tasks(runs=ps.runs())
print("read to the end")
"""
HELD = 60.0
"""Seconds for which the service says nothing: whoever waited for an answer would come out of it too late."""
SOON = 20.0
START = 60.0
"""Seconds until a new process is in the middle of its read; a busy machine takes its time."""


@pytest.fixture
def reader(box, connected):
    process = subprocess.Popen(
        [PYTHON, "-c", READ],
        env=environment(box.settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process
    if process.poll() is None:
        process.kill()
    process.communicate()


def tasks_asked(box):
    return box.requests.matching("/v1/workflow-runs/", method="GET")


def held_answers(box):
    """Every list of tasks is asked for and stays without an answer."""
    box.knobs.fault("/v1/workflow-runs/", "delay", skip=22, times=999, seconds=HELD)
    return lambda: len(box.knobs.faults) and box.knobs.faults[0].times <= 999 - 8


def used_up_budget(box):
    """The budget is used up in the middle of the read, and the next begins in an hour."""
    box.knobs.budget, box.knobs.window = 12, 3600.0
    return lambda: len([r for r in box.requests if r.path.startswith("/v1/")]) >= 8


@pytest.mark.parametrize("waits_for", [held_answers, used_up_budget])
def test_ctrl_c_ends_a_long_read_at_once(box, reader, waits_for):
    wait_until(waits_for(box), seconds=START, why="the middle of the read")
    time.sleep(0.3)  # into the wait itself; the signal may come at any moment, this only makes it the likely one
    reader.send_signal(signal.SIGINT)
    out, err = reader.communicate(timeout=SOON)
    assert "KeyboardInterrupt" in err
    assert "read to the end" not in out
    asked = len(box.requests)
    assert reader.returncode != 0
    assert len(box.requests) == asked
