"""How far a sync is, as the Sync view draws it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from psauth.api.budget import Budget
from psauth.dashboard.parts import syncing
from psauth.mirror.progress import Standing


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, str]]:
    """The bars that were drawn: how full, and the words above."""
    bars: list[tuple[float, str]] = []
    monkeypatch.setattr(syncing.st, "progress", lambda share, text: bars.append((share, text)))
    monkeypatch.setattr(syncing.st, "caption", lambda _: None)
    monkeypatch.setattr(syncing.reads, "budget", lambda _: Budget())
    return bars


@pytest.mark.parametrize(
    ("standing", "bar"),
    [
        (None, (0.0, "Looking for what changed …")),
        (Standing(), (0.0, "Looking for what changed …")),
        (Standing(50, 150, 30, 30.0), (0.25, "50 of about 200 requests · about 30 s to go")),
        (Standing(50, 10, 5, 3.0, knows_all=False), (0.0, "50 of at least 60 requests · at least 3 s to go")),
        (Standing(0, 0, 0, None), (0.0, "0 of about 0 requests")),
    ],
)
def test_the_bar_begins_when_it_is_known_how_much_there_is(
    standing: Standing | None, bar: tuple[float, str], drawn: list[tuple[float, str]]
) -> None:
    syncing.say_how_far(SimpleNamespace(standing=standing, task="sync", here=None))  # type: ignore[arg-type] # what is drawn of it
    assert drawn == [bar]
