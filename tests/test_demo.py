"""Sandbox: what completion finds of it, and the hour that lasts a minute."""

import inspect
import typing
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

import psauth
from psauth.dashboard.web.target import sandbox_settings
from psauth.demo import Sandbox
from psauth.sandbox import Company, Knobs, RequestLog, SandboxServer, create_app

HELD = {
    "api_key": str,
    "api_url": str,
    "client_id": str,
    "client_secret": str,
    "company": Company,
    "knobs": Knobs,
    "public_client_id": str,
    "requests": RequestLog,
    "settings": psauth.Settings,
    "url": str,
}


@pytest.mark.parametrize(("name", "kind"), HELD.items())
def test_what_a_sandbox_holds_is_found_by_completion_and_says_what_it_is(name, kind):
    assert name in dir(psauth.Sandbox())
    member = inspect.getattr_static(Sandbox, name)
    assert isinstance(member, property)
    assert inspect.getdoc(member)
    assert typing.get_type_hints(member.fget, localns={kind.__name__: kind})["return"] is kind


def test_nothing_of_a_sandbox_is_found_by_guessing_alone():
    assert not hasattr(Sandbox, "__getattr__")
    assert {name for name in vars(Sandbox) if isinstance(vars(Sandbox)[name], property)} == set(HELD)
    with pytest.raises(AttributeError, match="api_kye"):
        psauth.Sandbox().api_kye  # noqa: B018 # a misspelt name


@pytest.mark.parametrize("name", ["url", "api_url"])
def test_an_address_is_there_while_it_runs_and_says_so_where_it_does_not(name):
    box = psauth.Sandbox(runs=12)
    with pytest.raises(RuntimeError, match=r"not running; call start\(\)"):
        getattr(box, name)
    with box:
        assert getattr(box, name).startswith("http://127.0.0.1:")


def test_everything_it_holds_is_of_the_server_that_runs():
    with psauth.Sandbox(runs=12) as box, psauth.connect(settings=box.settings) as ps:
        ps.whoami()
        assert [seen.path for seen in box.requests][-1] == "/v1/testAuth"
        box.knobs.budget = 77
        ps.whoami()
        assert ps.budget.limit == 77
        assert box.company.size == 12
        assert {name: type(getattr(box, name)) for name in HELD} == HELD


@pytest.mark.parametrize(
    "knobs_of",
    [lambda: Knobs(), lambda: psauth.Sandbox().knobs, lambda: SandboxServer().knobs, lambda: create_app().state.knobs],
    ids=["knobs", "Sandbox", "terminal", "app"],
)
def test_the_hour_of_every_sandbox_lasts_a_minute(knobs_of):
    assert (knobs_of().budget, knobs_of().window) == (2_500, 60.0)


def test_the_knobs_may_say_another_hour():
    assert psauth.Sandbox(knobs=Knobs(window=3600.0)).knobs.window == 3600.0


def test_a_clients_budget_ends_when_the_headers_say():
    with psauth.Sandbox(runs=12) as box, psauth.connect(settings=box.settings) as ps:
        ps.whoami()
        assert timedelta(0) < ps.budget.resets_at - datetime.now(UTC) <= timedelta(seconds=60)


@pytest.mark.slow
def test_a_company_that_stands_at_a_day_is_the_same_one_again():
    frames = []
    for _ in range(2):
        with psauth.Sandbox(runs=20, now="2026-11-26") as box:
            ps = psauth.connect(settings=box.settings)
            frames.append(ps.runs(progress=False).drop(columns="link"))  # the port is any free one
    pd.testing.assert_frame_equal(*frames)
    assert frames[0]["created_date"].max() < pd.Timestamp("2026-11-26", tz="UTC")


def test_a_day_that_is_none_is_said():
    with pytest.raises(ValueError, match="'yesterday' is not a date"):
        psauth.Sandbox(now="yesterday")


def test_invented_data_is_not_published_among_a_companys_tables(monkeypatch, settings):
    monkeypatch.setenv("PSAUTH_PUBLISH", "s3://company/tables")
    with psauth.Sandbox(runs=1) as box:
        assert box.settings.publish == ""
    ours = settings.with_(publish="s3://company/tables")
    assert sandbox_settings(ours, "http://localhost:8501").publish == ""
