"""Vault: what psauth keeps of connections, encrypted in a database."""

from psauth.vault.connection import Connection
from psauth.vault.token import Token
from psauth.vault.vault import Vault

__all__ = ["Connection", "Token", "Vault"]
