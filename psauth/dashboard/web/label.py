"""Label: what the service calls a connection, asked for behind the pages. Nobody waits for it, and nothing depends on it."""

from __future__ import annotations

import logging
import threading
import time
from typing import Final

from psauth.connecting import Credential, open_client
from psauth.exceptions import PsauthError
from psauth.vault.connection import Connection
from psauth.vault.vault import Vault

log = logging.getLogger(__name__)

AGAIN_AFTER: Final = 30.0
"""Seconds before a service that did not answer is asked again."""
TRIES: Final = 10
"""How often it is asked at most; then the host stands for the label, until somebody connects anew."""


class Labels:
    """The labels that are still to be learned, by connection. Threads may share it."""

    def __init__(self) -> None:
        self._owed: dict[str, tuple[int, float]] = {}
        self._lock = threading.Lock()

    def learn(self, connection: Connection, vault: Vault) -> None:
        """Ask what a new connection is called, in a thread of its own; `again` tries anew where nobody answers."""
        if connection.label is None:
            with self._lock:
                self._owed[connection.id] = (0, 0.0)
            self.again(connection, vault)

    def meet(self, connection: Connection, vault: Vault) -> None:
        """Ask for a connection that is shown without a label, also one from before this start of the app. Cheap to call."""
        with self._lock:
            is_new = connection.id not in self._owed
        if is_new:
            self.learn(connection, vault)
        else:
            self.again(connection, vault)

    def again(self, connection: Connection, vault: Vault) -> None:
        """Ask anew, if `learn` has begun it, it has failed, and the last time is long enough ago. Cheap to call."""
        with self._lock:
            tries, not_before = self._owed.get(connection.id, (TRIES, 0.0))
            if tries >= TRIES or time.monotonic() < not_before:
                return
            self._owed[connection.id] = (tries + 1, float("inf"))  # nobody else asks meanwhile
        thread = threading.Thread(target=self._ask, args=(connection, vault), name="psauth-label", daemon=True)
        thread.start()

    def _ask(self, connection: Connection, vault: Vault) -> None:
        try:
            stored = vault.read(connection.account)
            if stored.connection.id == connection.id:
                credential = Credential(account=connection.account, source="vault", stored=stored)
                with open_client(credential, vault) as ps:
                    ps.whoami()
        except PsauthError as error:
            log.info("the service did not say a label: %s", type(error).__name__)
            self._fail(connection)
        except Exception as error:  # noqa: BLE001 - a thread has nobody to tell; the log gets the kind, never a value
            log.warning("a label could not be asked for: %s", type(error).__name__)
            self._fail(connection)
        else:
            with self._lock:
                self._owed[connection.id] = (TRIES, 0.0)  # asked, whether it has a label or none

    def _fail(self, connection: Connection) -> None:
        with self._lock:
            tries, _ = self._owed.get(connection.id, (TRIES, 0.0))
            self._owed[connection.id] = (tries, time.monotonic() + AGAIN_AFTER)


labels = Labels()
