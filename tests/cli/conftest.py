"""A sandbox, settings that point at it, and a terminal to type at."""

import pytest
from click.testing import CliRunner

import psauth
from psauth.cli import main
from tests.flow.parts import PYTHON


@pytest.fixture
def box():
    with psauth.Sandbox(runs=20) as box:
        yield box


@pytest.fixture
def configured(box, monkeypatch):
    """The sandbox's settings in the environment, as a person would set them."""
    for name in ("client_id", "client_secret", "issuer", "api_url", "home", "secret_key"):
        monkeypatch.setenv(f"PSAUTH_{name.upper()}", getattr(box.settings, name))
    monkeypatch.setenv("PSAUTH_REDIRECT_URI", "http://127.0.0.1/")
    return box


@pytest.fixture
def connected(configured):
    psauth.login(settings=configured.settings)
    return configured


@pytest.fixture
def terminal():
    """Runs a command in this process; exit code, stdout, stderr."""

    def run(*words):
        result = CliRunner().invoke(main, words)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.stdout, result.stderr

    return run


@pytest.fixture
def browser(tmp_path):
    """A program for BROWSER: it consents (or does what else it is told) at the address it is given."""

    def make(*lines):
        script = tmp_path / "browser"
        script.write_text("\n".join([f"#!{PYTHON}", "import sys, urllib.request", *lines]) + "\n")
        script.chmod(0o700)
        return str(script)

    return make
