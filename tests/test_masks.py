"""Masks: whatever form a secret comes back in, no part of more than eight characters of it is left."""

import time

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from psauth.masks import LONGEST, Masks
from tests.repeated import FORMS, PLAIN, QUOTED, left, parts

TOKEN = "9f/Kd93+Zp41=xQ7~t0ken-of_somebody.here"
ASCII = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=8, max_size=60)
URL_SAFE = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~+/=", min_size=8, max_size=200)
ANY = st.text(st.characters(categories=["L", "N", "P", "S"], max_codepoint=0x2FFF), min_size=8, max_size=40)


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=20)
@given(secret=st.one_of(ASCII, URL_SAFE), around=st.text(max_size=12))
def test_no_part_is_left_of_a_secret_in_any_form(form, secret, around):
    assume(len(secret.strip()) >= 8 and "***" not in secret)
    assume(not left(around, secret))
    shown = Masks(secret).text(f"{around} {FORMS[form](secret)} {around}")
    assert not left(shown.replace("***", ""), secret) or len(secret) == 8
    assert "***" in shown


@pytest.mark.parametrize("form", {**PLAIN, **QUOTED})
@settings(max_examples=20)
@given(secret=ANY)
def test_nor_of_one_in_any_letters(form, secret):
    shown = Masks(secret).text(FORMS[form](secret))
    assert "***" in shown
    if form not in ("in capitals", "in small letters", "Python", "a script"):
        assert not parts(secret) & parts(shown)


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=20)
@given(st.integers(0, len(TOKEN) - 12), st.integers(12, len(TOKEN)))
def test_an_excerpt_is_hidden_too(form, begin, length):
    excerpt = TOKEN[begin : begin + length]
    assert not left(Masks(TOKEN).text(f"is not: {FORMS[form](excerpt)}…"), excerpt)


@given(secret=URL_SAFE, gaps=st.lists(st.tuples(st.integers(1, 8), st.sampled_from(["\n", "\r\n", " ", "\t", "\u200b", "\0", "%0A", r"\n", "&#10;"])), min_size=30, max_size=30))  # fmt: skip
def test_a_secret_broken_over_lines_is_hidden(secret, gaps):
    assume(len(secret.replace("+", "")) >= 9)
    broken, rest = "", secret
    for size, gap in gaps:
        broken, rest = broken + rest[:size] + gap, rest[size:]
    assert secret.lower() not in "".join(Masks(secret).text(broken + rest).lower().split())
    assert "***" in Masks(secret).text(broken + rest)


SENTENCES = [
    "The client secret is wrong, or the authorization code has expired; refresh_token is missing.",
    "Token abcdefgh… is not valid for this application (invalid_client).",
    "https://app.process.st/oauth/token answered 400 (invalid_grant: too late)",
    "Zugang verweigert: ungültiger Schlüssel 😀",
    "a+b = c%20d &amp; \\u0041",
    "",
]


@pytest.mark.parametrize("sentence", SENTENCES)
@settings(max_examples=20)
@given(st.one_of(st.none(), st.text(max_size=7), st.text("0123456789abcdefABCDEF-_", min_size=16, max_size=64)))
@example("error")
@example("client")
@example("oauth")
def test_words_stay_as_they_are(sentence, secret):
    assert Masks(secret, "", None, "Kd93-Zp41-xQ7t-0ken").text(sentence) == sentence


def test_nothing_of_a_secret_is_in_the_words_for_it():
    masks = Masks(TOKEN, "another-secret-7Hq2")
    masks.text("x")
    assert repr(masks) == str(masks) == "Masks(***, ***)"
    assert TOKEN not in repr(masks._parts)


def test_names_values_and_numbers_of_json_are_hidden():
    masks = Masks(TOKEN, "123456789012")
    value = {
        TOKEN: [TOKEN, {"a": f"x {TOKEN[:12]}"}],
        "n": 123456789012,
        "f": 1234.5,
        "ok": [1, True, None, 2.5],
    }
    assert masks.value(value) == {
        "***": ["***", {"a": "x ***"}],
        "n": "***",
        "f": 1234.5,
        "ok": [1, True, None, 2.5],
    }


@pytest.mark.parametrize(
    "piece", ["a", "%41", r"\u0041", "&#65;", "&amp;", " ", "%", "\\", "&#", TOKEN, TOKEN[:9] + " ", "\u00e9", "+"]
)
def test_it_takes_time_in_proportion_to_the_text(piece):
    masks = Masks(TOKEN, "x" * 4000)
    masks.text("warm")
    seconds = []
    for size in (LONGEST // 4, LONGEST):
        began = time.perf_counter()
        masks.text((piece * size)[:size])
        seconds.append(time.perf_counter() - began)
    assert seconds[1] < 16 * seconds[0] + 1.0  # 4 would be exact; 16 would be as its square


def test_what_no_message_shows_is_left_out():
    assert len(Masks(TOKEN).text("ab " * 10**6)) == LONGEST
