"""Callback: parameters are read from a mapping, from a query or from a whole address, or refused as a callback error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psauth.auth.callback import LONGEST, Callback
from psauth.exceptions import AuthorizationError, DuplicateParameter, MalformedCallback
from psauth.words import printable

WHOLE = {"state": "s", "code": "c", "iss": "https://app.example"}


def query_params(items):
    return pytest.importorskip("starlette.datastructures", reason="starlette is not installed").QueryParams(items)


@pytest.mark.parametrize(
    "params",
    [
        WHOLE,
        {name: [value] for name, value in WHOLE.items()},
        {name: (value,) for name, value in WHOLE.items()},
        "http://localhost:8501/?state=s&code=c&iss=https%3A%2F%2Fapp.example",
        "  http://localhost:8501/callback?code=c&state=s&iss=https://app.example#_=_\n",
        "/callback?code=c&state=s&iss=https://app.example",
        "?code=c&state=s&iss=https://app.example",
        "code=c&state=s&iss=https://app.example",
    ],
    ids=["mapping", "lists", "tuples", "address", "spaces and fragment", "path", "?query", "query"],
)
def test_the_same_callback_is_read_from_every_form(params):
    assert Callback.read(params) == Callback(**WHOLE)


def test_starlette_query_parameters_are_read():
    assert Callback.read(query_params([*WHOLE.items()])) == Callback(**WHOLE)


def test_parameters_that_nobody_knows_are_left_alone():
    assert Callback.read({**WHOLE, "session_state": "x", "scope": "read"}) == Callback(**WHOLE)


def test_an_empty_parameter_is_as_good_as_none():
    assert Callback.read("?state=&code=&error=") == Callback()
    assert Callback.read({}) == Callback.read("") == Callback()


@pytest.mark.parametrize("name", ["state", "code", "iss", "error", "anything"])
@pytest.mark.parametrize("values", [("a", "b"), ("a", "a"), ("", "a"), ("a", "")])
def test_a_parameter_given_twice_is_refused_whatever_its_values(name, values):
    first, second = values
    for params in (
        {**WHOLE, name: [*values]},
        f"http://localhost/?{name}={first}&x=1&{name}={second}",
        query_params([(name, first), (name, second)]),
    ):
        with pytest.raises(DuplicateParameter, match=name):
            Callback.read(params)


@pytest.mark.parametrize(
    "params",
    [
        {"state": None},
        {"state": 5},
        {"state": b"s"},
        {"state": ["s", 5]},
        {"state": [["s"]]},
        {5: "s"},
        {"state": "s" * (LONGEST + 1)},
        "x" * (LONGEST + 1),
        "http://[::1?state=s",
        "?" + "&".join(f"p{n}=1" for n in range(101)),
        {"state": "s", "code": "\ud800"},
        {"state": "\udcff"},
        "?state=s&code=\ud800",
    ],
    ids=lambda params: ascii(params)[:24].replace("\\", "/"),
)
def test_what_is_not_query_parameters_is_malformed(params):
    with pytest.raises(MalformedCallback):
        Callback.read(params)


def test_neither_code_nor_state_show_in_the_repr():
    shown = repr(Callback(state="secret-state", code="secret-code", iss="https://app.example"))
    assert "secret" not in shown
    assert "https://app.example" in shown


def test_a_duplicated_value_is_not_in_the_message():
    with pytest.raises(DuplicateParameter) as caught:
        Callback.read({"code": ["secret-1", "secret-2"]})
    assert "secret" not in str(caught.value)


values = st.one_of(st.text(), st.none(), st.integers(), st.binary(), st.lists(st.one_of(st.text(), st.none())))
names = st.one_of(st.sampled_from(["state", "code", "iss", "error", "error_description"]), st.text())


@pytest.mark.slow
@given(
    st.one_of(
        st.dictionaries(names, values),
        st.text(),
        st.text().map("http://localhost:8501/?".__add__),
        st.text(alphabet="state=code&?%/:#[]@ü\ud800\x00"),
    )
)
def test_anything_is_a_callback_or_an_authorization_error(params):
    try:
        callback = Callback.read(params)
    except AuthorizationError:
        return
    for value in (callback.state, callback.code, callback.iss, callback.error, callback.error_description):
        assert value is None or value.encode()


@given(st.text())
def test_text_from_outside_stays_on_one_printable_line(text):
    shown = printable(text)
    assert shown.isprintable()
    assert len(shown) <= 201


@pytest.mark.parametrize("callback", [7, None, ["code=c"], b"code=c", {"code"}])
def test_what_is_neither_parameters_nor_an_address_is_malformed(callback):
    expected = (
        rf"The callback is a {type(callback).__name__}\. Expected its query parameters as a mapping, or its whole"
    )
    with pytest.raises(MalformedCallback, match=expected):
        Callback.read(callback)
