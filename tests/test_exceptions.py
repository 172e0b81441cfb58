"""The error tree: what an `except` catches, and that errors survive a process border."""

import copy
import inspect
import pickle
import re

import pytest

from psauth import exceptions
from psauth.exceptions import (
    ApiError,
    AuthorizationError,
    AuthorizationRefused,
    ExchangeFailed,
    LoginRequired,
    NotFound,
    PermissionDenied,
    PsauthError,
    PsauthWarning,
    RateLimited,
    ServiceUnavailable,
    SettingsError,
    UntrustedAddress,
    VaultError,
)

ERRORS = [e for _, e in inspect.getmembers(exceptions, inspect.isclass) if issubclass(e, PsauthError)]


def test_every_error_stands_in_the_tree_drawn_in_the_docstring_under_its_parent():
    path, drawn = {0: PsauthError}, {PsauthError}
    for line in exceptions.__doc__.splitlines():
        if match := re.match(r"( +[│ ]*)[├└]── (\w+)", line):
            depth, error = len(match[1]) // 4, getattr(exceptions, match[2])
            assert path[depth - 1] in error.__bases__, error
            path[depth] = error
            drawn.add(error)
    assert drawn == set(ERRORS)


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (SettingsError, ValueError),
        (NotFound, LookupError),
        (PermissionDenied, PermissionError),
        (ServiceUnavailable, ConnectionError),
        (UntrustedAddress, ValueError),
    ],
)
def test_errors_are_also_the_builtin_a_python_programmer_expects(error, builtin):
    assert issubclass(error, builtin)


def test_waiting_logging_in_and_fixing_a_setting_are_told_apart_by_class():
    for one, other in [(RateLimited, LoginRequired), (LoginRequired, AuthorizationError), (VaultError, SettingsError)]:
        assert not issubclass(one, other)
        assert not issubclass(other, one)


def test_the_warning_can_be_silenced_like_any_user_warning():
    assert issubclass(PsauthWarning, UserWarning)
    assert not issubclass(PsauthWarning, PsauthError)


def made(error):
    if error is AuthorizationRefused:
        return error("It said no.", error="invalid_scope")
    if error is ExchangeFailed:
        return error("No token.", status=400, error="invalid_grant")
    if issubclass(error, ApiError):
        fields = {"status": 422, "code": "Validation", "request_id": "r-1", "details": [{"at": "name"}]}
        return error("Answered.", **fields, retry_after=3.5)
    return error("Something to read.")


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: e.__name__)
@pytest.mark.parametrize("through", [lambda e: pickle.loads(pickle.dumps(e)), copy.copy], ids=["pickle", "copy"])
def test_an_error_comes_through_a_process_border_whole(error, through):
    before = made(error)
    after = through(before)
    assert type(after) is error
    assert str(after) == str(before)
    assert vars(after) == vars(before)


@pytest.mark.parametrize("error", [ApiError, NotFound, PermissionDenied, RateLimited, ServiceUnavailable])
def test_an_api_error_without_an_answer_has_nothing_but_its_message(error):
    lone = error("No answer came.")
    assert str(lone) == "No answer came."
    assert set(vars(lone).values()) == {None}
