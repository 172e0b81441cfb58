"""Packing: records as the store keeps them, compressed, with a digest that tells whether two lists are the same."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from psauth.exceptions import MirrorError

LEVEL: Final = 3
"""How hard zlib tries: 6 makes tasks a tenth smaller and takes twice as long."""


@dataclass(frozen=True)
class Packed:
    """Records as bytes, and a digest of what they say, whatever the order of their keys."""

    content: bytes
    digest: str


def pack(records: Any) -> Packed:
    """Records (or one record) for the store. Their keys stay in the order in which they came: some values are shown as JSON."""
    return Packed(
        zlib.compress(_json(records), LEVEL),
        hashlib.blake2b(_json(records, sort_keys=True), digest_size=16).hexdigest(),
    )


def unpack(content: bytes, where: str) -> Any:
    """Records out of the store. `where` names them in the MirrorError for bytes that are damaged."""
    try:
        return json.loads(zlib.decompress(content))
    except (zlib.error, ValueError):
        raise MirrorError(
            f"In the mirror's store {where} is damaged. Restore the store from a backup, or begin anew beside it: "
            "psauth sync --anew"
        ) from None


def pack_list(records: Sequence[dict[str, Any]]) -> Packed:
    """A list for the store."""
    return pack(list(records))


def _json(records: Any, *, sort_keys: bool = False) -> bytes:
    text = json.dumps(records, ensure_ascii=False, sort_keys=sort_keys, separators=(",", ":"))
    return text.encode("utf-8", "replace")
