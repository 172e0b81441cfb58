"""Callbacks nobody thought of, drawn at random: each is an AuthorizationError, and consumes nothing."""

import random
from urllib.parse import parse_qsl, quote, urlencode

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from psauth.exceptions import (
    AuthorizationError,
)

texts = st.text(max_size=60)
names = st.sampled_from(["state", "code", "iss", "error", "error_description", "scope", ""])
mappings = st.dictionaries(
    st.one_of(names, texts),
    st.one_of(texts, st.none(), st.integers(), st.binary(max_size=9), st.lists(texts, max_size=3)),
)
addresses = st.one_of(
    texts,
    texts.map("http://localhost:8501/?".__add__),
    st.lists(st.tuples(names, texts), max_size=5).map(
        lambda pairs: "http://localhost:8501/?" + "&".join(f"{n}={quote(v, errors='replace')}" for n, v in pairs)
    ),
    st.text(alphabet="state=code&?%/:#[]@ü\x00", max_size=80),
)


@pytest.fixture
def waiting(flow, token_endpoint):
    """A request that waits for its callback; afterwards the right callback must still find it."""
    request = flow.begin(browser="browser-1")
    yield request
    assert not token_endpoint.called
    assert flow.finish({"state": request.state, "code": "right"}, browser="browser-1")


many = examples(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.slow
@many
@given(params=st.one_of(mappings, addresses))
def test_a_random_callback_is_an_authorization_error_and_consumes_nothing(flow, waiting, params):
    with pytest.raises(AuthorizationError):
        flow.finish(params, browser="browser-1")


@pytest.mark.slow
@many
@given(data=st.data())
def test_a_mutated_callback_is_an_authorization_error_and_consumes_nothing(flow, waiting, data):
    right = urlencode({"code": "right", "state": waiting.state, "iss": "https://app.example"})
    at = data.draw(st.integers(0, len(right)))
    cut = data.draw(st.integers(0, 6))
    put = data.draw(st.text(alphabet="&=%+#?abcstate0123\x00ü", max_size=8))
    mutated = right[:at] + put + right[at + cut :]
    read = dict(parse_qsl(mutated, errors="replace"))
    browser = "browser-2" if read.get("state") == waiting.state else "browser-1"
    with pytest.raises(AuthorizationError):
        flow.finish("http://localhost:8501/?" + mutated, browser=browser)


@pytest.mark.slow
@many
@given(extra=mappings, spoil=st.sampled_from(["state", "code", "iss", "browser", "twice"]), junk=texts)
def test_a_callback_that_is_right_but_for_one_thing_consumes_nothing(flow, waiting, extra, spoil, junk):
    callback = {**extra, "state": waiting.state, "code": "right", "iss": "https://app.example"}
    for name in ("error", "error_description"):
        callback.pop(name, None)
    browser = "browser-1"
    if spoil == "code":
        callback["code"] = ""
    elif spoil == "browser":
        browser = junk
    elif spoil == "twice":
        callback["iss"] = ["https://app.example", junk]
    else:
        callback[spoil] = junk + "~"
    with pytest.raises(AuthorizationError):
        flow.finish(callback, browser=browser)


EACH = 3_000
PIECES = [
    "state",
    "code",
    "iss",
    "error",
    "=",
    "&",
    ";",
    "#",
    "?",
    "%",
    "%00",
    "%3D",
    "%26",
    "+",
    "\x00",
    "\ud83d",
    "é",
    "a" * 300,
]


def spoilt(right, chance):
    """The query of a right callback with something cut out, put in, said twice, swapped, or in another case."""
    query = right
    for _ in range(chance.randrange(1, 4)):
        at, cut = chance.randrange(len(query) + 1), chance.randrange(9)
        match chance.randrange(5):
            case 0:
                query = query[:at] + query[at + cut :]
            case 1:
                query = query[:at] + chance.choice(PIECES) + query[at:]
            case 2:
                query = query + "&" + chance.choice(query.split("&"))
            case 3:
                query = query[:at] + query[at : at + cut].swapcase() + query[at + cut :]
            case _:
                parts = query.split("&")
                chance.shuffle(parts)
                query = "&".join(part.partition("=")[chance.choice([0, 2, 2])] for part in parts)
    return query


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(8))
def test_of_24000_hostile_callbacks_none_is_accepted(flow, waiting, seed):
    chance = random.Random(seed)
    right = urlencode({"code": "right", "state": waiting.state, "iss": "https://app.example"})
    for _ in range(EACH):
        query = spoilt(right, chance)
        whole = dict(parse_qsl(query, errors="replace")).get("state") == waiting.state
        browser = chance.choice([None, "", "browser-2", "browser-1 "]) if whole else "browser-1"
        with pytest.raises(AuthorizationError):
            flow.finish("http://localhost:8501/?" + query, browser=browser)
