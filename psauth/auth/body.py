"""Body: what an answer holds, read and unpacked piece by piece, so that it never swells beyond its limit."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any, Final

from psauth.auth.large import LARGE, LARGE_ANSWERS
from psauth.auth.limits import Allowance

ACCEPTED: Final = "gzip, deflate"
"""How a body may be packed; psauth asks for nothing else."""
PACKINGS: Final = ("br", "zstd", "compress", "x-compress", "dcb", "dcz", "exi", "aes128gcm", "pack200-gzip")
"""Names of other ways (IANA). Only these are repeated: what else stands there may be anything, a secret too."""
PIECE: Final = 65_536
"""Bytes read, and unpacked, at once."""
NESTED: Final = 3
"""A body is packed once. More layers than three are there to make it swell."""
_GZIP: Final = 16 + zlib.MAX_WBITS
_MAGIC: Final = b"\x1f\x8b"


class Unreadable(OSError):
    """An answer came, and cannot be unpacked. The text is a clause that follows its sender's name."""


def read_body(raw: Any, allowance: Allowance) -> bytes:
    """The body of an answer of urllib3, unpacked.

    Raises LimitReached for one that is larger than it may be, before it is held, and Unreadable for one that is damaged or
    packed in a way that was not asked for; else what urllib3 raises.
    """
    declared = raw.headers.get("Content-Length", "")
    if declared.isascii() and declared.isdigit() and (len(declared) > 18 or int(declared) > allowance.limits.size):
        raise allowance.too_large()
    layers = [name.strip().lower() for name in raw.headers.get("Content-Encoding", "").split(",")]
    layers = [name for name in layers if name not in ("", "identity")]
    if len(layers) > NESTED:
        raise Unreadable(f"answered with a body that is packed {len(layers)} times")
    body = _joined(raw.stream(PIECE, decode_content=False), allowance)
    for layer in reversed(layers if body else []):
        body = _joined(_unpacked(body, layer, allowance), allowance)
    return body


def _joined(pieces: Iterator[bytes], allowance: Allowance) -> bytes:
    """The pieces as one; each is counted before the next one is asked for, and many are waited with for their turn."""
    kept, size = [], 0
    for piece in pieces:
        size += len(piece)
        if size > allowance.limits.size:
            raise allowance.too_large()
        if size > LARGE:
            LARGE_ANSWERS.take(allowance)
        kept.append(piece)
    return kept[0] if len(kept) == 1 else b"".join(kept)


def _unpacked(packed: bytes, layer: str, allowance: Allowance) -> Iterator[bytes]:
    """What was packed as gzip (RFC 1952, several members too) or deflate (RFC 1950, or bare RFC 1951), in pieces."""
    if layer in ("gzip", "x-gzip"):
        kind = _GZIP
    elif layer == "deflate":
        kind = zlib.MAX_WBITS if _is_zlib(packed) else -zlib.MAX_WBITS
    else:
        named = f"as {layer!r}" if layer in PACKINGS else "in a way that nobody knows"
        raise Unreadable(f"answered with a body packed {named}, and was asked for {ACCEPTED}")
    unpacker = zlib.decompressobj(kind)
    try:
        for start in range(0, len(packed), PIECE):
            if start:  # unpacking takes time too
                allowance.wait_at_most(None)
            rest, is_full = packed[start : start + PIECE], False
            while rest or is_full:
                if unpacker.eof:
                    if kind != _GZIP or not rest.startswith(_MAGIC[: len(rest)]):
                        return  # padding
                    unpacker = zlib.decompressobj(kind)
                piece = unpacker.decompress(rest, PIECE)
                yield piece
                rest = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
                is_full = len(piece) == PIECE and not unpacker.eof
    except zlib.error:
        broken = "that is damaged"
    else:
        broken = "" if unpacker.eof else "that was cut off"
    if broken:
        raise Unreadable(f"answered with a body ({layer}) {broken}")


def _is_zlib(packed: bytes) -> bool:
    """Whether it begins as RFC 1950 says; some servers leave that beginning out."""
    return len(packed) > 1 and packed[0] & 15 == 8 and int.from_bytes(packed[:2], "big") % 31 == 0
