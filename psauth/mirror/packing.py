"""Packing: records as the store keeps them, compressed, with a digest that tells whether two lists are the same."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
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


class Bundle:
    """The records of a long list, packed page by page while it is read: as they are they would take ten times the memory."""

    def __init__(self, pages: Iterable[Sequence[Any]] = ()) -> None:
        self._pages: list[bytes] = []
        self._count = 0
        for page in pages:
            self.add(page)

    def add(self, records: Sequence[Any]) -> None:
        """Records that come behind all others."""
        if records:
            self._pages.append(zlib.compress(_text(records)[1:-1], LEVEL))
            self._count += len(records)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Any]:
        for page in self._pages:
            yield from json.loads(b"[%b]" % zlib.decompress(page))

    def packed(self) -> Packed:
        """The same as `pack` makes of the list of them, without ever holding that."""
        digest, compressor = hashlib.blake2b(digest_size=16), zlib.compressobj(LEVEL)
        content = []
        for text in self._texts():
            digest.update(text)
            content.append(compressor.compress(text))
        content.append(compressor.flush())
        return Packed(b"".join(content), digest.hexdigest())

    def _texts(self) -> Iterator[bytes]:
        """The text of the whole list in pieces."""
        mark = b"["
        for page in self._pages:
            yield mark
            yield zlib.decompress(page)
            mark = b","
        yield b"]" if self._pages else b"[]"


def pack(records: Any) -> Packed:
    """Records (or one record) for the store. Their keys stay in the order in which they came: some values are shown as JSON."""
    text = _text(records)
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


def _text(records: Any) -> bytes:
    return json.dumps(records, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _damaged(where: str) -> MirrorError:
    return MirrorError(
        f"In the mirror's store {where} is damaged. Restore the store from a backup, or begin anew beside it: "
        "psauth sync --anew"
    )
