"""Random histories: whatever happens in the company and to the syncs, the copy is true in the end."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

import psauth
from psauth.mirror import sync
from tests.mirror.syncing.copies import Copy

FEW = settings(max_examples=3, stateful_step_count=10, suppress_health_check=list(HealthCheck))
MANY = settings(max_examples=60, stateful_step_count=40, suppress_health_check=list(HealthCheck))


class History(RuleBasedStateMachine):
    """A company that lives while syncs come, are stopped, and permissions are lost and regained."""

    @initialize(seed=st.integers(0, 50), search=st.sampled_from([None, 200, 15]), paged=st.booleans())
    def begin(self, seed, search, paged):
        self.box = psauth.Sandbox(runs=30, seed=seed).start()
        self.box.knobs.budget = 1_000_000
        self.box.knobs.search_limit, self.box.knobs.search_paged = search, paged
        self.copy = Copy(self.box, psauth.connect(settings=self.box.settings))
        self.person = self.box.company.staff.signers[0].email
        self.hidden, self.hidden_workflow = None, None

    @rule(steps=st.integers(1, 12), seed=st.integers(0, 1_000_000))
    def live(self, steps, seed):
        self.box.company.live(steps=steps, seed=seed)

    @rule(number=st.integers(0, 1000))
    @precondition(lambda self: self.hidden is None)
    def hide(self, number):
        runs = self.box.truth()["runs"]
        self.hidden = runs[number % len(runs)]["id"]
        self.box.company.hide_run(self.hidden, self.person)

    @rule()
    @precondition(lambda self: self.hidden is not None)
    def show(self):
        self.box.company.show_run(self.hidden, self.person)
        self.hidden = None

    @rule(number=st.integers(0, 11))
    @precondition(lambda self: self.hidden_workflow is None)
    def lose_permission(self, number):
        self.hidden_workflow = self.box.company.templates[number].id
        self.box.company.hide_workflow(self.hidden_workflow, self.person)

    @rule()
    @precondition(lambda self: self.hidden_workflow is not None)
    def regain_permission(self):
        self.box.company.show_workflow(self.hidden_workflow, self.person)
        self.hidden_workflow = None

    @rule()
    def sync(self):
        assert self.copy.sync().stopped is None

    @rule(requests=st.integers(1, 200), full=st.booleans())
    def sync_and_stop(self, requests, full):
        self.copy.ps.sync(full=full, progress=lambda done, total: done < requests)

    def teardown(self):
        if not hasattr(self, "copy"):
            return
        try:
            if self.hidden is not None:
                self.show()
            if self.hidden_workflow is not None:
                self.regain_permission()
            self.copy.sync()
            assert self.copy.sync(full=True).is_complete
            assert self.copy.differences() == []
            assert self.copy.sync().tables == {}
        finally:
            self.copy.ps.close()
            self.box.stop()


def test_random_histories(monkeypatch):
    monkeypatch.setattr(sync, "publish", lambda *_, **__: None)
    run_state_machine_as_test(History, settings=FEW)


@pytest.mark.soak
def test_many_random_histories(monkeypatch):
    monkeypatch.setattr(sync, "publish", lambda *_, **__: None)
    run_state_machine_as_test(History, settings=MANY)
