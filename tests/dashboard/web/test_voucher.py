"""The script knows whether the guard has let in the WebSocket behind it."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from starlette.datastructures import Headers
from streamlit.testing.v1 import AppTest

from psauth.dashboard.web import cookies
from psauth.dashboard.web.voucher import HEADER, OPENED, is_vouched_for, opened_at, voucher
from psauth.vault.vault import Vault
from tests.dashboard.conftest import texts
from tests.dashboard.web.asking import ask


def test_the_guard_vouches_for_a_websocket_that_it_lets_in() -> None:
    answer = ask("/_stcore/stream", kind="websocket")
    assert answer.type == "websocket.accept"
    assert is_vouched_for(Headers(answer.seen))
    assert HEADER not in ask("/").seen


def test_the_guard_says_when_it_has_let_a_websocket_in() -> None:
    before = time.monotonic()
    seen = Headers(ask("/_stcore/stream", kind="websocket", extra={OPENED: "1e9"}).seen)
    at = opened_at(seen)
    assert at is not None
    assert before <= at <= time.monotonic()
    assert opened_at(Headers({})) is None


@pytest.mark.parametrize("value", ["", "x", "0" * 64, "é"])
def test_nobody_else_can_vouch(value: str) -> None:
    assert not is_vouched_for(Headers(raw=[(HEADER.encode(), value.encode())]))
    assert not is_vouched_for(Headers({}))


@pytest.mark.parametrize("headers", [{"host": "localhost:8501"}, {"host": "localhost:8501", HEADER: "0" * 64}])
def test_without_a_voucher_nothing_of_the_connection_is_shown(
    headers: dict[str, str], run: Callable[..., AppTest], connected: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cookies, "script_headers", lambda: Headers(headers))
    page = run(settle=False)
    assert [header.value for header in page.header] == ["Started without its guard"]
    assert "`psauth app`" in texts(page)
    assert not page.dataframe
    monkeypatch.setattr(cookies, "script_headers", lambda: Headers({**headers, HEADER: voucher()}))
    assert run().dataframe
