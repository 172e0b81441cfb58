"""Keychain: the operating system's keyring, which may be missing, locked or silent. It is asked with a deadline."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final, TypeVar

from psauth.secret import Secret

T = TypeVar("T")

SERVICE: Final = "psauth"
DEADLINE: Final = 10.0
"""Seconds for an answer. Some keyrings wait for a window that nobody sees, or for a service that does not run."""
SHORT_DEADLINE: Final = 2.0
"""Seconds where the key may be found elsewhere."""

_unanswered: threading.Thread | None = None


class Unanswered(Exception):
    """The keyring did not answer in time."""


def read(vault: str, *, deadline: float) -> Secret | None:
    """What the keyring keeps for the vault at this address; raises Unanswered, or whatever the keyring raises."""

    def question() -> Secret | None:
        import keyring

        text = keyring.get_password(SERVICE, vault)
        return None if text is None else Secret(text)

    return _ask(question, deadline)


def keep(vault: str, text: str) -> bool:
    """Whether the keyring keeps the text, as it is found there afterwards: some accept and forget."""

    def question() -> bool:
        import keyring

        keyring.set_password(SERVICE, vault, text)
        return keyring.get_password(SERVICE, vault) == text

    return _ask(question, DEADLINE)


def problem(vault: str) -> str | None:
    """Why the keyring cannot be asked and what to do, when that may be why a key is missing; else None."""
    try:
        read(vault, deadline=SHORT_DEADLINE)
    except Unanswered:
        return "The operating system's keyring does not answer: if it asks for a password in a window, type it there"
    except Exception as error:  # noqa: BLE001 - each backend raises what it likes
        from keyring.errors import KeyringLocked, NoKeyringError  # not before: a keyring may hang while it is imported

        if isinstance(error, NoKeyringError):
            return None  # this machine has none, so the key was never in one
        if isinstance(error, KeyringLocked):
            return "The operating system's keyring is locked: unlock it"
        return f"The operating system's keyring does not work ({type(error).__name__}): repair it"
    return None


def _ask(question: Callable[[], T], deadline: float) -> T:
    """The answer to a question that is asked in a thread of its own, which is left behind when it does not come.

    While an earlier question is still unanswered no other is asked: the answer would not come either.
    """
    global _unanswered
    if _unanswered is not None:
        _unanswered.join(min(deadline, SHORT_DEADLINE))
        if _unanswered.is_alive():
            raise Unanswered
        _unanswered = None
    future: Future[T] = Future()

    def answer() -> None:
        try:
            future.set_result(question())
        except BaseException as error:  # noqa: BLE001 - it is raised where the question was asked
            future.set_exception(error)

    thread = threading.Thread(target=answer, name="psauth-keyring", daemon=True)
    thread.start()
    try:
        return future.result(deadline)
    except TimeoutError:
        if future.done():
            raise  # the keyring's own
        _unanswered = thread
        raise Unanswered from None
