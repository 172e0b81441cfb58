"""Calls: arguments that a public function does not take are an ArgumentError that says which ones it takes."""

import doctest
import inspect
import re

import pytest

import psauth
from psauth.exceptions import ArgumentError, PsauthError
from psauth.reading.calls import checked

METHODS = {
    name: method
    for name, method in inspect.getmembers(psauth.ProcessStreet, inspect.isfunction)
    if not name.startswith("_")
}


@pytest.mark.parametrize("name", METHODS)
def test_every_public_method_refuses_what_it_does_not_take(ps, requests_mock, name):
    takes_any = any(p.kind is p.VAR_KEYWORD for p in inspect.signature(METHODS[name]).parameters.values())
    too_many = {"get": 2, "iterate": 2, "plan": 0}.get(name, 99)  # plan takes any number of nouns
    if not takes_any:
        with pytest.raises(ArgumentError, match=rf"^ps\.{name}\(\) takes no 'stauts'\. (Did you mean|Expected)"):
            getattr(ps, name)(stauts="Active")
    if too_many:
        with pytest.raises(ArgumentError, match=rf"^ps\.{name}\(\) takes (only|nothing) "):
            getattr(ps, name)(*["x"] * too_many)
    assert not requests_mock.called


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda ps: ps.runs(stauts="Active"), "ps.runs() takes no 'stauts'. Did you mean 'status'?"),
        (lambda ps: ps.tasks(run="r1"), "ps.tasks() takes no 'run'. Did you mean 'runs'?"),
        (
            lambda ps: ps.data_sets(zebra=1),
            "ps.data_sets() takes no 'zebra'. Expected one of progress, on_error.",
        ),
        (lambda ps: ps.whoami(me=True), "ps.whoami() takes no 'me'. Expected nothing at all."),
        (
            lambda ps: ps.runs("w", "Active"),
            "ps.runs() takes only workflow without a name. Name the others, as in ps.runs(status=…).",
        ),
        (
            lambda ps: ps.complete_task("r", "t", "now"),
            "ps.complete_task() takes only run and task without a name. It was given 3.",
        ),
        (
            lambda ps: ps.users(5),
            "ps.users() takes nothing without a name. Name the others, as in ps.users(limit=…).",
        ),
        (
            lambda ps: ps.runs("w", workflow="w"),
            "ps.runs() was given 'workflow' twice, by its place and by its name. Expected it once.",
        ),
        (lambda ps: ps.records(), "ps.records() needs 'data_set'. Expected ps.records(data_set=…)."),
        (
            lambda ps: ps.complete_task("r"),
            "ps.complete_task() needs 'task'. Expected ps.complete_task(run=…, task=…).",
        ),
        (
            lambda ps: ps.write_records("Suppliers", key="Name"),
            "ps.write_records() needs 'frame'. Expected ps.write_records(data_set=…, frame=…, key=…).",
        ),
        (lambda ps: psauth.connect(acount="acme"), "psauth.connect() takes no 'acount'. Did you mean 'account'?"),
        (lambda ps: psauth.Sandbox(run=5), "psauth.Sandbox() takes no 'run'. Did you mean 'runs'?"),
        (
            lambda ps: psauth.Sandbox(5),
            "psauth.Sandbox() takes nothing without a name. Name the others, as in psauth.Sandbox(runs=…).",
        ),
        (lambda ps: psauth.logout("a", "b"), None),
        (lambda ps: psauth.login(timeot=3), "psauth.login() takes no 'timeot'. Did you mean 'timeout'?"),
    ],
)
def test_the_error_is_the_next_line_to_type(ps, call, said):
    with pytest.raises(ArgumentError) as error:
        call(ps)
    if said is not None:
        assert str(error.value) == said
    assert isinstance(error.value, PsauthError)
    assert isinstance(error.value, ValueError)
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__


INTERNAL = ("Nouns", "Reads", "Reader", "Writes", "Listing", "Things", "_read")


@pytest.mark.parametrize("name", METHODS)
def test_no_public_method_speaks_of_internal_classes(ps, name):
    for wrong in ({"no_such_thing": 1}, {}):
        with pytest.raises(Exception) as error:
            METHODS[name](ps, *[object()] * 9, **wrong)
        assert not any(word in str(error.value) for word in INTERNAL)


@pytest.mark.parametrize("name", METHODS)
def test_signature_and_help_stay_those_of_the_method(name):
    method = METHODS[name]
    inner = inspect.unwrap(method)
    assert inner is not method
    assert inspect.signature(method) == inspect.signature(inner)
    assert method.__doc__ == inner.__doc__
    assert (method.__name__, method.__module__) == (inner.__name__, inner.__module__)


PUBLIC = {
    name: member
    for name, member in inspect.getmembers(psauth.ProcessStreet)
    if not name.startswith("_") and not getattr(member, "__module__", "").startswith("psauth.writing")
}


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_docstring_lists_its_parameters_and_has_an_example(name):
    doc = inspect.getdoc(PUBLIC[name])
    assert re.match(r"[A-Z][^\n]+\.", doc), "begins with a sentence"
    parameters = [p for p in inspect.signature(METHODS[name]).parameters if p != "self"] if name in METHODS else []
    listed = re.search(r"Parameters:\n((?:    .+\n)+)", doc)
    assert bool(parameters) == bool(listed)
    for parameter in parameters:
        assert re.search(rf"^    (\w+, )*{parameter}(, \w+)*: ", listed[1], re.MULTILINE), parameter
    assert doctest.DocTestParser().get_examples(doc), "an example"
    assert "SKIP" not in doc


def test_a_function_that_is_called_rightly_is_simply_called():
    @checked("psauth.add")
    def add(one: int, *, other: int = 2) -> int:
        """Their sum."""
        return one + other

    assert (add(1), add(1, other=5), add(one=3)) == (3, 6, 5)
    with pytest.raises(TypeError, match="can only concatenate"):  # its own faults are its own
        add("a")
