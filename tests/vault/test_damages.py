"""Vaults damaged at random, by a fixed seed: a VaultError or the right answer, whatever is asked, and nothing else."""

import json
import random
import shutil
import tempfile
import warnings
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from psauth import Vault, VaultError
from psauth.api.governor import VaultKeeper
from psauth.cli.status import find_credentials, make_report
from tests.vault.damages import draw
from tests.vault.parts import await_callback, posix

pytestmark = [posix, pytest.mark.slow]

SEED = 8
LEDGER = json.dumps({"limit": 2500, "used": 3})
STATES = ["state-1", "state-2", "state-3"]


@pytest.fixture
def bare(settings):
    """Settings whose key lies in a file beside the vault."""
    return settings.with_(secret_key="")


@pytest.fixture
def whole(bare, service, make_token):
    """The folder of a vault with everything in it, and what is right to answer about it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        vault = Vault.open(bare)
    vault.connect("default", service, token=make_token(), label="Lindqvist")
    vault.connect("acme", service, token=make_token(access_token="access-acme", refresh_token="r" * 6000), label="Acme")
    vault.connect("robot", service, api_key="key-Rt55")
    vault.connect("over", service, token=make_token(access_token="access-over"))
    vault.end(vault.read("over"), "the service has ended it")
    for number in range(12):
        token = make_token(access_token=f"access-{number}-" + "a" * 900)
        vault.connect(f"many-{number}", service, token=token, label=f"Label {number}")
    for state in STATES:
        await_callback(vault, service, state, browser=f"browser of {state}", verifier=f"verifier of {state}")
    await_callback(vault, service, "spent")
    vault.consume("spent")
    vault.amend_budget("ledger", lambda _: (LEDGER, None))
    stored = [vault.read(connection.account) for connection in vault.connections()]
    answers = {one.connection.account: replace(one, connection=uncounted(one.connection)) for one in stored}
    return bare.home_path, answers, {state: vault.pending(state) for state in STATES}


def ask(settings, answers, pending):
    """Ask a vault everything; how many of the questions were answered. AssertionError for a wrong answer."""
    answered = refused = 0

    def ask_one(question):
        nonlocal answered, refused
        try:
            answer = question()
        except VaultError as error:
            refused += 1
            faults = ["more than one line"] if "\n" in str(error) else []
        else:
            answered += 1
            return answer
        assert faults == []
        return None

    vault = ask_one(lambda: Vault.open(settings))
    if vault is None:
        return answered, refused
    right = [answers[account].connection for account in sorted(answers)]
    if (connections := ask_one(vault.connections)) is not None:
        assert [uncounted(c) for c in connections] == right, "a silent loss, or another row's data"
    for account in answers:
        check(vault, account, answers, ask_one)
        ask_one(lambda account=account: vault.stamp(account))
    assert ask_one(lambda: vault.find("nobody")) is None
    for state, waiting in pending.items():
        assert ask_one(lambda state=state: vault.pending(state)) in (None, waiting)
        ask_one(lambda state=state: vault.was_spent(state))
    assert ask_one(lambda: vault.amend_budget("ledger", lambda text: (text or LEDGER, text))) in (None, LEDGER)
    ask_one(lambda: VaultKeeper(vault, "ledger").amend(lambda ledger: (ledger, ledger)))
    ask_one(lambda: make_report(settings, vault, ask=False))
    ask_one(lambda: find_credentials(settings, vault))
    change(vault, answers, ask_one)
    return answered, refused


def change(vault, answers, ask_one):
    """What writes. A connection that was not touched is still the right one, or refused."""
    default, acme = answers["default"], answers["acme"]

    def within_a_lock():
        with vault.lock("default", timeout=0.1):
            return vault.holder("default")

    ask_one(within_a_lock)
    ask_one(lambda: vault.attempt(default))
    ask_one(lambda: vault.name(default.connection, "Another label"))
    renewed = ask_one(lambda: vault.renew(default, acme.token))
    assert renewed is None or (renewed.token, renewed.service) == (acme.token, default.service)
    ask_one(lambda: vault.end(default, "why"))
    ask_one(lambda: await_callback(vault, default.service, "state-9", browser="b"))
    for state in [*STATES, "state-9"]:
        ask_one(lambda state=state: vault.consume(state))
    ask_one(lambda: vault.connect("another", default.service, api_key="key"))
    ask_one(lambda: vault.forget("many-5"))
    ask_one(vault.rotate)
    for account in ("acme", "robot"):
        check(vault, account, answers, ask_one)


def check(vault, account, answers, ask_one):
    """AssertionError when the connection of an account is missing without a word, or is not the one that was stored."""
    if (found := ask_one(lambda: (vault.find(account),))) is not None:
        assert found[0] is not None, "a silent loss"
        assert replace(found[0], connection=uncounted(found[0].connection)) == answers[account], "another row's data"


def uncounted(connection):
    """The same without the count of its changes, which is bound to nothing: it only tells that something changed."""
    return replace(connection, revision=0)


def damage_many(whole, bare, count, seed):
    folder, answers, pending = whole
    kinds, faults = Counter(), []
    fast = "/dev/shm" if Path("/dev/shm").is_dir() else None
    for number in range(count):
        chance = random.Random(f"{seed} {number}")
        kind, damage = draw(chance)
        with tempfile.TemporaryDirectory(dir=fast) as place:
            home = Path(place) / "home"
            shutil.copytree(folder, home)
            damage(home)
            try:
                _, refused = ask(bare.with_(home=str(home)), answers, pending)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is a fault
                faults.append(f"damage {number} of seed {seed} ({kind}): {error!r:.600}")
            else:
                kinds[kind, refused > 0] += 1
    assert faults == []
    return kinds


def test_two_hundred_and_fifty_damages_are_refused_or_harmless(bare, whole):
    kinds = damage_many(whole, bare, 250, SEED)
    assert sum(count for (_, refused), count in kinds.items() if refused) > 100, "most of them matter"


@pytest.mark.soak
def test_two_thousand_damages_are_refused_or_harmless(bare, whole):
    damage_many(whole, bare, 2_000, SEED + 1)
