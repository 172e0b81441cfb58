"""A sandbox whose memory cannot be written says so; it gives nothing that it would forget."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from psauth.sandbox import SandboxServer


def test_a_disk_that_takes_nothing_is_an_answer_and_no_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    server = SandboxServer(port=0, runs=5, state=tmp_path / "sandbox.json").start()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    try:
        asked = {
            "response_type": "code",
            "client_id": server.client_id,
            "redirect_uri": "http://localhost:8501/",
            "code_challenge": "a" * 43,
            "code_challenge_method": "S256",
        }
        page = requests.get(f"{server.url}/oauth/authorize", params=asked, timeout=20).text
        ticket, person = page.split('name="request" value="')[1], page.split('<option value="')[1]
        form = {"request": ticket.split('"')[0], "person": person.split('"')[0], "decision": "allow"}
        monkeypatch.setattr("psauth.sandbox.oauth.grants.tempfile.mkstemp", full)
        answer = requests.post(f"{server.url}/oauth/authorize", data=form, allow_redirects=False, timeout=20)
    finally:
        server.stop()
    assert answer.status_code == 503
    assert "No space left on device" in answer.json()["error"]
    assert "Traceback" not in caplog.text
