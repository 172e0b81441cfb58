"""Zones: the named time zone in which a file shows its times."""

from __future__ import annotations

import os
from difflib import get_close_matches
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

import tzlocal

from psauth.exceptions import ArgumentError

UTC: Final = ZoneInfo("UTC")


def named_zone(name: str | ZoneInfo | None) -> ZoneInfo:
    """The time zone of an IANA name such as "Europe/Berlin"; without a name, that of this machine.

    ArgumentError where no zone has that name.
    """
    if name is None:
        return machine_zone()
    zone = known_zone(str(name))
    if zone is None:
        every = available_timezones()
        same = [z for z in every if z.casefold() == str(name).casefold()]
        close = same or get_close_matches(str(name), sorted(every), n=3)
        hint = f"Did you mean {' or '.join(map(repr, close))}?" if close else "Expected an IANA name: 'Europe/Berlin'."
        raise ArgumentError(f"There is no time zone {str(name)!r}. {hint}")
    return zone


def machine_zone() -> ZoneInfo:
    """The time zone of this machine where it has a name, else UTC."""
    if variable := os.environ.get("TZ", "").lstrip(":"):  # rules such as EST5EDT4,M3.2.0 have no name
        return reader_zone(variable.rpartition("zoneinfo/")[2])
    try:
        return reader_zone(tzlocal.get_localzone_name())
    except (LookupError, OSError, ValueError):  # two files of this machine name different zones
        return UTC


def reader_zone(name: str | None) -> ZoneInfo:
    """The time zone that a machine or a browser names, or UTC where it names none that is known here."""
    return (known_zone(name) if name and name != "Etc/UTC" else None) or UTC


def known_zone(name: str) -> ZoneInfo | None:
    """The zone of this name, or None."""
    try:
        return ZoneInfo(name)
    except (LookupError, OSError, ValueError):  # unknown, a folder of zones, or a path that leads elsewhere
        return None
