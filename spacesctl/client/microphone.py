"""This machine's microphone through PortAudio: 48 kHz mono in blocks of 20 ms, delivered by PortAudio's thread, which must not wait."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Final

from spacesctl.domain.errors import Invalid, Refused

RATE: Final = 48_000
BLOCK: Final = 960
"""Samples of 20 ms."""
WAITING: Final = 25
"""Blocks (half a second) that may wait for the network; beyond that a new one replaces the oldest."""


class Microphone:
    """Open it with `async with`, then iterate: blocks of `int16[960]` as bytes, without end.

    `device` is a number or a part of a name; None is the system's default. Making one raises Refused when sounddevice or PortAudio is
    missing; entering raises Refused when there is no microphone, and Invalid when `device` is not one.
    """

    def __init__(self, device: str | None = None) -> None:
        self.lost = 0
        """Blocks that were replaced because they waited too long, and input overflows that PortAudio reported."""
        self._library = _portaudio()
        self._device = int(device) if device is not None and device.isdecimal() else device
        self._stream: Any = None  # sounddevice has no types
        self._blocks: deque[bytes] = deque(maxlen=WAITING)
        self._news = asyncio.Event()
        self._told = self._gone = False

    async def __aenter__(self) -> Microphone:
        self._loop = asyncio.get_running_loop()
        self._stream = await asyncio.to_thread(self._open)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self._stream.close)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The blocks from now on. Raises Refused when the microphone is unplugged."""
        self._blocks.clear()
        self.lost = 0
        while True:
            await self._news.wait()
            self._news.clear()
            while self._blocks:
                yield self._blocks.popleft()
            if self._gone:
                raise Refused(
                    "no_microphone", "the microphone was unplugged", hint="plug it in and run the command again"
                )

    def _open(self) -> Any:  # sounddevice has no types
        library = self._library
        try:
            library.query_devices(self._device, "input")
        except ValueError as error:
            raise Invalid("--device", f"this machine has no microphone {self._device!r}", hint=self._known()) from error
        except library.PortAudioError as error:
            if self._device is None:
                raise Refused("no_microphone", "this machine has no microphone", hint=self._known()) from error
            raise Invalid("--device", f"this machine has no microphone {self._device!r}", hint=self._known()) from error
        try:
            stream = library.RawInputStream(
                samplerate=RATE, blocksize=BLOCK, channels=1, dtype="int16", device=self._device,
                callback=self._on_block, finished_callback=self._finished,
            )  # fmt: skip
            stream.start()
        except library.PortAudioError as error:
            why = str(error.args[0]) if error.args else "no reason given"
            raise Refused("no_microphone", f"the microphone cannot be opened: {why}", hint=self._known()) from error
        return stream

    def _known(self) -> str:
        devices = enumerate(self._library.query_devices())
        found = [f"{number} ({one['name']})" for number, one in devices if one["max_input_channels"]]
        return f"--device takes {', '.join(found)}" if found else "connect one, and check the system's sound settings"

    def _on_block(self, data: Any, _frames: int, _time: Any, status: Any) -> None:  # as PortAudio calls it
        """Called in PortAudio's thread for each block."""
        self.lost += bool(status.input_overflow) + (len(self._blocks) == WAITING)
        self._blocks.append(bytes(data))
        self._tell()

    def _finished(self) -> None:
        """Called in PortAudio's thread when no more blocks will come."""
        self._gone = True
        self._tell()

    def _tell(self) -> None:
        if not self._told and not self._loop.is_closed():  # at most one call is pending, however slow the loop is
            self._told = True
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        self._told = False
        self._news.set()


async def microphone_packets(microphone: Microphone) -> AsyncIterator[bytes]:
    """The microphone's sound from now on, as Opus packets of 20 ms. Raises Refused when it is unplugged."""
    import numpy as np

    from spacesctl.audio.opus import Encoder

    encoder = Encoder(bitrate=32_000)
    async for block in microphone:
        yield encoder.encode(np.frombuffer(block, np.int16))


def _portaudio() -> Any:  # sounddevice has no types
    try:
        import sounddevice
    except ModuleNotFoundError as error:
        hint = "pip install 'spacesctl[mic]'"
        raise Refused(
            "not_installed", "cannot use a microphone: the Python package sounddevice is missing", hint=hint
        ) from error
    except OSError as error:
        hint = "apt-get install libportaudio2 (elsewhere: the package portaudio)"
        raise Refused(
            "not_installed", "cannot use a microphone: the library PortAudio is missing", hint=hint
        ) from error
    return sounddevice
