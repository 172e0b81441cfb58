"""Token: what an answer may lack, when a token is expired, and that it never shows itself."""

import copy
import pickle
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psauth.secret import Secret
from psauth.vault.token import LEEWAY, LONGEST, LONGEST_LIFE, LONGEST_SCOPE, Token

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_an_answer_with_everything_becomes_a_token():
    answer = {
        "access_token": "a",
        "refresh_token": "r",
        "token_type": "bearer",
        "expires_in": 3600,
        "scope": "read write",
        "organisation": "ignored",
    }
    assert Token.from_answer(answer, now=NOW) == Token(
        access_token="a",
        refresh_token="r",
        token_type="bearer",
        scope="read write",
        expires_at=NOW + timedelta(hours=1),
        obtained_at=NOW,
    )


def test_everything_but_the_access_token_may_be_missing():
    assert Token.from_answer({"access_token": "a"}, now=NOW) == Token(access_token="a", obtained_at=NOW)
    assert Token(access_token="a").token_type == "Bearer"


@pytest.mark.parametrize(
    "answer", [{}, {"access_token": ""}, {"access_token": " "}, {"access_token": 7}, {"token": "a"}]
)
def test_without_an_access_token_there_is_no_token(answer):
    with pytest.raises(ValueError, match="no access_token"):
        Token.from_answer(answer)


@pytest.mark.parametrize("odd", ["", None, 5, ["r"], {"r": 1}])
def test_a_refresh_token_that_is_no_text_is_none(odd):
    assert Token.from_answer({"access_token": "a", "refresh_token": odd}).refresh_token is None


@pytest.mark.parametrize(
    ("given_scope", "scope"),
    [("read,write", "read,write"), (["read", "write"], "read write"), ("", None), (None, None)],
)
def test_the_granted_scope_is_kept_as_the_server_wrote_it(given_scope, scope):
    assert Token.from_answer({"access_token": "a", "scope": given_scope}).scope == scope


@pytest.mark.parametrize(
    ("expires_in", "seconds"),
    [
        (3600, 3600),
        ("3600", 3600),
        (1.5, 1.5),
        (0, 0),
        (-5, 0),
        ("1e400", 315_360_000),
        (float("inf"), 315_360_000),
        (10**400, 315_360_000),
        (-(10**400), 0),
    ],
)
def test_expires_in_may_be_a_number_or_its_text(expires_in, seconds):
    token = Token.from_answer({"access_token": "a", "expires_in": expires_in}, now=NOW)
    assert token.expires_at == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize("expires_in", [None, "", "soon", "nan", float("nan"), [3600], {}, True, False])
def test_an_expires_in_that_says_nothing_means_unknown_not_expired(expires_in):
    token = Token.from_answer({"access_token": "a", "expires_in": expires_in}, now=NOW)
    assert token.expires_at is None
    assert token.is_expired(now=NOW + timedelta(days=999)) is None


@pytest.mark.parametrize("kind", ["Bearer", "bearer", "BEARER", " bearer ", None, ""])
def test_a_bearer_token_in_any_case_is_one_and_a_type_that_is_not_said_is_taken_for_it(kind):
    assert Token.from_answer({"access_token": "a", "token_type": kind}).access_token == "a"
    assert Token.from_answer({"access_token": "a"}).token_type == "Bearer"


@pytest.mark.parametrize(
    "kind", ["mac", "DPoP", "N_A", "pop", "Bearer x", "bear er", "\ufffd", 5, True, ["Bearer"], {"a": 1}]
)
def test_a_token_of_another_type_is_refused(kind):
    with pytest.raises(ValueError, match="^its token_type is .*, and the API takes Bearer tokens only$"):
        Token.from_answer({"access_token": "a", "token_type": kind})


@pytest.mark.parametrize("access", ["a\ufffdb", "a\nb", "a\x7f", "ä", "a" * 16_385, 5, {}, ["a"], None, "", "  "])
def test_an_access_token_that_cannot_be_sent_is_refused(access):
    with pytest.raises(ValueError, match="access_token") as caught:
        Token.from_answer({"access_token": access})
    assert str(access)[:9] not in str(caught.value) or not str(access).strip()


@pytest.mark.parametrize("refresh", ["a\ufffdb", "a\nb", "ä", "a" * 16_385, 5, {}, ["a"], None, "", "  ", True])
def test_a_refresh_token_that_cannot_be_sent_is_none_and_the_old_one_is_kept(refresh):
    token = Token.from_answer({"access_token": "a", "refresh_token": refresh})
    assert token.refresh_token is None
    assert Token(access_token="b", refresh_token="old").succeeded_by(token).refresh_token == "old"


@pytest.mark.parametrize(
    ("scope", "text"),
    [
        ("read,write", "read,write"),
        (["read", "write"], "read write"),
        (["read", 5, None], "read"),
        ("read\nwrite\x00", "read write"),
        ("read \ufffd", "read \ufffd"),
        *[(nothing, None) for nothing in (None, "", " ", [], [5], [[]], {}, {"a": 1}, 5, True)],
    ],
)
def test_a_scope_is_one_line_or_nothing(scope, text):
    assert Token.from_answer({"access_token": "a", "scope": scope}).scope == text


def test_a_scope_without_end_is_cut():
    assert len(Token.from_answer({"access_token": "a", "scope": "x" * 10**6}).scope) < 1100


