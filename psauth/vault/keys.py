"""The vault's encryption key: from PSAUTH_SECRET_KEY, else the operating system's keyring, else a file of mode 0600."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet, MultiFernet

from psauth.exceptions import PsauthWarning, SettingsError, VaultError
from psauth.secret import Secret

KEYRING_SERVICE = "psauth"
HOW_TO_MAKE_A_KEY = 'python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'


@dataclass(frozen=True, repr=False)
class Key:
    """One or more Fernet keys, the first of which encrypts; `source` says where they came from."""

    texts: tuple[str, ...]
    source: str

    def cipher(self) -> MultiFernet:
        """What encrypts and decrypts with these keys."""
        return MultiFernet([Fernet(text) for text in self.texts])

    def __repr__(self) -> str:
        return f"Key(***, source={self.source!r})"


def parse_key(text: str) -> Key:
    """The value of PSAUTH_SECRET_KEY: Fernet keys, separated by commas, the newest first. SettingsError if malformed."""
    texts = tuple(Secret(part.strip()) for part in text.split(",") if part.strip())
    for position, one in enumerate(texts, 1):
        try:
            Fernet(one)
        except ValueError:
            which = f"Key {position} in PSAUTH_SECRET_KEY" if len(texts) > 1 else "PSAUTH_SECRET_KEY"
            raise SettingsError(
                f"{which} is not a Fernet key. Expected 44 characters of url-safe base64; make one with: {HOW_TO_MAKE_A_KEY}"
            ) from None
    return Key(texts, "PSAUTH_SECRET_KEY")


def find_key(configured: str, *, vault: str, folder: Path) -> Key | None:
    """The key of the vault at address `vault`, or None when there is none yet; `folder` is where a key file would be."""
    configured = Secret(configured)
    if configured:
        return parse_key(configured)
    if text := _keyring_get(vault):
        return Key((text,), "the operating system's keyring")
    path = key_file(folder)
    try:
        text = Secret(path.read_text("ascii").strip())
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise VaultError(
            f"The key file {path} cannot be read ({type(error).__name__}). Restore it, or make it readable for you."
        ) from error
    try:
        Fernet(text)
    except ValueError:
        raise VaultError(
            f"The key file {path} is damaged: expected 44 characters. Restore it from a backup; nothing was changed."
        ) from None
    if os.name == "posix" and path.stat().st_mode & 0o077:
        path.chmod(0o600)
    return Key((text,), str(path))


def create_key(*, vault: str, folder: Path) -> Key:
    """A new key for a new vault: kept in the keyring where there is a working one, else in a file, which is said once."""
    text = Secret(Fernet.generate_key().decode())
    if _keyring_set(vault, text):
        return Key((text,), "the operating system's keyring")
    path = key_file(folder)
    try:
        write_private(path, text)
    except OSError as error:
        problem = error.strerror or type(error).__name__
        raise VaultError(
            f"The key file {path} cannot be written ({problem}). Make room, or make the folder writable for you; nothing "
            "was kept."
        ) from None
    warnings.warn(
        f"No keyring on this machine, so the vault's key is kept in {path} (readable by you alone). Whoever can read "
        "that file and the vault can use your connections; set PSAUTH_SECRET_KEY to keep the key elsewhere.",
        PsauthWarning,
        stacklevel=3,  # whoever opened the vault
    )
    return Key((text,), str(path))


def key_file(folder: Path) -> Path:
    """Where the key lies when there is no keyring."""
    return folder / "vault.key"


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


def _keyring_get(vault: str) -> str | None:
    import keyring

    try:
        text = Secret(keyring.get_password(KEYRING_SERVICE, vault) or "")
        Fernet(text)
    except Exception:  # noqa: BLE001 - each backend raises what it likes
        # No backend, a locked one, or something that is no key: the file is asked next, and a vault that
        # neither opens says so itself.
        return None
    return text


def keyring_problem(vault: str) -> str | None:
    """Why the keyring could not be asked, when that may be why the key of an existing vault is missing."""
    import keyring
    from keyring.errors import KeyringLocked

    try:
        keyring.get_password(KEYRING_SERVICE, vault)
    except KeyringLocked:
        return "The operating system's keyring is locked: unlock it"
    except Exception as error:  # noqa: BLE001 - as above
        return f"The operating system's keyring does not work ({type(error).__name__}): repair it"
    return None


def _keyring_set(vault: str, text: str) -> bool:
    import keyring

    try:
        keyring.set_password(KEYRING_SERVICE, vault, text)
        # Some backends accept and forget (keyring's own "null"); only what can be read back was kept.
        return keyring.get_password(KEYRING_SERVICE, vault) == text
    except Exception:  # noqa: BLE001 - as above
        return False
