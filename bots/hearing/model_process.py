"""The model process: it loads the model once, and forks a recogniser for each lane, which shares that memory.

It has one thread and no event loop: what is forked has the forking thread alone, and a lock that another one held would stay locked. It
recognises nothing itself, so it is never busy. It ends when the pool's end of its socket is closed, and takes the recognisers with it.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import socket
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final, NoReturn

from bots.hearing import recogniser_process, second_pass
from bots.hearing.lag import STEP_BYTES, sound
from bots.hearing.memory import resident_bytes
from bots.hearing.messages import Beat, Ended, Fork, Forked, FromModel, Kill, Ready, ToModel
from bots.hearing.recogniser import Recogniser
from spacesctl.support.messages import ProtocolError, Unpacker, pack
from spacesctl.support.parent import end_with_parent
from spacesctl.support.terminal import write_line

BEAT_SECONDS: Final = 1.0
"""Between two heartbeats."""
EXIT_BROKEN: Final = 76
"""Exit code when the pool does not speak the protocol of `messages`."""
EXIT_MODEL: Final = 77
"""Exit code when the model cannot be loaded."""
EXIT_FAILED: Final = 78
"""Exit code of a recogniser that failed."""
NICENESS: Final = 5
"""By how much recognisers stand back: sound comes first."""
WARM_UP_SECONDS: Final = 6.0
"""Seconds of speech that the recogniser hears before it is forked."""
_READ_BYTES: Final = 1 << 16
_MOST_FDS: Final = 64

Serve = Callable[[Recogniser, socket.socket], int]
"""What a forked process does with its recogniser until its socket is closed."""


def run(load: Callable[[], Callable[[], Recogniser]], sock: socket.socket) -> int:
    """Load the model, and fork recognisers until the socket is closed (0). Raises ProtocolError, ModelError, BrokenPipeError."""
    recogniser = load()()
    _warm_up(recogniser)
    gc.collect()
    gc.freeze()  # a collection in a recogniser would write to all objects, and so copy their memory
    return ModelProcess(recogniser, sock).serve()


class ModelProcess:
    """`serve` forks what the pool asks for."""

    def __init__(self, recogniser: Recogniser, sock: socket.socket) -> None:
        self._recogniser = recogniser
        self._sock = sock
        self._numbers: dict[int, int] = {}
        """Of the recognisers, by process id."""
        self._descriptors: deque[int] = deque()
        self._ended, self._end = os.pipe()
        os.set_blocking(self._end, False)
        os.set_blocking(self._ended, False)

    def serve(self) -> int:
        """Return when the pool closes the socket. Raises ProtocolError, BrokenPipeError."""
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._end, warn_on_full_buffer=False)
        unpacker = Unpacker[ToModel](ToModel)
        self._send(Ready())
        beat_at = 0.0
        while True:
            if (now := time.monotonic()) >= beat_at:
                beat_at = now + BEAT_SECONDS
                self._send(Beat(resident_bytes()))
            readable = select.select([self._sock.fileno(), self._ended], [], [], max(0.0, beat_at - now))[0]
            if self._ended in readable:
                self._reap()
            if self._sock.fileno() in readable:
                data, descriptors, _, _ = socket.recv_fds(self._sock, _READ_BYTES, _MOST_FDS)
                self._descriptors += descriptors
                if not data:
                    return 0
                for message in unpacker.feed(data):
                    self._take(message)

    def _take(self, message: ToModel) -> None:
        match message:
            case Fork(number, second):
                if not self._descriptors:
                    raise ProtocolError("a fork without a socket")
                self._fork(number, self._descriptors.popleft(), second_pass.run if second else recogniser_process.run)
            case Kill(number):
                for pid in [pid for pid, one in self._numbers.items() if one == number]:
                    os.kill(pid, signal.SIGKILL)

    def _fork(self, number: int, descriptor: int, serve: Serve) -> None:
        parent = os.getpid()
        try:
            pid = os.fork()
        except OSError:  # no memory or no process is free: the pool asks again later
            os.close(descriptor)
            self._send(Ended(number, 0))
            return
        if not pid:
            self._become_recogniser(descriptor, parent, serve)
        os.close(descriptor)
        self._numbers[pid] = number
        self._send(Forked(number, pid))

    def _become_recogniser(self, descriptor: int, parent: int, serve: Serve) -> NoReturn:
        """The child. It leaves without the clean-up of Python, which is the parent's."""
        code = EXIT_FAILED
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for each in (self._ended, self._end, self._sock.fileno(), *self._descriptors):
                os.close(each)
            end_with_parent(parent)
            os.nice(NICENESS)
            with socket.socket(fileno=descriptor) as sock:
                code = serve(self._recogniser, sock)
        except (BrokenPipeError, ConnectionError):
            code = 0  # the pool has ended
        except Exception as error:  # without its text, which may have what was said
            write_line(f"recogniser: {type(error).__name__}", err=True)
        finally:
            os._exit(code)

    def _reap(self) -> None:
        """Collect the children that have ended."""
        with suppress(BlockingIOError):
            while os.read(self._ended, 1024):
                pass
        for pid in list(self._numbers):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                self._send(Ended(self._numbers.pop(pid), os.waitstatus_to_exitcode(status)))

    def _send(self, message: FromModel) -> None:
        self._sock.sendall(pack(message))


def _warm_up(recogniser: Recogniser) -> None:
    """Recognise some speech, in whatever language. A model with a damaged file may load, and fail only here; and what an engine prepares
    when it first hears something is done once, and shared by all that are forked: with the Korean model 0.5 s of work and 30 MB."""
    pcm = sound(WARM_UP_SECONDS)
    for at in range(0, len(pcm), STEP_BYTES):
        recogniser.feed(pcm[at : at + STEP_BYTES])
    recogniser.begin()
