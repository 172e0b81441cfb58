"""Pace: how patiently a request is made."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Final

PATIENCE: Final = 60.0
"""Seconds that a single request waits by itself; beyond that it is for the person to decide."""


@dataclass(frozen=True)
class Pace:
    """How a request is made: `background` ones wait for the budget as long as it takes; `stop` ends them early.

    `share`: how much of the budget background ones leave to others.
    """

    background: bool = False
    share: float = 0.0
    stop: threading.Event | None = None


INTERACTIVE: Final = Pace()
