"""The sidebar: what the bar of requests says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from psauth.api.budget import Budget

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


class Clock(datetime):
    """It is always noon."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Clock:
        return cls.fromtimestamp(NOW.timestamp(), tz)


@pytest.mark.parametrize(
    ("api_url", "seconds", "said"),
    [
        (
            "http://localhost:8501/sandbox/v1",
            39.5,
            "2,345 requests left, refills in 40 s: the sandbox's hour lasts a minute",
        ),
        ("https://api.process.st/v1", 39.5, "2,345 requests left, refills in 40 s"),
        ("https://api.process.st/v1", 29.6 * 60, "2,345 requests left, refills in 30 min"),
    ],
)
def test_the_bar_says_when_it_is_full_again_and_that_the_sandboxs_hour_is_a_minute(
    monkeypatch: pytest.MonkeyPatch, api_url: str, seconds: float, said: str
) -> None:
    budget = Budget(limit=2_500, remaining=2_345, resets_at=NOW + timedelta(seconds=seconds))
    monkeypatch.setattr("psauth.dashboard.parts.sidebar.datetime", Clock)
    monkeypatch.setattr("psauth.dashboard.loading.read.budget", lambda here: budget)
    here = SimpleNamespace(connection=SimpleNamespace(service=SimpleNamespace(api_url=api_url)))

    def page(here: object) -> None:
        from psauth.dashboard.parts import sidebar

        sidebar._show_budget(here)  # type: ignore[arg-type]

    shown = AppTest.from_function(page, args=(here,)).run()
    assert not shown.exception
    assert shown.get("progress")[0].proto.text == said
