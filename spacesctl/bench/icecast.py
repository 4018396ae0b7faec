"""Debian's Icecast for comparison: it is given the pages of one of our players, so that both servers send the same bytes."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import re
import secrets
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from spacesctl.bench.programs import free_port, running
from spacesctl.client import addresses
from spacesctl.domain.errors import Refused, Unavailable
from spacesctl.probe import machine

MOUNT: Final = "/live.ogg"
"""Where Icecast has the stream."""
WITHIN: Final = 10.0
"""Seconds that a server has to answer."""
_CONFIG: Final = """<icecast>
 <limits><clients>{clients}</clients><sources>2</sources><burst-size>65535</burst-size></limits>
 <authentication><source-password>{password}</source-password><admin-password>{password}</admin-password></authentication>
 <listen-socket><port>{port}</port><bind-address>127.0.0.1</bind-address></listen-socket>
 <paths><logdir>{folder}</logdir><webroot>{folder}</webroot><adminroot>{folder}</adminroot></paths>
 <logging><accesslog>-</accesslog><errorlog>-</errorlog><loglevel>1</loglevel></logging>
 <security><chroot>0</chroot>{owner}</security>
</icecast>"""
_NOBODY: Final = "<changeowner><user>nobody</user><group>nogroup</group></changeowner>"
"""Icecast refuses to run as root."""


@asynccontextmanager
async def icecast(url: str, space: str, clients: int) -> AsyncIterator[tuple[int, str]]:
    """Run Icecast with what `listen.ogg` of a Space sends; gives its process id and its URL. Raises Refused where it is not installed,
    and Unavailable when it does not take the stream."""
    program = shutil.which("icecast2") or shutil.which("icecast2", path="/usr/bin:/usr/local/bin")
    if program is None:
        raise Refused("no_icecast", "icecast2 is not installed")
    port, password = free_port(socket.SOCK_STREAM), secrets.token_hex(8)
    with tempfile.TemporaryDirectory() as folder:
        config = _configured(Path(folder), clients=clients + 10, password=password, port=port)
        async with running([program, "-c", config], port) as pid:
            passing = asyncio.create_task(_pass_on(url, space, port, password))
            try:
                await _has_stream(port, passing)
                machine.pin(pid, machine.cores()[0])  # again, with the thread of the stream
                yield pid, f"http://127.0.0.1:{port}"
            finally:
                passing.cancel()
                await asyncio.gather(passing, return_exceptions=True)


def _configured(folder: Path, **values: str | int) -> str:
    folder.chmod(0o755)  # it reads there as somebody else
    config = folder / "icecast.xml"
    config.write_text(_CONFIG.format(folder=folder, owner="" if os.getuid() else _NOBODY, **values))
    return str(config)


async def _pass_on(url: str, space: str, port: int, password: str) -> None:
    """Be a player of ours and Icecast's source."""
    place = urlsplit(url)
    heard, asked = await asyncio.open_connection(place.hostname, place.port)
    _, given = await asyncio.open_connection("127.0.0.1", port)
    asked.write(f"GET {addresses.listen_ogg(space)} HTTP/1.0\r\nHost: {place.netloc}\r\n\r\n".encode())
    login = base64.b64encode(f"source:{password}".encode()).decode()
    given.write(
        f"PUT {MOUNT} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic {login}\r\n"
        f"Content-Type: application/ogg\r\n\r\n".encode()
    )
    try:
        await heard.readuntil(b"\r\n\r\n")
        while data := await heard.read(1 << 16):
            given.write(data)
            await given.drain()
    finally:
        for writer in (asked, given):
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


async def _has_stream(port: int, passing: asyncio.Task[None]) -> None:
    """Until Icecast answers a player of the stream. Raises Unavailable."""
    loop = asyncio.get_running_loop()
    end = loop.time() + WITHIN
    while loop.time() < end and not passing.done():
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {MOUNT} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        status = await reader.readline()
        writer.close()
        if re.search(rb" 200 ", status):
            return
        await asyncio.sleep(0.1)
    raise Unavailable("Icecast does not take the stream")
