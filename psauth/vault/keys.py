"""The vault's encryption key: from PSAUTH_SECRET_KEY, else the operating system's keyring, else a file of mode 0600."""

from __future__ import annotations

import base64
import errno
import logging
import os
import re
import secrets
import warnings
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from psauth.exceptions import PsauthWarning, SettingsError, VaultError
from psauth.secret import Secret, door, hiding
from psauth.vault import disk, files, keychain
from psauth.vault.anew import KEY_FILE, begin_anew
from psauth.vault.modes import Access, close_to_others
from psauth.vault.store import KEPT, Store

log = logging.getLogger(__name__)

KEYRING_SERVICE = keychain.SERVICE
KEYRING = "the operating system's keyring"
HOW_TO_MAKE_A_KEY = 'python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'

FERNET_KEY: Final = re.compile(r"[A-Za-z0-9_+/-]{43}=")
SEALED: Final = b"\x03"
"""The first byte of what is encrypted, so that another way can be told from this one."""
LONGEST_FILE: Final = 4_096
"""Bytes of a key file at most; a key has 44."""
NONCE: Final = 12
"""Bytes of a nonce of AES-GCM, drawn anew each time (NIST SP 800-38D §8.2.2)."""

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

    @door
    def encrypt(self, text: str, *bound: object) -> bytes:
        """The text, readable with this key alone, and only where `bound` is the same: the place it belongs to."""
        nonce = secrets.token_bytes(NONCE)
        plain = text.encode("utf-8", "surrogatepass")
        return SEALED + nonce + self._ciphers[0].encrypt(nonce, plain, _associated(bound))

    @door
    def decrypt(self, data: object, *bound: object) -> Secret:
        """The text that was encrypted for the place `bound`; raises WrongKey for everything else."""
        if isinstance(data, bytes) and data.startswith(SEALED) and len(data) > NONCE:
            nonce, sealed = data[1 : 1 + NONCE], data[1 + NONCE :]
            for cipher in self._ciphers:
                try:
                    return Secret(cipher.decrypt(nonce, sealed, _associated(bound)).decode("utf-8", "surrogatepass"))
                except (InvalidTag, ValueError):
                    continue
        raise WrongKey

    @door
    def decrypt_unbound(self, data: object) -> Secret:
        """A text as vaults up to version 2 encrypted it, which any place could hold; raises WrongKey."""
        try:
            return Secret(self.cipher().decrypt(data if isinstance(data, bytes) else b"").decode())
        except (InvalidToken, ValueError):
            raise WrongKey from None

    def cipher(self) -> MultiFernet:
        """What encrypted and decrypted the vaults up to version 2."""
        return MultiFernet([Fernet(text) for text in self.texts])

    @cached_property
    def _ciphers(self) -> tuple[AESGCM, ...]:
        """One cipher a key. A Fernet key is 32 random bytes; HKDF (RFC 5869) makes a key for this use alone of them."""
        return tuple(
            AESGCM(HKDF(SHA256(), 32, salt=None, info=b"psauth vault 3").derive(base64.urlsafe_b64decode(text)))
            for text in self.texts
        )

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


def find_or_create_key(configured: Secret, store: Store, *, patience: float) -> tuple[Key, bool]:
    """The key of the vault in `store`, and whether it was made just now in a file, about which everything was said.

    A keyring is asked while nothing of the vault is locked, so that one that hangs holds up nobody else. Only who begins
    a new vault asks it under a lock of their own, so that several agree on one key; `patience` in seconds is for that.
    """
    key = find_key(configured, vault=store.place, folder=store.key_folder)
    if key is not None:
        return key, False
    if not store.is_new():
        raise missing_key(store.place, store.key_folder)
    with store.lock("key", timeout=patience):
        key = find_key("", vault=store.place, folder=store.key_folder)
        return (key, False) if key is not None else (create_key(vault=store.place, folder=store.key_folder), True)


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
    return _read_key_file(path, vault)


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


def _associated(bound: tuple[object, ...]) -> bytes:
    """The place that something belongs to, as bytes: two places never look the same, nor do 1, 1.0 and "1"."""
    return ascii(bound).encode()


def missing_key(vault: str, folder: Path) -> VaultError:
    """The error for a vault whose key is nowhere, or in a keyring that cannot be asked."""
    if problem := keychain.problem(vault):
        return VaultError(
            f"The key file {key_file(folder)} was not found, and the key of the vault {vault} may be in the keyring. {problem}, "
            "then try again. Or restore the key file from a backup, set PSAUTH_SECRET_KEY to the key, or PSAUTH_HOME to a new "
            f"folder; {KEPT} {begin_anew(vault)}"
        )
    return VaultError(
        f"The key file {key_file(folder)} is gone, and the key of the vault {vault} is neither in the keyring nor in "
        f"PSAUTH_SECRET_KEY. Restore the key file from a backup, or set PSAUTH_SECRET_KEY to the key; {KEPT} "
        f"{begin_anew(vault)}"
    )


def key_file(folder: Path) -> Path:
    """Where the key lies when there is no keyring."""
    return folder / KEY_FILE


@door
def write_private(path: Path, text: str) -> None:
    """Create `path` with mode 0600 from its first byte; an existing file is never overwritten (FileExistsError)."""
    if os.path.lexists(path):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    descriptor = files.open_ours(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink(missing_ok=True)
        raise


@door
def _read_key_file(path: Path, vault: str) -> Key | None:
    try:
        file = files.open_ours(path, os.O_RDONLY)
        try:
            text = Secret(os.read(file, LONGEST_FILE).decode("ascii").strip())
        finally:
            os.close(file)
        access = close_to_others(path)
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        what = disk.describe(error) if isinstance(error, OSError) else "it is no text"
        raise VaultError(
            f"The key file {path} cannot be read ({what}). Restore it from a backup, or make it readable for you; {KEPT} "
            f"{begin_anew(vault)}"
        ) from None
    if not _is_fernet_key(text):
        raise VaultError(
            f"The key file {path} is damaged: expected 44 characters. Restore it from a backup; {KEPT} {begin_anew(vault)}"
        )
    return Key((text,), str(path), is_open=access is Access.OPEN)


@door
def _is_fernet_key(text: str) -> bool:
    return (
        FERNET_KEY.fullmatch(text) is not None
    )  # 32 bytes; base64 alone leaves out what it does not know, like a space
