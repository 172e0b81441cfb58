"""Records in the store come out as they went in, all at once or in pieces; damaged ones are said."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psauth.exceptions import MirrorError
from psauth.mirror.packing import Bundle, pack, unpack, unpack_pieces

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
RECORDS = st.lists(st.dictionaries(st.text(), VALUES, max_size=3), max_size=9)


@given(RECORDS, st.integers(1, 10))
def test_in_pieces_they_are_the_same_records_in_the_same_order(records, size):
    content = pack(records).content
    pieces = [*unpack_pieces(content, "a list", size)]
    assert [record for piece in pieces for record in piece] == unpack(content, "a list")
    assert all(len(piece) == size for piece in pieces[:-1])
    assert len(pieces) >= 1
    assert len(pieces[-1]) <= size


@given(st.lists(RECORDS, max_size=5))
def test_packed_page_by_page_they_are_the_same_list(pages):
    records = [record for page in pages for record in page]
    bundle = Bundle(pages)
    assert len(bundle) == len(records)
    assert bundle.packed().digest == pack(records).digest
    assert unpack(bundle.packed().content, "a list") == [*bundle] == unpack(pack(records).content, "a list")


@pytest.mark.parametrize("damage", [lambda c: b"", lambda c: c[:-5], lambda c: c[:9] + b"\0\0\0" + c[12:]])
def test_damaged_ones_name_the_list_and_the_way_out(damage):
    content = damage(pack([{"id": "a", "name": "Onboarding"}, {"id": "b"}]).content)
    for read in (unpack, lambda *its: [*unpack_pieces(*its, 1)]):
        with pytest.raises(MirrorError, match=r"the tasks of r1 is damaged.*psauth sync --anew"):
            read(content, "the tasks of r1")


@pytest.mark.parametrize("text", [b"", b"[", b"[{}", b'[{"a":1},', b"[{}x"])
def test_text_that_ends_too_early_is_damaged_as_well(text):
    with pytest.raises(MirrorError, match="is damaged"):
        [*unpack_pieces(zlib.compress(text), "a list", 2)]
