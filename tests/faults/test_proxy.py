"""Whatever a network between psauth and the service does: every call ends, nothing swells, nothing is done twice."""

import random

import pytest

from psauth import AuthorizationFlow, Vault
from psauth.exceptions import ApiError, AuthorizationError, LoginRequired
from tests.faults import crew
from tests.faults.proxy import KINDS, Proxy

SECONDS = 2
"""The total time of a request here."""
MOST_MEMORY = 300 * 2**20
"""Bytes that the process which talks may come to, pandas and all."""
QUICK, ALL = 15, 400


def family(kind):
    """What an error of psauth may be called."""
    return {kind.__name__}.union(*map(family, kind.__subclasses__()))


NAMES = {"done", "SettingsError"}.union(*map(family, (ApiError, AuthorizationError, LoginRequired)))
"""What a call may end with."""
SPOILT = {"garble head", "garble body", "duplicate answer"}
"""After these the answer may be another one, and nothing in HTTP/1.1 could tell."""


class Stand:
    """A sandbox, the proxy before it, and one process that talks to it as an analyst's notebook would."""

    def __init__(self, box, proxy, make_crew):
        self.box, self.proxy, self.started = box, proxy, 0
        box.knobs.budget = 10**6
        settings = box.settings.with_(
            issuer="",
            authorize_url=f"{box.url}/oauth/authorize",
            token_url=f"{proxy.url}/oauth/token",
            revoke_url=f"{proxy.url}/oauth/revoke",
            api_url=f"{proxy.url}/v1",
            total_time=SECONDS,
        )
        self._flow = AuthorizationFlow(settings, Vault.open(settings))
        self.workflow = box.company.templates[0].id
        self._crew = make_crew(1, settings)
        self.log_in()
        self.runs = self.do(crew.read_runs, self.workflow)[1]

    def do(self, job, *arguments):
        """The outcome of a job: "done" and its value, or the name of an error and its text."""
        return self._crew.together(job, *arguments)[0]

    def callback(self):
        return self.box.login(self._flow.begin())

    def log_in(self):
        assert self.do(crew.finish, self.callback())[0] == "done"

    def named(self, name):
        return [run.id for run in self.box.company.runs if run.name == name]

    # The ways: what is done over the network, with what is wrong about the outcome ------------------------------------

    def read(self, fault):
        self.proxy.fault(fault, "/v1/workflow-runs", **self.fate)
        outcome = self.do(crew.read_runs, self.workflow)
        assert outcome[0] != "done" or fault in SPOILT or outcome[1] == self.runs
        return outcome

    def write(self, fault):
        self.started += 1
        name = f"Run number {self.started}"
        self.proxy.fault(fault, "/v1/workflow-runs", **self.fate)
        outcome = self.do(crew.start_run, self.workflow, name)
        there = self.named(name)
        assert len(there) <= 1, "started once or not at all"
        if fault not in SPOILT:
            assert outcome[0] != "done" or there == [outcome[1]]
            assert there == [] or outcome[0] in ("done", "OutcomeUnknown")
        self.runs = sorted([*self.runs, *there])
        return outcome

    def exchange(self, fault):
        address = self.callback()
        self.proxy.fault(fault, "/oauth/token", **self.fate)
        return self.do(crew.finish, address)

    def refresh(self, fault):
        self.proxy.fault(fault, "/oauth/token", **self.fate)
        return self.do(crew.refresh)

    def revoke(self, fault):
        self.proxy.fault(fault, "/oauth/revoke", **self.fate)
        return self.do(crew.log_out)

    def discover(self, fault):
        self.proxy.fault(fault, "/.well-known", **self.fate)
        return self.do(crew.discover, self.proxy.url)

    def suffer(self, seed):
        """One way, one fault, and whether all is well afterwards."""
        chance = random.Random(seed)
        way = chance.choice([self.read, self.write, self.exchange, self.refresh, self.revoke, self.discover])
        fault = KINDS[seed % len(KINDS)]
        self.fate = {"seed": seed, "times": chance.choice([1, 1, 2, 99]), "seconds": chance.choice([0.05, 0.5])}
        outcome = way(fault)
        self.proxy.calm()
        assert outcome[0] in NAMES, f"seed {seed}: {way.__name__}, {fault}: {outcome}"
        again = self.do(crew.read_runs, self.workflow)
        if again[0] == "LoginRequired":
            self.log_in()
            again = self.do(crew.read_runs, self.workflow)
        assert again == ("done", self.runs), f"seed {seed}: {way.__name__}, {fault}"


@pytest.fixture
def stand(box, make_crew):
    with Proxy(box.url) as proxy:
        yield Stand(box, proxy, make_crew)


def test_every_call_over_a_bad_network_ends_and_does_no_harm(stand):
    for seed in range(QUICK):
        stand.suffer(seed)
    assert stand.do(crew.peak_memory)[1] < MOST_MEMORY


@pytest.mark.soak
@pytest.mark.parametrize("part", range(8))
def test_every_call_over_a_bad_network_ends_and_does_no_harm_at_length(stand, part):
    each = ALL // 8
    for seed in range(QUICK + part * each, QUICK + (part + 1) * each):
        stand.suffer(seed)
    assert stand.do(crew.peak_memory)[1] < MOST_MEMORY
