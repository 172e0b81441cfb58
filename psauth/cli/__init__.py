"""The terminal: psauth login | logout | status | sandbox | app."""

from psauth.cli.commands import main as main
