"""The twelve workflows of the invented company; all seventeen kinds of form field stand in them."""

from __future__ import annotations

from psauth.sandbox.company.blueprints_office import OFFICE
from psauth.sandbox.company.blueprints_trade import TRADE
from psauth.sandbox.company.templates import Blueprint

BLUEPRINTS: tuple[Blueprint, ...] = OFFICE + TRADE
