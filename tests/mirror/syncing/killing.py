"""Syncs in processes of their own, killed at random moments."""

import signal
import subprocess
import time


def killed_after(box, process, requests):
    """Kill a sync when it has sent so many more requests; whether that was before its end."""
    until = len(box.requests) + requests
    while process.poll() is None and len(box.requests) < until:
        time.sleep(0.002)
    if process.poll() is not None:
        assert process.returncode == 0, process.stderr.read()
        return False
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    return True


def killed_within(process, seconds):
    """Kill a sync after so long, whatever it is about by then; whether that was before its end."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait(30)
        return True
    assert process.returncode == 0, process.stderr.read()
    return False


def run_with_kills(box, begin, rng, *, least=100, most=300, faults=False, longest=None):
    """Syncs, each killed at a random moment, until one comes to its end; how many were killed.

    `longest`: one in three is killed by the clock, after so many seconds at most, which may be while it publishes.
    """
    for kills in range(10_000):
        if faults:
            kind = rng.choice(["reset", "truncate", "status", "status"])
            box.knobs.fault(
                "/v1/", kind, status=rng.choice([500, 503]), times=rng.randint(1, 3), skip=rng.randint(0, 40)
            )
        if longest is not None and rng.random() < 1 / 3:
            was_killed = killed_within(begin(), rng.uniform(0.0, longest))
        else:
            was_killed = killed_after(box, begin(), rng.randint(least, most))
        if not was_killed:
            return kills
    raise AssertionError("no sync came to its end")
