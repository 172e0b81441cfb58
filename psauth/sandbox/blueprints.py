"""The twelve workflows of the invented company; all seventeen kinds of form field stand in them."""

from __future__ import annotations

from psauth.sandbox.blueprints_office import OFFICE
from psauth.sandbox.blueprints_trade import TRADE
from psauth.sandbox.templates import Blueprint

BLUEPRINTS: tuple[Blueprint, ...] = OFFICE + TRADE
