"""What somebody reads who types `psauth.connect()` for the first time, in a fresh Python: one line at most."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

HANGING = """
import threading
from keyring.backend import KeyringBackend

class Keyring(KeyringBackend):
    priority = 9

    def get_password(self, service, username):
        threading.Event().wait()

    set_password = get_password
"""


def type_in(lines, folder, **variables):
    """The lines that an interactive Python shows for what is typed in, without its prompts."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PSAUTH_", "PYTHON"))}
    done = subprocess.run(
        [sys.executable, "-q", "-i"],
        input="\n".join(lines) + "\n",
        env={
            **kept,
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(folder)]),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            "PSAUTH_HOME": str(folder / "home"),
            **variables,
        },
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
    shown = (done.stdout + done.stderr).replace(">>> ", "").splitlines()
    return [line for line in shown if line.strip()]


@pytest.fixture
def by_key(box):
    return {"PSAUTH_API_URL": box.api_url, "PSAUTH_API_KEY": box.api_key}


CONNECT = ["import psauth", "ps = psauth.connect()", "print(len(ps.users()) > 0)"]


def test_the_first_connection_says_one_line_and_the_second_none(tmp_path, by_key):
    first = type_in(CONNECT, tmp_path, **by_key)
    assert len(first) == 2
    assert "No keyring on this machine, so the vault's key is kept in" in first[0] + first[1]
    assert type_in(CONNECT, tmp_path, **by_key) == ["True"]


def test_with_a_key_in_the_settings_there_is_nothing_to_say(tmp_path, settings, by_key):
    assert type_in(CONNECT, tmp_path, PSAUTH_SECRET_KEY=settings.secret_key, **by_key) == ["True"]


def test_a_keyring_that_hangs_is_one_line_too(tmp_path, by_key):
    (tmp_path / "hanging.py").write_text(HANGING)
    short = ["import psauth.vault.keychain as keychain", "keychain.DEADLINE = keychain.SHORT_DEADLINE = 0.2"]
    for _ in range(2):
        shown = type_in([*short, *CONNECT], tmp_path, PYTHON_KEYRING_BACKEND="hanging.Keyring", **by_key)
        assert len(shown) == 2
        assert "keyring does not answer" in shown[0] + shown[1]


def test_lines_of_others_in_an_env_file_add_no_line(tmp_path, settings, by_key):
    (tmp_path / ".env").write_text('OTHER="half\nPSAUTH_SCOPE=read\n')
    assert type_in(CONNECT, tmp_path, PSAUTH_SECRET_KEY=settings.secret_key, **by_key) == ["True"]
