"""Speech from text: the program `audio.speech`, with a limit on its time and its output."""

from __future__ import annotations

import asyncio
import shutil
import sys
from contextlib import suppress
from typing import Final

WITHIN: Final = 15.0
"""Seconds that it may take for one text: it needs half a one."""
MOST: Final = 1 << 20
"""Bytes of packets that are taken of one text: four minutes."""
COMMAND: Final = (sys.executable, "-m", "spacesctl.audio.speech")


def is_there() -> bool:
    """Whether this machine has espeak-ng."""
    return shutil.which("espeak-ng") is not None


async def spoken(text: str, lang: str, command: tuple[str, ...] = COMMAND) -> list[bytes]:
    """A text as Opus packets of 20 ms. Empty when the program fails, takes too long, or says nothing."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, lang, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(WITHIN):
            return divided(await _talk(process, text))
    except (TimeoutError, OSError):
        return []
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _talk(process: asyncio.subprocess.Process, text: str) -> bytes:
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("a process without pipes")
    process.stdin.write(text.encode())
    process.stdin.close()
    told = bytearray()
    while len(told) < MOST and (piece := await process.stdout.read(1 << 16)):
        told += piece
    return bytes(told)


def divided(told: bytes) -> list[bytes]:
    """The packets, each after its length. What follows the last whole one is left out."""
    found, at = list[bytes](), 0
    while at + 2 <= len(told):
        length = int.from_bytes(told[at : at + 2], "big")
        if at + 2 + length > len(told):
            break
        found.append(told[at + 2 : at + 2 + length])
        at += 2 + length
    return found
