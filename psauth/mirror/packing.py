"""Packing: records as the store keeps them, compressed, with a digest that tells whether two lists are the same."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from psauth.exceptions import MirrorError

LEVEL: Final = 3
"""How hard zlib tries: 6 makes tasks a tenth smaller and takes twice as long."""


@dataclass(frozen=True)
class Packed:
    """Records as bytes, and a digest of them: the same one means the same records."""

    content: bytes
    digest: str


def pack(records: Any) -> Packed:
    """Records (or one record) for the store. Their keys stay in the order in which they came: some values are shown as JSON."""
    text = json.dumps(records, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return Packed(zlib.compress(text, LEVEL), hashlib.blake2b(text, digest_size=16).hexdigest())


def unpack(content: bytes, where: str) -> Any:
    """Records out of the store. `where` names them in the MirrorError for bytes that are damaged."""
    try:
        return json.loads(zlib.decompress(content))
    except (zlib.error, ValueError):
        raise _damaged(where) from None


def unpack_pieces(content: bytes, where: str, size: int) -> Iterator[list[Any]]:
    """The records of a list, so many at once: as records they take several times the memory of their text.

    An empty list is one piece. `where` as above.
    """
    try:
        text = zlib.decompress(content).decode("utf-8")
        if text[:1] != "[" or text[-1:] != "]":
            raise ValueError
        decode, piece, place = json.JSONDecoder().raw_decode, [], 1  # `pack` puts no space anywhere
        while place < len(text) - 1:
            record, place = decode(text, place)
            piece.append(record)
            if place < len(text) - 1 and text[place] != ",":
                raise ValueError
            place += 1
            if len(piece) == size and place < len(text):
                yield piece
                piece = []
        yield piece
    except (zlib.error, ValueError):
        raise _damaged(where) from None


def _damaged(where: str) -> MirrorError:
    return MirrorError(
        f"In the mirror's store {where} is damaged. Restore the store from a backup, or begin anew beside it: "
        "psauth sync --anew"
    )
