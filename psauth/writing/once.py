"""Once: a write of which no answer came is looked at, and sent again only when it was certainly not done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from psauth.exceptions import OutcomeUnknown, PsauthError

ATTEMPTS: Final = 3
"""A write of which a look shows that it was not done is sent this often."""


def surely(send: Callable[[], Any], is_done: Callable[[], bool]) -> None:
    """Send a write; when nobody knows whether it was done, look, and send again only what was not."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            send()
        except OutcomeUnknown as unknown:
            try:
                done = is_done()
            except PsauthError:  # also where the look was sent elsewhere
                raise unknown from None
            if done:
                return
            if attempt == ATTEMPTS:
                raise
        else:
            return
