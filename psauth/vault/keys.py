"""The vault's encryption key: from PSAUTH_SECRET_KEY, else the operating system's keyring, else a file of mode 0600."""

from __future__ import annotations

import logging
import os
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from psauth.exceptions import PsauthWarning, SettingsError, VaultError
from psauth.secret import Secret, door, hiding
from psauth.vault import disk, keychain
from psauth.vault.modes import Access, close_to_others
from psauth.vault.store import KEPT

log = logging.getLogger(__name__)

KEYRING_SERVICE = keychain.SERVICE
KEYRING = "the operating system's keyring"
HOW_TO_MAKE_A_KEY = 'python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'

FERNET_KEY: Final = re.compile(r"[A-Za-z0-9_+/-]{43}=")

_silent_at: set[str] = set()
"""Vaults for which it was said that the keyring is silent; once is enough in a process."""


class WrongKey(Exception):
    """What was to be decrypted is damaged, or was encrypted with another key."""


@hiding("texts")
@dataclass(frozen=True, repr=False)
class Key:
    """One or more Fernet keys, the first of which encrypts; `source` says where they came from.

    `is_open`: others on this machine can read its file, and psauth could not change that.
    """

    texts: tuple[str, ...]
    source: str
    is_open: bool = False

    def cipher(self) -> MultiFernet:
        """What encrypts and decrypts with these keys."""
        return MultiFernet([Fernet(text) for text in self.texts])

    @door
    def encrypt(self, text: str) -> bytes:
        """The text, readable with this key alone."""
        return self.cipher().encrypt(text.encode())

    @door
    def decrypt(self, data: bytes) -> Secret:
        """The text that was encrypted; raises WrongKey."""
        try:
            return Secret(self.cipher().decrypt(data).decode())
        except InvalidToken:
            raise WrongKey from None

    @door
    def encrypt_anew(self, data: bytes) -> bytes:
        """The same text, encrypted with the first key; raises WrongKey."""
        try:
            return self.cipher().rotate(data)
        except InvalidToken:
            raise WrongKey from None

    def __repr__(self) -> str:
        return f"Key(***, source={self.source!r})"


@door
def parse_key(text: str) -> Key:
    """The value of PSAUTH_SECRET_KEY: Fernet keys, separated by commas, the newest first. SettingsError if malformed."""
    texts = tuple(Secret(part.strip()) for part in text.split(",") if part.strip())
    if not texts:
        raise SettingsError(
            "PSAUTH_SECRET_KEY holds commas and no key. Expected Fernet keys, the newest first; make one with: "
            f"{HOW_TO_MAKE_A_KEY}"
        )
    for position, part in enumerate(texts, 1):
        if part in texts[: position - 1]:
            raise SettingsError(
                f"Key {position} in PSAUTH_SECRET_KEY is the same as key {texts.index(part) + 1}. Expected each key once, the "
                f"newest first. Take one of them out, or make a new one with: {HOW_TO_MAKE_A_KEY}"
            )
        if not _is_fernet_key(part):
            which = f"Key {position} in PSAUTH_SECRET_KEY" if len(texts) > 1 else "PSAUTH_SECRET_KEY"
            raise SettingsError(
                f"{which} is not a Fernet key. Expected 44 characters of url-safe base64; make one with: {HOW_TO_MAKE_A_KEY}"
            )
    return Key(texts, "PSAUTH_SECRET_KEY")


