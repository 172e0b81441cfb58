"""Objects that hold secrets, shown in every way that a program has: vars, dataclasses, JSON, copies, formats."""

import copy
import dataclasses
import json
import pickle

import pytest

import psauth
from psauth import AuthorizationFlow, Settings, Vault
from psauth.api.transport import Transport
from psauth.auth.callback import Callback
from psauth.client import ProcessStreet
from psauth.connecting import find_credential
from psauth.vault.keys import parse_key
from tests.interrupting import Search

SECRETS = {
    "client secret": "client-secret-7Hq2",
    "bearer": "access-1-Kd93",
    "refresh token": "refresh-1-Zp41",
    "API key": "key-Rt55-Rt55",
    "code": "code-Xy71-Xy71",
}


@pytest.fixture
def holders(settings, vault, store, flow, monkeypatch):
    """One of each, by its name; the sandbox does not run."""
    request = flow.begin()
    stored, keyed = store(), store("key", api_key=SECRETS["API key"])
    whole = settings.with_(api_key=SECRETS["API key"])
    return {
        "Settings": whole,
        "Connection": stored.connection,
        "Stored": stored,
        "Stored with a key": keyed,
        "Token": stored.token,
        "Service": stored.service,
        "Pending": vault.pending(request.state),
        "Callback": Callback.read({"code": SECRETS["code"], "state": "s"}),
        "Key": parse_key(settings.secret_key),
        "Vault": vault,
        "ProcessStreet": ProcessStreet(Transport(keyed, vault)),
        "AuthorizationFlow": AuthorizationFlow(whole, vault),
        "Credential": find_credential(whole, vault, "nobody"),
        "Sandbox": psauth.Sandbox(runs=1),
    }, {**SECRETS, "verifier": str(vault.pending(request.state).verifier), "vault's key": settings.secret_key}


NAMES = [
    "Settings", "Connection", "Stored", "Stored with a key", "Token", "Service", "Pending", "Callback", "Key", "Vault",
    "ProcessStreet", "AuthorizationFlow", "Credential", "Sandbox",
]  # fmt: skip


def shapes(thing):
    """Every way to show a thing; one that refuses gives its refusal."""
    yield from (repr(thing), str(thing), f"{thing}", f"{thing!a}", "%s" % (thing,), repr([thing]))  # noqa: UP031
    ways = [
        lambda: repr(vars(thing)),
        lambda: repr(thing.__dict__),
        lambda: repr(dataclasses.asdict(thing)),
        lambda: repr(dataclasses.astuple(thing)),
        lambda: repr(vars(copy.copy(thing))),
        lambda: repr(vars(copy.deepcopy(thing))),
        lambda: json.dumps(thing, default=vars),
        lambda: json.dumps(vars(thing), default=str),
        lambda: json.dumps(vars(thing), default=vars),
        lambda: json.dumps([thing], default=lambda part: part.__dict__),
    ]
    if not isinstance(thing, Settings):  # a worker process needs all of them, as its docstring says
        ways.append(lambda: repr(pickle.dumps(thing)))
    for way in ways:
        try:
            yield way()
        except Exception as error:  # noqa: BLE001 - a refusal is as good, if it shows nothing
            yield repr(error)


@pytest.mark.parametrize("name", NAMES)
def test_no_way_to_show_a_thing_shows_a_secret(holders, name):
    things, secrets = holders
    leaked = [(kind, text[:80]) for text in shapes(things[name]) for kind, value in secrets.items() if value in text]
    assert leaked == []


@pytest.mark.parametrize("name", NAMES)
def test_nothing_that_hangs_on_a_thing_shows_a_secret(holders, name):
    things, secrets = holders
    search = Search(secrets)
    search.value(things[name], name)
    assert search.found == []


def test_settings_still_give_their_secrets_to_who_asks(settings):
    assert settings.client_secret == SECRETS["client secret"]
    assert settings == settings.with_(scope=settings.scope)
    assert settings != settings.with_(client_secret="another")
    assert pickle.loads(pickle.dumps(settings)) == settings


def test_copies_of_a_token_are_equal_and_others_are_not(store, make_token):
    token = store().token
    assert dataclasses.replace(token) == token
    assert dataclasses.replace(token, access_token="another") != token
    assert Vault.open().read().token == token
