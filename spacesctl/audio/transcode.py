"""Converts any common audio file to mono Ogg Opus, as a separate program: `python -m spacesctl.audio.transcode IN OUT SECONDS`.

Decoders parse untrusted files, so this runs in a child process with limits on memory, CPU time and open files. The operating system
enforces them, and the parent process kills the child when it takes too long. The result is one line of JSON on stdout:
{"duration_ms": n} or {"error": "not_audio" | "too_long" | "empty"}.
"""

from __future__ import annotations

import itertools
import json
import os
import resource
import signal
import sys
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from av import AudioFrame

    from spacesctl.audio.opus import Pcm

RATE = 48_000
BIT_RATE = 32_000
FORMATS = "wav,w64,aiff,caf,mp3,aac,flac,ogg,matroska,webm,mov,mp4,m4a"
"""Containers that are accepted. Playlists (HLS, concat, DASH) are not, because they refer to other files and network addresses."""
CPU_SECONDS = 20
MEMORY = 1 << 30
"""Bytes of address space, most of it libraries."""
MAX_OUTPUT = 4 << 20


class Unfit(Exception):
    """The file cannot be converted. `reason` is `not_audio`, `too_long` or `empty`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def confine() -> None:
    """Set the limits of this process. Only called in the child."""
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # numpy's: each thread needs address space
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, MAX_OUTPUT),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 16),
    ):
        resource.setrlimit(what, (most, most))
    os.umask(0o077)  # what is made is the clip's owner's until it is posted
    signal.alarm(2 * CPU_SECONDS)  # ends it even when the parent process is gone


def transcode(source: Path, target: Path, seconds: float) -> int:
    """Convert `source` to `target`, at most `seconds` of sound. Returns the duration in milliseconds. Raises Unfit."""
    import av
    from av.error import FFmpegError

    av.logging.set_level(av.logging.PANIC)
    try:
        with source.open("rb") as file, av.open(file, options={"format_whitelist": FORMATS}) as given:
            if not given.streams.audio:
                raise Unfit("not_audio")
            given.streams.audio[0].codec_context.thread_count = 1  # each thread needs address space
            with av.open(str(target), "w", format="ogg") as made:
                samples = _encode(_pieces(given), made, int(seconds * RATE))
    except (FFmpegError, ValueError, MemoryError) as error:
        raise Unfit("not_audio") from error
    if samples == 0:
        raise Unfit("empty")
    return samples * 1000 // RATE


def _pieces(given: Any) -> Iterator[AudioFrame]:
    """The first audio stream of `given` as frames of one channel at 48 kHz."""
    import av

    from spacesctl.audio.downmix import Downmix

    downmix, resampler, is_stereo = Downmix(), None, False
    for frame in itertools.chain(given.decode(audio=0), [None]):  # None: flush the resampler
        if frame is not None:
            frame.pts = None  # ignore timestamps: a late start and gaps are closed
        elif resampler is None:
            return
        if resampler is None:
            is_stereo = frame.layout.nb_channels == 2
            resampler = av.AudioResampler(*("s16p", "stereo") if is_stereo else ("s16", "mono"), RATE)
        for piece in resampler.resample(frame):
            channels: Any = piece.to_ndarray()
            yield _one_channel(downmix.mono(channels)) if is_stereo else piece


def _one_channel(pcm: Pcm) -> AudioFrame:
    import av

    made = av.AudioFrame.from_ndarray(pcm.reshape(1, -1), format="s16", layout="mono")
    made.sample_rate = RATE
    return made


def _encode(pieces: Iterable[AudioFrame], made: Any, most: int) -> int:
    """Encode frames of one channel into `made`. Returns their samples at 48 kHz."""
    options = {"vbr": "constrained"}
    stream = made.add_stream("libopus", rate=RATE, layout="mono", bit_rate=BIT_RATE, options=options)
    total = 0
    for piece in pieces:
        piece.pts, piece.time_base = total, Fraction(1, RATE)
        total += piece.samples
        if total > most:
            raise Unfit("too_long")
        made.mux(stream.encode(piece))
    made.mux(stream.encode(None))
    return total


def main(source: str, target: str, seconds: str) -> None:
    """Convert a file and print the result as JSON."""
    confine()
    try:
        answer: dict[str, object] = {"duration_ms": transcode(Path(source), Path(target), float(seconds))}
    except Unfit as unfit:
        answer = {"error": unfit.reason}
    print(json.dumps(answer))  # noqa: T201  # the result goes to stdout


if __name__ == "__main__":
    main(*sys.argv[1:])
