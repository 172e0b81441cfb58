"""Long-lived processes that do the same thing at the same moment, one round after another; and what they do."""

import contextlib
import multiprocessing
import os
import signal
import sqlite3
import threading
from dataclasses import replace
from pathlib import Path

from psauth import AuthorizationFlow, ProcessStreet, PsauthError, Vault
from psauth.api.transport import Transport
from psauth.auth.discovery import service_for_oauth
from psauth.auth.renewal import renew
from psauth.auth.revocation import disconnect

PATIENCE = 60
LOG = 100_000
"""Bytes; more than the file in which SQLite's processes share an index, which must be able to come into being."""


class Crew:
    """`size` processes with settings of their own copy; a job is a function of this module and its arguments."""

    def __init__(self, size, settings):
        # Spawned, not forked: the sandbox lives in threads of this process, which a fork would copy half-way.
        context = multiprocessing.get_context("spawn")
        self.wires, self.processes = [], []
        for number in range(size):
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(number, settings, theirs), daemon=True)
            process.start()
            theirs.close()
            self.wires.append(ours)
            self.processes.append(process)
        self.answers()

    def begin(self, job, *args):
        """Let everybody begin; they stand ready, so the orders arrive within a millisecond."""
        for wire in self.wires:
            wire.send((job.__name__, args))

    def answers(self):
        """What each of them brought: a value, or the name and text of an error of psauth."""
        brought = []
        for wire in self.wires:
            assert wire.poll(PATIENCE), "one of the crew hangs"
            brought.append(wire.recv())
        return brought

    def together(self, job, *args):
        self.begin(job, *args)
        return self.answers()

    def kill(self, number):
        """kill -9, and wait until the process is gone."""
        os.kill(self.processes[number].pid, signal.SIGKILL)
        self.processes[number].join(PATIENCE)

    def dismiss(self):
        for process in self.processes:
            if process.is_alive():
                process.kill()
            process.join(PATIENCE)
            process.close()
        for wire in self.wires:
            wire.close()


class Worker:
    """What one process keeps between rounds."""

    def __init__(self, number, settings):
        self.number, self.settings = number, settings
        self.vault = Vault.open(settings)
        self.kept = None


def _work(number, settings, wire):
    worker = Worker(number, settings)
    wire.send("ready")
    with contextlib.suppress(EOFError, KeyboardInterrupt):
        while True:
            job, args = wire.recv()
            try:
                wire.send(("done", globals()[job](worker, *args)))
            except PsauthError as error:
                wire.send((type(error).__name__, str(error)))


# Jobs ---------------------------------------------------------------------------------------------------------------


def fresh_client(worker):
    return ProcessStreet(Transport(worker.vault.read(), worker.vault))


def read_users(worker):
    """Every other one with a client made just now, which sees the expiry; the others with an old one, which see a 401."""
    if worker.number % 2:
        worker.kept = worker.kept or fresh_client(worker)
        client = worker.kept
    else:
        client = fresh_client(worker)
    users = sorted(user["id"] for user in client.iterate("/users"))
    return users, client.connection.revision


def read_tasks(worker, runs):
    with fresh_client(worker) as client:
        return len(client.tasks(runs=runs, progress=False))


def refresh(worker):
    with fresh_client(worker) as client:
        return client.refresh().revision


def renew_when_expired(worker):
    """What each request does first: a token that is about to end is renewed, by one process for all."""
    stored = worker.vault.read()
    if stored.token.is_expired():
        stored = renew(worker.vault, stored)
    return f"{stored.token.access_token}"  # plain: a Secret leaves no process


def finish(worker, address):
    return AuthorizationFlow(worker.settings, worker.vault).finish(address).id


def hang_before_sending(worker, sign):
    """Get as far as the request of a refresh, and hang there with the lock."""
    from psauth.auth import token_endpoint

    token_endpoint.post = lambda *_: _hang(sign)
    refresh(worker)


def hang_before_storing(worker, sign):
    """Get as far as the answer of a refresh, and hang before it is kept."""
    worker.vault.renew = lambda *_: _hang(sign)
    refresh(worker)


def write_without_end(worker, sign):
    """Store one token after another under the lock; a line in `told` for each that was stored."""
    with open(sign, "a", buffering=1) as lines:
        while True:
            with worker.vault.lock("default"):
                stored = worker.vault.read()
                number = int(stored.token.access_token) + 1
                token = replace(stored.token, access_token=str(number), refresh_token=str(number))
                worker.vault.renew(stored, token)
                lines.write(f"{number}\n")


def refresh_on_a_full_disk(worker):
    """The vault's log may not grow any more, as on a full disk, while everything can still be read; then it may again."""
    import resource

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    reader = sqlite3.connect(worker.vault.place, isolation_level=None)
    try:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM meta").fetchall()  # from here on the log is not taken back
        log = Path(f"{worker.vault.place}-wal")
        while not log.exists() or log.stat().st_size < LOG:
            worker.vault.attempt(worker.vault.read())
        resource.setrlimit(resource.RLIMIT_FSIZE, (LOG, before[1]))
        return refresh(worker)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        reader.close()


def _hang(sign):
    with open(sign, "w") as file:
        file.write("here")
    threading.Event().wait()


# Jobs across a proxy ------------------------------------------------------------------------------------------------


def read_runs(worker, workflow):
    with fresh_client(worker) as client:
        runs = client.runs(workflow=workflow, progress=False)
        return sorted(runs["run_id"])


def start_run(worker, workflow, name):
    with fresh_client(worker) as client:
        return client.start_run(workflow, name=name)


def log_out(worker):
    return disconnect(worker.vault).revoked


def discover(worker, issuer):
    return service_for_oauth(
        worker.settings.with_(authorize_url="", token_url="", revoke_url="", issuer=issuer)
    ).token_url


def peak_memory(worker):
    """Bytes this process has had at most. Not ru_maxrss: that begins with what the process it came from had."""
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))
