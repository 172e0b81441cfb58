"""Both addresses: `localhost` has two, 127.0.0.1 and ::1, and Streamlit listens at one of them.

A browser asks ::1 first. Another user of this machine who listened there would be handed the start token, the cookies and
the code of a login. So the app has both addresses: what comes to the second one is passed on to the first.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import streamlit as st

from psauth.dashboard.web.local import listens_locally
from psauth.exceptions import PsauthError

PIECE: Final = 65_536
"""Bytes that are passed on at once."""


class AddressTaken(PsauthError):
    """Another program listens at the second address of `localhost`, on the port of this app."""


@asynccontextmanager
async def both_addresses() -> AsyncIterator[None]:
    """While the app runs: it has its port at both addresses. A machine without IPv6 has one. Raises AddressTaken."""
    port, name = int(st.config.get_option("server.port")), str(st.config.get_option("server.address"))
    first, second = ("::1", "127.0.0.1") if name == "::1" else ("127.0.0.1", "::1")
    if name not in ("localhost", "127.0.0.1", "::1") or not listens_locally():
        yield
        return

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            app_reader, app_writer = await asyncio.open_connection(first, port)
        except OSError:  # the app is about to end
            writer.close()
            return
        try:
            await asyncio.gather(_copy(reader, app_writer), _copy(app_reader, writer))
        finally:
            app_writer.close()
            writer.close()

    # The loop itself knows a task only by its socket, and no longer once that has been read to its end: a task that
    # waits for the answer would be taken for garbage.
    tasks: set[asyncio.Task[None]] = set()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(pass_on(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    try:
        server = await asyncio.start_server(begin, second, port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise AddressTaken(
                f"Another program listens at port {port} of {second}, which is `localhost` as well: browsers might ask it "
                "in the place of this app, and it would get your login. Stop that program, or start the app on another "
                f"port: psauth app --port {port + 1}"
            ) from None
        yield
        return
    try:
        yield
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy what comes in until it ends, and say so at the other end."""
    try:
        while piece := await reader.read(PIECE):
            writer.write(piece)
            await writer.drain()
        writer.write_eof()
    except OSError:  # one end has gone
        writer.close()
