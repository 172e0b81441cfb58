"""Syncs in processes of their own, killed at random moments."""

import signal
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


def run_with_kills(box, begin, rng, *, least=100, most=300, faults=False):
    """Syncs, each killed at a random moment, until one comes to its end; how many were killed."""
    for kills in range(10_000):
        if faults:
            kind = rng.choice(["reset", "truncate", "status", "status"])
            box.knobs.fault(
                "/v1/", kind, status=rng.choice([500, 503]), times=rng.randint(1, 3), skip=rng.randint(0, 40)
            )
        if not killed_after(box, begin(), rng.randint(least, most)):
            return kills
    raise AssertionError("no sync came to its end")
