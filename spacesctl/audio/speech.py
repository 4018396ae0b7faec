"""Speech from text by espeak-ng, as a separate program: `python -m spacesctl.audio.speech LANG`, the text on stdin.

On stdout are Opus packets of 20 ms, each after its length (two bytes, big-endian). A text of others goes through two programs here, so they
have limits on memory, CPU time and output, as `transcode` has.
"""

from __future__ import annotations

import io
import os
import resource
import shutil
import signal
import subprocess
import sys
import wave
from collections.abc import Iterator
from typing import Final

PROGRAM: Final = "espeak-ng"
WORDS_A_MINUTE: Final = "165"
MOST: Final = 6 << 20
"""Bytes of sound that are taken of one text: two minutes."""
RATE, SAMPLES = 48_000, 960
MEMORY: Final = 1 << 30
"""Bytes of address space, most of it libraries."""
CPU_SECONDS: Final = 10


def said(text: str, lang: str) -> bytes:
    """A text as WAV (mono, 16 bit); in the English voice when there is none for the language. Empty when the program fails."""
    where = shutil.which(PROGRAM)
    for voice in dict.fromkeys((lang.lower(), "en")) if where is not None else ():
        asked = [where or PROGRAM, "--stdin", "--stdout", "-s", WORDS_A_MINUTE, "-v", voice]
        # No shell; the text comes on stdin, and the voice is of the Space, whose language is letters and hyphens.
        done = subprocess.run(asked, input=f"{text}\n".encode(), capture_output=True, check=False)  # noqa: S603  # see above
        if done.returncode == 0 and done.stdout:
            return done.stdout[:MOST]
    return b""


def packets(sound: bytes) -> Iterator[bytes]:
    """WAV, as espeak-ng writes it, as Opus packets of 20 ms at 48 kHz. Nothing for what is no such file."""
    import numpy as np

    from spacesctl.audio.opus import Encoder

    try:
        with wave.open(io.BytesIO(sound)) as file:
            rate, fits = file.getframerate(), (file.getnchannels(), file.getsampwidth()) == (1, 2)
    except (wave.Error, EOFError):
        return
    pcm = np.frombuffer(sound[44 : len(sound) - len(sound) % 2], np.int16)
    if not fits or not len(pcm):
        return
    at = np.arange(0, len(pcm) - 1, rate / RATE)
    fine = np.interp(at, np.arange(len(pcm)), pcm.astype(np.float64))
    whole = np.concatenate([fine, np.zeros(-len(fine) % SAMPLES)]).round().astype(np.int16)
    encoder = Encoder()
    for frame in whole.reshape(-1, SAMPLES):
        yield encoder.encode(frame)


def confine() -> None:
    """Set the limits of this process and of espeak-ng. Only called in the child."""
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # numpy's: each thread needs address space
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(what, (most, most))
    signal.alarm(2 * CPU_SECONDS)  # ends it even when the parent process is gone


def main() -> None:
    """Say what is on stdin."""
    confine()
    for packet in packets(said(sys.stdin.buffer.read(4_096).decode(errors="replace"), sys.argv[1])):
        sys.stdout.buffer.write(len(packet).to_bytes(2, "big") + packet)


if __name__ == "__main__":
    main()
