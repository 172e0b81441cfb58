"""The twelve workflows of the invented company; all seventeen kinds of form field stand in them."""

from __future__ import annotations

from psauth.sandbox.company.blueprints_finance import FINANCE
from psauth.sandbox.company.blueprints_it import IT
from psauth.sandbox.company.blueprints_people import PEOPLE
from psauth.sandbox.company.blueprints_trade import TRADE
from psauth.sandbox.company.templates import Blueprint

BLUEPRINTS: tuple[Blueprint, ...] = PEOPLE + FINANCE + IT + TRADE
