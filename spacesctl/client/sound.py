"""Sound files for `speak` and `listen`: any file that PyAV reads becomes Opus packets of 20 ms; packets become WAV or Ogg Opus."""

from __future__ import annotations

import sys
import wave
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Protocol

from spacesctl.audio import ogg
from spacesctl.domain.errors import Invalid

RATE = 48_000
FRAME = 960
"""Samples of 20 ms at 48 kHz."""
PAGE_PACKETS = 25
"""Half a second a page: what an interrupted recording loses at most."""


def packets(path: Path) -> Iterator[bytes]:
    """The file as Opus packets of 20 ms, 48 kHz mono; the last one is filled up with silence. Raises Invalid."""
    import av  # heavy: only who speaks pays for it
    import numpy as np

    from spacesctl.audio.opus import Encoder

    encoder = Encoder(bitrate=32_000)
    held: Any = np.zeros(0, np.int16)
    try:
        with av.open(str(path)) as container:
            resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
            decoded = container.decode(audio=0)
            for piece in [*_resampled(resampler, decoded), None]:
                held = np.concatenate([held, piece if piece is not None else np.zeros(-len(held) % FRAME, np.int16)])
                whole = len(held) // FRAME * FRAME
                for start in range(0, whole, FRAME):
                    yield encoder.encode(held[start : start + FRAME])
                held = held[whole:]
    except (av.FFmpegError, IndexError) as error:
        raise Invalid(str(path), "is not a sound file that can be read") from error


def _resampled(resampler: Any, frames: Any) -> Iterator[Any]:
    """int16 arrays of any length, at the resampler's rate."""
    for frame in frames:
        for out in resampler.resample(frame):
            yield out.to_ndarray()[0]
    for out in resampler.resample(None):
        yield out.to_ndarray()[0]


class Recording(Protocol):
    """Takes the packets of consecutive ticks; None for a tick that was lost on the way."""

    def __enter__(self) -> Recording: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def write(self, packet: bytes | None) -> None: ...


def recording(output: str) -> Recording:
    """`*.wav` (48 kHz mono, 16 bit), `*.ogg` or `*.opus`, or `-` for Ogg Opus on stdout. Raises Invalid."""
    if output.endswith(".wav"):
        return WavRecording(Path(output))
    if output == "-" or output.endswith((".ogg", ".opus")):
        return OggRecording(output)
    raise Invalid("--output", "is a file that ends in .wav or .ogg, or - for standard output")


class WavRecording:
    def __init__(self, path: Path) -> None:
        from spacesctl.audio.opus import Decoder

        self._decoder = Decoder()
        self._path = path
        self._file: wave.Wave_write | None = None

    def __enter__(self) -> WavRecording:
        self._file = wave.open(str(self._path), "wb")
        self._file.setnchannels(1)
        self._file.setsampwidth(2)
        self._file.setframerate(RATE)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, packet: bytes | None) -> None:
        pcm = self._decoder.conceal(FRAME) if packet is None else self._decoder.decode(packet)
        if self._file is not None:
            self._file.writeframes(pcm.tobytes())


class OggRecording:
    def __init__(self, output: str) -> None:
        self._output = output
        self._writer = ogg.OggOpusWriter()
        self._held: list[bytes] = []
        self._stack = ExitStack()
        self._file: BinaryIO | None = None

    def __enter__(self) -> OggRecording:
        if self._output == "-":
            self._file = sys.stdout.buffer
        else:
            self._file = self._stack.enter_context(Path(self._output).open("wb"))
        self._file.write(self._writer.headers())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._stack:
            self._flush(last=True)

    def write(self, packet: bytes | None) -> None:
        self._held.append(packet if packet is not None else ogg.SILENCE)
        if len(self._held) >= PAGE_PACKETS:
            self._flush()

    def _flush(self, *, last: bool = False) -> None:
        if self._file is not None and (self._held or last):
            self._file.write(self._writer.page(self._held, last))
            self._file.flush()
            self._held = []