@given(
    st.dictionaries(
        st.sampled_from(["access_token", "refresh_token", "expires_in", "scope", "token_type"]),
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.text(), max_size=2)),
    )
)
def test_any_answer_is_a_token_or_a_value_error(answer):
    try:
        token = Token.from_answer(answer)
    except ValueError:
        access, kind = answer.get("access_token"), answer.get("token_type")
        sendable = isinstance(access, str) and access.strip() and access.isascii() and access.isprintable()
        assert not sendable or (kind and str(kind).strip().lower() != "bearer")
    else:
        assert Token.from_json(token.to_json()) == token


def test_a_token_expires_a_leeway_before_its_end():
    token = Token(access_token="a", expires_at=NOW, obtained_at=NOW - timedelta(hours=1))
    assert timedelta(seconds=60) == LEEWAY
    assert token.is_expired(now=NOW - timedelta(seconds=61)) is False
    assert token.is_expired(now=NOW - timedelta(seconds=60)) is True
    assert token.is_expired(timedelta(0), now=NOW - timedelta(seconds=1)) is False
    assert token.is_expired(timedelta(0), now=NOW) is True


@pytest.mark.parametrize(
    ("life", "leeway"), [(3600, 60), (601, 60), (600, 60), (300, 30), (60, 6), (30, 3), (5, 0.5), (1, 0.1)]
)
def test_the_leeway_is_a_tenth_of_the_life_at_most(life, leeway):
    token = Token.from_answer({"access_token": "a", "expires_in": life}, now=NOW)
    edge = token.expires_at - timedelta(seconds=leeway)
    assert token.is_expired(now=NOW) is False
    assert token.is_expired(now=edge - timedelta(milliseconds=1)) is False
    assert token.is_expired(now=edge) is True
    assert token.is_expired(timedelta(0), now=token.expires_at - timedelta(milliseconds=1)) is False
    assert token.is_expired(timedelta(0), now=token.expires_at) is True


@pytest.mark.parametrize("refresh_token", [None, "r"])
@pytest.mark.parametrize("expires_in", [0, "0", 0.0, -5])
def test_a_token_that_is_said_to_live_for_no_time_is_used_until_it_is_refused(expires_in, refresh_token):
    answer = {"access_token": "a", "expires_in": expires_in, "refresh_token": refresh_token}
    token = Token.from_answer(answer, now=NOW)
    assert token.end is None
    for later in (timedelta(0), timedelta(seconds=1), timedelta(days=1)):
        assert token.is_expired(now=NOW + later) is None
        assert token.is_expired(timedelta(0), now=NOW + later) is None


def test_a_token_whose_end_lies_before_its_beginning_is_expired():
    token = Token(access_token="a", expires_at=NOW - timedelta(hours=1), obtained_at=NOW)
    assert token.is_expired(now=NOW) is True


def test_after_the_clock_was_set_back_the_end_is_unknown():
    token = Token(access_token="a", expires_at=NOW + timedelta(hours=1), obtained_at=NOW)
    assert token.is_expired(now=NOW - timedelta(seconds=30)) is False
    assert token.is_expired(now=NOW - timedelta(days=1)) is None


def test_a_new_token_keeps_what_the_answer_left_out():
    old = Token(access_token="old", refresh_token="r-old", scope="read")
    assert old.succeeded_by(Token(access_token="new")).refresh_token == "r-old"
    assert old.succeeded_by(Token(access_token="new")).scope == "read"
    assert old.succeeded_by(Token(access_token="new")).access_token == "new"
    rotated = old.succeeded_by(Token(access_token="new", refresh_token="r-new", scope="write"))
    assert (rotated.refresh_token, rotated.scope) == ("r-new", "write")


@pytest.mark.parametrize("missing", [{}, {"refresh_token": None, "scope": None, "expires_at": None}])
def test_json_for_the_vault_brings_everything_back(make_token, missing):
    token = make_token(**missing)
    again = Token.from_json(token.to_json())
    assert again == token
    assert "***" in repr(again.access_token)


def test_a_token_never_shows_itself(make_token):
    token = make_token()
    shown = f"{token} {token!r} {[token]} {token.to_json()!r} %s" % token
    assert token.access_token not in shown
    assert token.refresh_token not in shown
    assert "scope='read write'" in shown


def test_a_token_does_not_leave_by_pickle_or_copy(make_token):
    for leave in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="not pickled"):
            leave(make_token())


def test_a_token_cannot_be_changed(make_token):
    with pytest.raises(AttributeError):
        make_token().access_token = "another"


def test_a_secret_is_a_text_without_a_face():
    secret = Secret("hunter2")
    assert secret == "hunter2"
    assert repr(secret) == "'***'"
    assert "hunter2" not in f"{[secret]} {{'k': {secret!r}}}"


def test_a_clock_that_was_set_back_by_more_than_a_minute_tells_nothing(make_token):
    token = make_token(lives=3600, obtained_at=datetime.now(UTC))
    for seconds, expired in [(-60, False), (-61, None), (0, False)]:
        assert token.is_expired(now=token.obtained_at + timedelta(seconds=seconds)) is expired


def test_a_token_may_be_as_long_as_a_header_and_a_scope_as_a_line():
    longest = "a" * LONGEST
    token = Token.from_answer(
        {"access_token": longest, "refresh_token": longest, "scope": ["s" * 2 * LONGEST_SCOPE], "expires_in": 10**400}
    )
    assert (token.access_token, token.refresh_token) == (longest, longest)
    assert token.scope == "s" * LONGEST_SCOPE + "…"
    assert token.obtained_at.tzinfo is UTC
    assert token.expires_at == token.obtained_at + LONGEST_LIFE
    assert Token.from_answer({"access_token": "a", "refresh_token": longest + "a"}).refresh_token is None
