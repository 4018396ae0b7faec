"""Sound files for `speak` and `listen`: files that PyAV can read to Opus packets of 20 ms, and packets to WAV or Ogg Opus files."""

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
"""Packets in an Ogg page: half a second, which is lost at most when writing is interrupted."""


def packets(path: Path) -> Iterator[bytes]:
    """The file as Opus packets of 20 ms, 48 kHz mono; the last one is padded with silence. Raises Invalid."""
    import av  # slow to import, and only `speak` needs it
    import numpy as np

    from spacesctl.audio.opus import Encoder

    encoder = Encoder(bitrate=32_000)
    held: Any = np.zeros(0, np.int16)  # PyAV has no types
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


def _resampled(resampler: Any, frames: Any) -> Iterator[Any]:  # PyAV has no types
    """int16 arrays of any length, at the resampler's rate."""
    for frame in frames:
        for out in resampler.resample(frame):
            yield out.to_ndarray()[0]
    for out in resampler.resample(None):
        yield out.to_ndarray()[0]


class Recording(Protocol):
    """A sound file being written: takes the packets of consecutive ticks, None for a lost one. Raises OSError."""

    def __enter__(self) -> Recording: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def write(self, packet: bytes | None) -> None:
        """Add 20 ms of sound; None adds a replacement for a lost packet."""
        ...


def recording(output: str) -> Recording:
    """A recording into `*.wav` (48 kHz mono, 16 bit), `*.ogg` or `*.opus`, or `-` for Ogg Opus on stdout. Raises Invalid."""
    if output.endswith(".wav"):
        return WavRecording(Path(output))
    if output == "-" or output.endswith((".ogg", ".opus")):
        return OggRecording(output)
    raise Invalid("--output", "must be a file name that ends in .wav or .ogg, or - for standard output")


class WavRecording:
    """Decodes packets into a WAV file; lost packets are concealed."""

    def __init__(self, path: Path) -> None:
        from spacesctl.audio.opus import Decoder

        self._decoder = Decoder()
        self._path = path
        self._stack = ExitStack()
        self._file: wave.Wave_write | None = None

    def __enter__(self) -> WavRecording:
        # `wave` itself, given a path that cannot be opened, also prints a traceback when it is collected.
        opened = self._stack.enter_context(self._path.open("wb"))
        self._file = self._stack.enter_context(wave.open(opened, "wb"))
        self._file.setnchannels(1)
        self._file.setsampwidth(2)
        self._file.setframerate(RATE)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def write(self, packet: bytes | None) -> None:
        if self._file is not None:
            self._file.writeframes(self._decoded(packet).tobytes())

    def _decoded(self, packet: bytes | None) -> Any:  # numpy is not imported for its type
        try:
            return self._decoder.conceal(FRAME) if packet is None else self._decoder.decode(packet)
        except ValueError:  # it is no Opus
            return self._decoder.conceal(FRAME)


class OggRecording:
    """Writes packets into an Ogg Opus file or to stdout; lost packets become silence."""

    def __init__(self, output: str) -> None:
        self._output = output
        self._writer = ogg.OggOpusWriter()
        self._held: list[bytes] = []
        self._stack = ExitStack()
        self._file: BinaryIO | None = None

    def __enter__(self) -> OggRecording:
        if self._output == "-":
            if sys.stdout is None:
                raise Invalid("--output", "there is no standard output")
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
