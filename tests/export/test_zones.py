"""Which time zone a file shows."""

from __future__ import annotations

import pytest
import tzlocal.unix

from psauth import ArgumentError
from psauth.export.zones import machine_zone, named_zone, reader_zone


@pytest.fixture(autouse=True)
def _nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tzlocal.unix, "_cache_tz_name", None)


def test_a_zone_is_known_by_its_name() -> None:
    assert named_zone("Europe/Berlin").key == "Europe/Berlin"
    assert named_zone(named_zone("Asia/Kathmandu")).key == "Asia/Kathmandu"


@pytest.mark.parametrize(
    "name", ["Europe", "Europe/Berln", "../etc/passwd", "/etc/localtime", "", "+02:00", "\x00", "a" * 300]
)
def test_a_zone_that_there_is_not_is_an_error_of_ours(name: str) -> None:
    with pytest.raises(ArgumentError, match="There is no time zone"):
        named_zone(name)


def test_a_zone_is_suggested() -> None:
    with pytest.raises(ArgumentError, match="Did you mean 'Europe/Berlin'"):
        named_zone("Europe/Berln")


def test_without_a_name_it_is_the_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    assert named_zone(None).key == "America/New_York"


@pytest.mark.parametrize("variable", ["EST5EDT4,M3.2.0,M11.1.0", "Nowhere/Here", "<+03>-3"])
def test_a_machine_whose_zone_has_no_name_shows_utc(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv("TZ", variable)
    assert machine_zone().key == "UTC"


@pytest.mark.parametrize("broken", [LookupError, ValueError, OSError])
def test_a_machine_that_contradicts_itself_shows_utc(monkeypatch: pytest.MonkeyPatch, broken: type[Exception]) -> None:
    def name() -> str:
        raise broken("two files name different zones")

    monkeypatch.setattr(tzlocal, "get_localzone_name", name)
    assert machine_zone().key == "UTC"


@pytest.mark.parametrize(
    ("browser", "key"), [("Asia/Calcutta", "Asia/Calcutta"), (None, "UTC"), ("Etc/Unknown", "UTC"), ("", "UTC")]
)
def test_a_reader_whose_zone_is_unknown_here_sees_utc(browser: str | None, key: str) -> None:
    assert reader_zone(browser).key == key
