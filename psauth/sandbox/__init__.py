"""A stand-in for Process Street on this machine: its OAuth server, its API, and an invented company behind them."""

from psauth.sandbox.app import create_app
from psauth.sandbox.company.company import Company
from psauth.sandbox.company.life import EVENTS, Event
from psauth.sandbox.knobs import Fault, Knobs, Life
from psauth.sandbox.oauth.grants import Grants, StateError
from psauth.sandbox.server import SandboxServer
from psauth.sandbox.traffic import RequestLog
from psauth.sandbox.truth import truth

__all__ = [
    "EVENTS",
    "Company",
    "Event",
    "Fault",
    "Grants",
    "Knobs",
    "Life",
    "RequestLog",
    "SandboxServer",
    "StateError",
    "create_app",
    "truth",
]
