"""Bodies: whatever was packed comes out whole, or not at all, and never more than the limit."""

import io
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3.response import HTTPResponse

from psauth.auth.body import PIECE, Unreadable, read_body
from psauth.auth.limits import Allowance, LimitReached, Limits

LIMITS = Limits(seconds=30, size=300_000)
KINDS = {"gzip": 31, "x-gzip": 31, "deflate": 15, " Deflate": -15}


def packed(data, wbits):
    packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
    return packer.compress(data) + packer.flush()


def body_of(content, encoding, limits=LIMITS):
    headers = {"Content-Encoding": encoding} if encoding else {}
    return read_body(HTTPResponse(io.BytesIO(content), headers=headers, preload_content=False), Allowance(limits))


SIZES = st.sampled_from([0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 3 * PIECE + 7])


@given(SIZES, st.sampled_from([*KINDS]), st.sampled_from([b"a", b"ab", bytes(range(256))]))
def test_what_was_packed_comes_out_whole(size, kind, unit):
    data = (unit * size)[:size]
    assert body_of(packed(data, KINDS[kind]), kind) == data


@given(st.lists(st.binary(max_size=99), max_size=5))
def test_members_of_a_gzip_file_are_put_together(parts):
    assert body_of(b"".join(packed(part, 31) for part in parts), "gzip") == b"".join(parts)


@given(st.binary(min_size=1, max_size=200), st.data())
def test_what_was_cut_off_is_no_answer(data, draw):
    for kind, wbits in KINDS.items():
        whole = packed(data, wbits)
        with pytest.raises(Unreadable):
            body_of(whole[: draw.draw(st.integers(1, len(whole) - 1))], kind)


@given(st.binary(max_size=300), st.sampled_from([*KINDS]))
def test_noise_is_a_body_or_unreadable(content, kind):
    try:
        body = body_of(content, kind)
    except Unreadable:
        body = b""
    assert len(body) <= LIMITS.size


@pytest.mark.parametrize("kind", KINDS)
def test_one_byte_more_than_the_limit_is_too_much(kind):
    wbits = KINDS[kind]
    assert len(body_of(packed(bytes(LIMITS.size), wbits), kind)) == LIMITS.size
    with pytest.raises(LimitReached, match=r"more than 0\.3 MB"):
        body_of(packed(bytes(LIMITS.size + 1), wbits), kind)
    with pytest.raises(LimitReached):
        body_of(bytes(LIMITS.size + 1), "")


def test_unpacking_ends_with_the_time_too():
    tiny = packed(b"", 31)
    content = tiny * (LIMITS.size // len(tiny))
    with pytest.raises(LimitReached, match="took longer"):
        body_of(content, "gzip", Limits(seconds=1e-9, size=LIMITS.size))


@pytest.mark.parametrize("encoding", ["br", "zstd", "compress", "gzip, br", "x" * 500, ", ".join(["gzip"] * 4)])
def test_what_was_not_asked_for_is_unreadable(encoding):
    with pytest.raises(Unreadable, match="answered with a body") as caught:
        body_of(packed(b"{}", 31), encoding)
    assert len(str(caught.value)) < 200