def find_key(configured: str, *, vault: str, folder: Path) -> Key | None:
    """The key of the vault at address `vault`, or None when there is none yet; `folder` is where a key file would be.

    Nothing of the vault may be locked meanwhile: a keyring may take its time.
    """
    configured = Secret(configured)
    if configured:
        return parse_key(configured)
    path = key_file(folder)
    has_file = os.path.lexists(path)
    try:
        text = keychain.read(vault, deadline=keychain.SHORT_DEADLINE if has_file else keychain.DEADLINE)
        if text is not None and _is_fernet_key(text):
            return Key((text,), KEYRING)
    except keychain.Unanswered:
        if has_file and vault not in _silent_at:
            _silent_at.add(vault)
            log.warning(
                "The operating system's keyring does not answer, so the key of the vault is taken from %s. Set "
                "PSAUTH_SECRET_KEY to its content, and the keyring is not asked.",
                path,
            )
    except Exception as error:  # noqa: BLE001 - each backend raises what it likes
        # No backend, a locked one, or one that is out of order: the file is asked next, and a vault that
        # neither opens says so itself.
        log.debug("the keyring cannot be used: %s", type(error).__name__)
    return _read_key_file(path)


def create_key(*, vault: str, folder: Path) -> Key:
    """A new key for a new vault: kept in the keyring where there is a working one, else in a file, which is said once."""
    text = _new_key()
    reason = "No keyring on this machine"
    try:
        if keychain.keep(vault, text):
            return Key((text,), KEYRING)
    except keychain.Unanswered:
        reason = "The operating system's keyring does not answer"
    except Exception as error:  # noqa: BLE001 - as above
        log.debug("the keyring cannot be used: %s", type(error).__name__)
    path = key_file(folder)
    try:
        write_private(path, text)
        access = close_to_others(path)
    except OSError as error:
        raise VaultError(
            f"The key file {path} cannot be written ({disk.describe(error)}). "
            f"{disk.remedy(error, elsewhere=disk.ELSEWHERE)}; nothing was kept."
        ) from None
    readers = {Access.OPEN: " (which others on this machine can read)", Access.UNKNOWN: ""}
    # One line, and no line of code under it: the caller's is as good as any.
    warnings.warn_explicit(
        f"{reason}, so the vault's key is kept in {path}{readers.get(access, ' (readable by you alone)')}. Whoever can "
        "read that file and the vault can use your connections; set PSAUTH_SECRET_KEY to keep the key elsewhere.",
        PsauthWarning,
        filename="<psauth>",
        lineno=1,
        module="psauth",
    )
    return Key((text,), str(path), is_open=access is Access.OPEN)


@door
def _new_key() -> Secret:
    return Secret(Fernet.generate_key().decode())


def missing_key(vault: str) -> VaultError:
    """The error for a vault whose key is nowhere, or in a keyring that cannot be asked."""
    if problem := keychain.problem(vault):
        return VaultError(
            f"The key of the vault {vault} was not found. {problem}, then try again. Or set PSAUTH_SECRET_KEY to the key, or "
            f"PSAUTH_HOME to a new folder to begin anew; {KEPT}"
        )
    return VaultError(
        f"The key of the vault {vault} is gone: not in PSAUTH_SECRET_KEY, the keyring or beside the vault. Restore "
        f"it, or move the vault away to begin anew; {KEPT}"
    )


def key_file(folder: Path) -> Path:
    """Where the key lies when there is no keyring."""
    return folder / "vault.key"


@door
def write_private(path: Path, text: str) -> None:
    """Create `path` with mode 0600 from its first byte; an existing file is never overwritten (FileExistsError)."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink(missing_ok=True)
        raise


@door
def _read_key_file(path: Path) -> Key | None:
    try:
        text = Secret(path.read_text("ascii").strip())
        access = close_to_others(path)
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise VaultError(
            f"The key file {path} cannot be read ({type(error).__name__}). Restore it, or make it readable for you."
        ) from error
    if not _is_fernet_key(text):
        raise VaultError(
            f"The key file {path} is damaged: expected 44 characters. Restore it from a backup; nothing was changed."
        )
    return Key((text,), str(path), is_open=access is Access.OPEN)


@door
def _is_fernet_key(text: str) -> bool:
    if not FERNET_KEY.fullmatch(text):  # base64 leaves out what it does not know, like a space in the middle
        return False
    try:
        Fernet(text)
    except ValueError:
        return False
    return True
