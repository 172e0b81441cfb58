"""Both addresses of `localhost` are the app's: nobody else is asked in its place."""

from __future__ import annotations

import asyncio
import errno
import gc
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import streamlit as st

from psauth.dashboard.web.both_addresses import AddressTaken, both_addresses
from tests.browser.conftest import App
from tests.flow.parts import ROOT, bare_environment, free_port, wait_until

pytestmark = pytest.mark.slow
LOOPBACK = ("127.0.0.1", "::1")


@pytest.fixture
def _on_a_port(request: pytest.FixtureRequest) -> Iterator[None]:
    """Streamlit's options as for an app at the address of the test, on a free port."""
    before = {name: st.config.get_option(name) for name in ("server.address", "server.port")}
    st.config.set_option("server.address", request.param)
    st.config.set_option("server.port", free_port())
    yield
    for name, value in before.items():
        st.config.set_option(name, value)


def listening(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    server = socket.create_server((address, port), family=family)
    server.settimeout(10)
    return server


@pytest.mark.parametrize("_on_a_port", ["localhost", "127.0.0.1", "::1"], indirect=True)
@pytest.mark.usefixtures("_on_a_port")
def test_what_comes_to_the_second_address_is_passed_on_whole() -> None:
    port, name = st.config.get_option("server.port"), st.config.get_option("server.address")
    first, second = reversed(LOOPBACK) if name == "::1" else LOOPBACK
    sent = bytes(range(256)) * 4096

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.read())
        writer.close()

    async def ask() -> bytes:
        app = await asyncio.start_server(echo, first, port)
        async with app, both_addresses():
            reader, writer = await asyncio.open_connection(second, port)
            writer.write(sent)
            writer.write_eof()
            answer = await reader.read()
            writer.close()
            return answer

    assert asyncio.run(ask()) == sent
    listening(second, port).close()  # it is free again


@pytest.mark.parametrize("_on_a_port", ["localhost", "::1"], indirect=True)
@pytest.mark.usefixtures("_on_a_port")
def test_an_answer_that_takes_its_time_comes_although_garbage_is_collected_meanwhile() -> None:
    port, name = st.config.get_option("server.port"), st.config.get_option("server.address")
    first, second = reversed(LOOPBACK) if name == "::1" else LOOPBACK

    async def collect_and_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()  # by then, nothing more is to come from who asked
        gc.collect()
        await asyncio.sleep(0)
        writer.write(b"whole")
        writer.close()

    async def ask() -> bytes:
        app = await asyncio.start_server(collect_and_answer, first, port)
        async with app, both_addresses():
            with socket.create_connection((second, port), timeout=60) as asking:
                asking.sendall(b"?")
                asking.shutdown(socket.SHUT_WR)
                return await asyncio.to_thread(asking.recv, 100)

    assert asyncio.run(ask()) == b"whole"


@pytest.mark.parametrize("_on_a_port", ["localhost"], indirect=True)
@pytest.mark.usefixtures("_on_a_port")
def test_what_is_passed_on_when_the_app_ends_is_ended_too() -> None:
    port = st.config.get_option("server.port")

    async def stay_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.set()
        await reader.read()
        writer.close()

    async def end_meanwhile() -> None:
        app = await asyncio.start_server(stay_silent, "127.0.0.1", port)
        async with app:
            async with both_addresses():
                _, writer = await asyncio.open_connection("::1", port)
                await asyncio.wait_for(reached.wait(), 60)
            assert [task for task in asyncio.all_tasks() if "pass_on" in repr(task)] == []
            writer.close()

    reached = asyncio.Event()
    asyncio.run(end_meanwhile())


@pytest.mark.parametrize("_on_a_port", ["localhost"], indirect=True)
@pytest.mark.usefixtures("_on_a_port")
def test_a_machine_without_ipv6_has_one_address(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: object) -> None:
        raise OSError(errno.EADDRNOTAVAIL, "no such address")

    async def enter() -> bool:
        async with both_addresses():
            return True

    monkeypatch.setattr(asyncio, "start_server", refuse)
    assert asyncio.run(enter())


@pytest.mark.parametrize("_on_a_port", ["localhost", "::1"], indirect=True)
@pytest.mark.usefixtures("_on_a_port")
def test_another_program_at_the_second_address_is_named() -> None:
    port, name = st.config.get_option("server.port"), st.config.get_option("server.address")

    async def enter() -> None:
        async with both_addresses():
            pass

    other = listening("127.0.0.1" if name == "::1" else "::1", port)
    with other, pytest.raises(AddressTaken, match=f"psauth app --port {port + 1}"):
        asyncio.run(enter())


def test_the_app_answers_at_both_and_nobody_else_can_have_either(tmp_path: Path) -> None:
    app = App(tmp_path / "home")
    try:
        app.start()
        for host in ("127.0.0.1", "[::1]", "localhost"):
            answer = requests.get(f"http://{host}:{app.port}/psauth-app", timeout=20)
            assert answer.status_code == 200, host
        for address in LOOPBACK:
            with pytest.raises(OSError, match="in use"):
                listening(address, app.port)
    finally:
        app.stop()


def test_the_app_does_not_start_beside_another_program_that_would_be_asked_in_its_place(tmp_path: Path) -> None:
    with listening("::1", 0) as other:
        port = other.getsockname()[1]
        command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), f"--server.port={port}"]
        log = tmp_path / "log"
        with log.open("wb") as output:
            env = {**bare_environment(), "PSAUTH_HOME": str(tmp_path / "home")}
            process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=output, stderr=subprocess.STDOUT)
        try:
            wait_until(lambda: process.poll() is not None, seconds=60, why=log.read_text)
        finally:
            process.kill()
            process.wait(30)
    assert process.returncode != 0
    said = log.read_text()
    assert f"psauth app --port {port + 1}" in said
    assert "token=" not in said
    assert "Traceback" not in said
