"""The public face: the names are a promise, and importing them costs next to nothing."""

import ast
import importlib
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import psauth

PROMISED = [
    "AuthorizationFlow",
    "ProcessStreet",
    "Sandbox",
    "Settings",
    "Vault",
    "Connection",
    "Token",
    "Budget",
    "connect",
    "login",
    "logout",
    "PsauthError",
    "SettingsError",
    "VaultError",
    "AuthorizationError",
    "LoginRequired",
    "ApiError",
    "NotFound",
    "PermissionDenied",
    "RateLimited",
    "ServiceUnavailable",
    "UntrustedAddress",
]


def test_all_is_sorted_without_doubles_and_names_everything_promised():
    assert psauth.__all__ == sorted(set(psauth.__all__))
    assert set(PROMISED) <= set(psauth.__all__)


ROOMS = {"analysis", "charts"}
"""Whole rooms that are public: `psauth.analysis.bottlenecks(…)`, `psauth.charts.bottlenecks(…)`."""


@pytest.mark.parametrize("name", sorted(ROOMS))
def test_every_public_room_says_what_it_is(name):
    room = getattr(psauth, name)
    assert inspect.ismodule(room)
    assert room.__doc__
    assert room.__name__ == f"psauth.{name}"


@pytest.mark.parametrize("name", sorted({*psauth.__all__} - ROOMS))
def test_every_name_can_be_imported_and_says_what_it_is(name):
    value = getattr(psauth, name)
    assert inspect.isclass(value) or inspect.isfunction(value)
    assert value.__doc__
    assert value.__name__ == name


def listed():
    """(name, module) for every name of the stub, which is the one list of what psauth exports."""
    stub = ast.parse(Path(psauth.__file__).with_suffix(".pyi").read_text("utf-8"))
    for node in stub.body:
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from ((alias.name, f"psauth.{node.module}") for alias in node.names)


@pytest.mark.parametrize(("name", "module"), list(listed()))
def test_every_name_comes_from_the_module_that_defines_it(name, module):
    assert getattr(psauth, name).__module__ == module


def test_the_list_is_all_there_is():
    assert psauth.__all__ == sorted([*ROOMS, *(name for name, _ in listed())])
    assert set(dir(psauth)) == {*psauth.__all__, "__version__"}


def test_every_error_is_public():
    from psauth import exceptions

    errors = {n for n, e in inspect.getmembers(exceptions, inspect.isclass) if e.__module__ == "psauth.exceptions"}
    assert errors <= set(psauth.__all__)


@pytest.mark.parametrize(
    ("call", "names"),
    [
        (psauth.AuthorizationFlow.begin, ["account", "browser", "return_to"]),
        (psauth.AuthorizationFlow.finish, ["params", "browser"]),
        (psauth.Vault.open, ["settings"]),
        (psauth.Sandbox.login, ["target"]),
        (psauth.connect, ["account"]),
        (psauth.login, ["account"]),
        (psauth.logout, ["account"]),
    ],
    ids=lambda value: getattr(value, "__qualname__", ""),
)
def test_what_is_promised_in_order_may_be_given_in_order(call, names):
    taken = [p for p in inspect.signature(call).parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert [p.name for p in taken if p.name != "self"] == names


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'psauth' has no attribute 'connecct'"):
        _ = psauth.connecct


def test_a_question_that_is_not_there_is_an_attribute_error_with_the_nearest():
    with pytest.raises(
        AttributeError, match=r"psauth\.analysis has no question 'bottleneck'\. Did you mean bottlenecks\?"
    ):
        _ = psauth.analysis.bottleneck


def test_the_version_comes_from_the_installed_package():
    from importlib.metadata import version

    assert psauth.__version__ == version("psauth")


def test_the_version_is_known_to_be_unknown_in_a_bare_checkout(monkeypatch):
    from importlib import metadata

    def absent(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", absent)
    assert psauth.__version__ == "0+unknown"


def in_a_new_process(program):
    here = Path(psauth.__file__).parents[1]  # whatever "psauth" means to this interpreter elsewhere
    done = subprocess.run([sys.executable, "-c", program], cwd=here, capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_importing_psauth_loads_nothing_heavy():
    loaded = set(in_a_new_process("import sys, psauth; psauth.__all__; print(*sys.modules)"))
    assert not loaded & {
        "pandas",
        "altair",
        "numpy",
        "streamlit",
        "requests",
        "sqlalchemy",
        "cryptography",
        "keyring",
        "starlette",
    }


def test_connecting_loads_no_pandas_before_a_frame_is_asked_for():
    loaded = set(in_a_new_process("import sys, psauth; psauth.connect, psauth.login; print(*sys.modules)"))
    assert "psauth.client" in loaded
    assert not loaded & {"pandas", "streamlit"}


def test_login_stays_a_function_after_every_module_was_imported():
    for module in pkgutil.iter_modules(psauth.__path__, "psauth."):
        if not module.ispkg and not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for name in ("login", "logout", "connect"):
        assert inspect.isfunction(getattr(psauth, name)), name


def test_no_module_has_the_name_of_a_public_function():
    modules = {module.name for module in pkgutil.iter_modules(psauth.__path__)}
    assert not modules & set(psauth.__all__) - ROOMS
