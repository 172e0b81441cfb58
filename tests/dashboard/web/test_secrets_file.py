"""A file of Streamlit's secrets that cannot be read: said on every page, and never a bare 500 or the sandbox instead."""

from __future__ import annotations

import copy
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
import streamlit as st
from streamlit.testing.v1 import AppTest

import psauth
from psauth.dashboard.web.target import find_target, leave_out_unreadable_secrets
from tests.dashboard.conftest import texts
from tests.dashboard.web.asking import LED, ask
from tests.flow.parts import ROOT, bare_environment, free_port, wait_until

SPOILT = {
    "no TOML": b"[psauth\nclient_id = 'hidden-value'",
    "UTF-16, as PowerShell writes it": "[psauth]\nclient_id = 'hidden-value'\n".encode("utf-16"),
    "no text": b"\xff\xfe\x00\x81",
    "a folder": None,
}


def write(folder: Path, content: bytes | None) -> Path:
    file = folder / ".streamlit" / "secrets.toml"
    file.parent.mkdir(exist_ok=True)
    if content is None:
        file.mkdir()
    else:
        file.write_bytes(content)
    return file


@pytest.fixture
def spoilt(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A secrets file of that kind in the working folder, where Streamlit and psauth look."""
    monkeypatch.chdir(tmp_path)
    file = write(tmp_path, SPOILT[request.param])
    monkeypatch.setattr(st, "secrets", _NoSecrets())
    # A copy: by default the option names files of the working folder of the moment, and what it is set to would stay.
    options = st.config.get_config_options()
    monkeypatch.setitem(options, "secrets.files", copy.copy(options["secrets.files"]))
    st.config.set_option("secrets.files", [str(tmp_path / "none.toml"), str(file)])
    return file


class _NoSecrets:
    """Streamlit's secrets where it has no file that it can read."""

    def get(self, *_: object) -> object:
        raise FileNotFoundError


@pytest.mark.parametrize("spoilt", SPOILT, indirect=True)
def test_it_is_a_settings_error_that_names_the_file_and_none_of_its_words(spoilt: Path) -> None:
    with pytest.raises(psauth.SettingsError, match="cannot be read") as error:
        find_target()
    assert "secrets.toml" in str(error.value)
    assert "hidden-value" not in str(error.value)


@pytest.mark.parametrize("spoilt", SPOILT, indirect=True)
def test_streamlit_is_kept_from_what_would_stop_it(spoilt: Path) -> None:
    leave_out_unreadable_secrets()
    left = st.config.get_option("secrets.files")
    assert [Path(file).name for file in left] in (["none.toml"], ["none.toml", "secrets.toml"])
    for file in left:
        assert not Path(file).exists() or Path(file).read_text("utf-8")


@pytest.mark.parametrize("spoilt", SPOILT, indirect=True)
def test_every_page_says_it(spoilt: Path, run: Callable[..., AppTest]) -> None:
    assert ask("/connect", cookie="b").status == 303
    assert ask("/?code=a&state=b", cookie="b").status == 303
    for path in ("/psauth-app", "/sandbox/", "/sandbox/v1/workflows"):
        assert ask(path).status == 503
    page = AppTest.from_file(str(ROOT / "psauth" / "dashboard" / "main.py"), default_timeout=30).run()
    assert [header.value for header in page.header] == ["A setting cannot be used"]
    assert "secrets.toml cannot be read" in texts(page)


@pytest.mark.parametrize("kind", SPOILT)
def test_an_app_beside_it_starts_and_says_it(kind: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / ".streamlit", tmp_path / ".streamlit", ignore=shutil.ignore_patterns("secrets.toml"))
    write(tmp_path, SPOILT[kind])
    port, log = free_port(), tmp_path / "log"
    env = {**bare_environment(), "PSAUTH_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), f"--server.port={port}"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=tmp_path, env=env, stdout=output, stderr=subprocess.STDOUT)
    try:
        wait_until(lambda: "token=" in log.read_text(), seconds=60, why=log.read_text)
        browser = requests.Session()
        browser.headers.update(LED)
        token = log.read_text().split("token=")[1].split()[0]
        url = f"http://localhost:{port}"
        wait_until(lambda: _answers(f"{url}/_stcore/health"), seconds=60, why=log.read_text)
        assert browser.get(f"{url}/?token={token}", timeout=20).status_code == 200
        answers = {path: browser.get(url + path, timeout=20) for path in ("/connect", "/?code=a&state=b", "/sandbox/")}
        assert [answer.status_code for answer in answers.values()] == [200, 200, 503]
        assert "secrets.toml cannot be read" in answers["/sandbox/"].text
        assert "Traceback" not in log.read_text()
    finally:
        process.kill()
        process.wait(30)


def _answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=2).ok
    except requests.RequestException:
        return False
