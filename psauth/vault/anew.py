"""Anew: how somebody begins again where the vault or its key cannot be used any more."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

KEY_FILE: Final = "vault.key"
"""The name of the file beside the vault that the key lies in, where there is no keyring."""


def begin_anew(vault: str | Path) -> str:
    """The sentence for that, at the end of a message: what to move away, each file by its whole path, and what to type."""
    path = Path(vault)
    files = [str(file) for file in (path, path.with_name(KEY_FILE)) if os.path.lexists(file)]
    moved = f", move {' and '.join(files)} away, then" if files else ""
    return f"To begin anew{moved} type: psauth login"
