"""JSON text: everything that a service may answer is a value or a NotJson."""

import json
import math
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psauth.json_text import DEEPEST, NotJson, parse_json

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(PLAIN, st.booleans())
def test_what_json_writes_is_read_as_json_reads_it(value, escaped):
    content = json.dumps(value, ensure_ascii=escaped).encode()
    assert parse_json(content) == parse_json(b"\xef\xbb\xbf" + content) == json.loads(content)


@given(st.binary())
def test_any_bytes_are_a_value_or_not_json(content):
    problem = None
    try:
        parse_json(content)
    except NotJson as error:
        problem = error
    assert problem is None or (str(problem) and problem.__context__ is None)


@given(st.lists(st.characters(categories=["Cs", "L"]) | st.sampled_from('\\"u😀'), max_size=12).map("".join))
def test_half_a_character_is_replaced_wherever_it_stands(text):
    content = json.dumps({text: [text]}).encode()
    value = parse_json(content)
    value_as_bytes = json.dumps(value, ensure_ascii=False).encode()  # raises where half a character is left
    assert parse_json(value_as_bytes) == value
    joined = json.loads(content)  # json puts two halves together, as they belong
    assert value == {
        "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in k): [
            "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in v[0])
        ]
        for k, v in joined.items()
    }


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (rb'"\ud83d\ude00"', "😀"),
        (rb'"\uD83D\uDE00"', "😀"),
        (rb'"a\ud83d"', "a\ufffd"),
        (rb'"\ude00\ud83d"', "\ufffd\ufffd"),
        (rb'"\ud83d\ud83d\ude00"', "\ufffd😀"),
        (rb'"\\ud83d"', r"\ud83d"),
        (rb'"\\\ud83d"', "\\\ufffd"),
        (rb'"\ud83dx\ude00"', "\ufffdx\ufffd"),
    ],
)
def test_escapes(content, text):
    assert parse_json(content) == text


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"<html>", "no whole JSON"),
        (b'{"a": 1', "no whole JSON"),
        (b'{"a": 1} {"a": 2}', "no whole JSON"),
        (b'{"a": "\xff"}', "no UTF-8"),
        (b'{"a": "\xed\xa0\xbd"}', "no UTF-8"),  # a surrogate written as if it were a character
        ('{"a": 1}'.encode("utf-16"), "UTF-16"),
        ('{"a": 1}'.encode("utf-16-be"), "UTF-16"),
        ('{"a": 1}'.encode("utf-32"), "UTF-16"),
        (b'{"a": NaN}', "none"),
        (b'{"a": -Infinity}', "none"),
        (b'{"a": 1e400}', "none"),
        (b'{"a": ' + b"9" * 5000 + b"}", "none"),
        (b"[" * 100_000, "deep"),
        (b"[" + b"[]," * 125_000 + b"0]", "more than 250,000 values"),
        (b"[" + b"0," * 250_000 + b"0]", "more than 250,000 values"),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, "deep"),
        (b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1), "deep"),
    ],
    ids=lambda value: repr(value[:20]),
)
def test_what_cannot_be_used_says_why(content, why):
    with pytest.raises(NotJson, match=why):
        parse_json(content)


def test_brackets_as_deep_as_they_may_be():
    assert parse_json(b"[" * DEEPEST + b"]" * DEEPEST)


def test_long_integers_are_whole():
    digits = "1" * (sys.get_int_max_str_digits() - 1)
    assert parse_json(b"[1, " + digits.encode() + b"]") == [1, int(digits)]


def test_odd_numbers_where_they_may_be():
    read = parse_json(b"[NaN, 1e400, -Infinity, " + b"9" * 5000 + b", -1e400, -" + b"9" * 5000 + b"]", odd_numbers=True)
    assert math.isnan(read[0])
    assert read[1:] == [math.inf, -math.inf, math.inf, -math.inf, -math.inf]


@pytest.mark.parametrize("content", [b'{"a": 1, "a": 1}', b'[{"b": {"a": 1, "\\u0061": 2}}]'])
def test_a_name_that_stands_twice(content):
    parse_json(content)
    with pytest.raises(NotJson, match="twice"):
        parse_json(content, unique_names=True)
