"""Loaders: reads, cached per connection for some minutes, with what they cost and when they were made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from psauth.budget import Budget
from psauth.client import ProcessStreet
from psauth.connection import Connection
from psauth.exceptions import LoginRequired
from psauth.transport import Transport
from psauth.vault import Vault

KEPT = "10m"
"""How long a read is shown before it is made again by itself; Reload makes it anew at once."""


@dataclass(frozen=True)
class Loaded:
    """A frame, when it was read (UTC), and how many requests that took."""

    frame: pd.DataFrame
    read_at: datetime
    requests: int


def workflows(connection: Connection, _vault: Vault) -> Loaded:
    """All workflows of this connection."""
    return _workflows(_vault.place, connection.account, connection.id, _vault)


def forget_workflows(connection: Connection, vault: Vault) -> None:
    """Let this connection's next read of the workflows be a new one."""
    _workflows.clear(vault.place, connection.account, connection.id, vault)


def budget(connection: Connection, vault: Vault) -> Budget:
    """What the service told this connection last; nothing is asked."""
    return _client(vault.place, connection.account, connection.id, vault).budget


# Whose rows these are is in every key: the vault, the account, and the id that each new connection gets.
@st.cache_data(ttl=KEPT, max_entries=16, show_spinner=False)
def _workflows(place: str, account: str, connection_id: str, _vault: Vault) -> Loaded:
    client = _client(place, account, connection_id, _vault)
    before = client.requests_sent
    frame = client.workflows()
    return Loaded(frame, datetime.now(UTC), client.requests_sent - before)


@st.cache_resource(ttl="1h", max_entries=16, show_spinner=False, on_release=ProcessStreet.close)
def _client(place: str, account: str, connection_id: str, _vault: Vault) -> ProcessStreet:
    stored = _vault.read(account)
    if stored.connection.id != connection_id:
        raise LoginRequired("The connection was replaced meanwhile. Reload the page.")
    return ProcessStreet(Transport(stored, _vault))
