"""The model process itself: what it forks, what it tells of it, and how it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bots import models
from bots.hearing.messages import (
    Beat,
    Close,
    Ended,
    Fork,
    Forked,
    FromModel,
    FromRecogniser,
    Kill,
    Open,
    Ready,
    Sound,
    Told,
    Utterance,
)
from bots.hearing.model_process import EXIT_BROKEN, EXIT_MODEL
from spacesctl.support.messages import Unpacker, pack
from tests.bots.voices import frames_of, text_of


class Model:
    """A model process, as the pool sees it."""

    def __init__(self, sock: socket.socket, process: subprocess.Popen[bytes]) -> None:
        self.sock = sock
        self.process = process
        self._unpacker = Unpacker[FromModel](FromModel)
        self._found: list[FromModel] = []

    def say(self, message: Fork | Kill, *descriptors: int) -> None:
        socket.send_fds(self.sock, [pack(message)], descriptors)

    def hears(self, kind: type[FromModel]) -> FromModel:
        """The next message of a kind. Others before it are passed over."""
        while True:
            for index, message in enumerate(self._found):
                if isinstance(message, kind):
                    del self._found[: index + 1]
                    return message
            data = self.sock.recv(1 << 16)
            assert data, "it has ended"
            self._found += self._unpacker.feed(data)

    def forked(self, number: int) -> tuple[socket.socket, int]:
        ours, theirs = socket.socketpair()
        with theirs:
            self.say(Fork(number), theirs.fileno())
        told = self.hears(Forked)
        assert isinstance(told, Forked)
        assert told.number == number
        return ours, told.pid


@contextmanager
def model(folder: Path = models.SHIPPED) -> Iterator[Model]:
    ours, theirs = socket.socketpair()
    ours.settimeout(15)
    command = [sys.executable, "-m", "bots.hearing", "--model", str(folder)]
    environment = {**os.environ, "PYTHONWARNINGS": "error", "OPENBLAS_NUM_THREADS": "1"}
    with ours, theirs, subprocess.Popen(command, stdin=theirs.fileno(), env=environment) as process:
        theirs.close()
        try:
            yield Model(ours, process)
        finally:
            process.kill()


def gone(pid: int) -> bool:
    limit = time.monotonic() + 5
    while os.path.exists(f"/proc/{pid}"):
        if time.monotonic() > limit:
            return False
        time.sleep(0.02)
    return True


def test_what_is_forked_recognises_speech_and_ends_when_its_socket_does() -> None:
    clip = frames_of("cast_b", "ines")
    with model() as made:
        made.hears(Ready)
        ours, pid = made.forked(1)
        found: list[FromRecogniser] = []
        with ours:
            ours.settimeout(15)
            sound = Sound(1, [(tick, *frame) for tick, frame in enumerate(clip)])
            ours.sendall(b"".join(map(pack, (Open("s", 3), sound, Close()))))
            unpacker = Unpacker[FromRecogniser](FromRecogniser)
            while not any(isinstance(each, Told) and each.closed for each in found):
                found += unpacker.feed(ours.recv(1 << 16))
        assert made.hears(Ended) == Ended(1, 0)
        assert gone(pid)
    heard = [each for told in found if isinstance(told, Told) for each in told.heard]
    assert text_of([each for each in heard if isinstance(each, Utterance)]).startswith(
        "good morning i am ready to start"
    )


def test_it_has_one_thread_when_it_forks_and_tells_that_it_lives() -> None:
    with model() as made:
        made.hears(Ready)
        assert len(os.listdir(f"/proc/{made.process.pid}/task")) == 1
        beat = made.hears(Beat)
        assert isinstance(beat, Beat)
        assert beat.resident > 10 << 20


@pytest.mark.parametrize("how", ["killed", "its socket is closed"])
def test_recognisers_end_with_the_model_process(how: str) -> None:
    with model() as made:
        made.hears(Ready)
        ours, pid = made.forked(1)
        with ours:
            ours.sendall(pack(Sound(1, [])))
            assert ours.recv(1 << 16), "it serves"
            os.kill(pid, signal.SIGSTOP)  # it cannot see anything itself
            if how == "killed":
                made.process.kill()
            else:
                made.sock.shutdown(socket.SHUT_RDWR)
            made.process.wait(5)
            assert gone(pid)


def test_a_recogniser_that_hangs_is_killed_and_the_others_are_not() -> None:
    with model() as made:
        made.hears(Ready)
        (one, _), (two, kept) = made.forked(1), made.forked(2)
        with one, two:
            made.say(Kill(1))
            made.say(Kill(7))
            assert made.hears(Ended) == Ended(1, -signal.SIGKILL)
            assert os.path.exists(f"/proc/{kept}")


def test_a_recogniser_that_hears_nonsense_ends_and_the_others_do_not() -> None:
    with model() as made:
        made.hears(Ready)
        (one, _), (two, kept) = made.forked(1), made.forked(2)
        with one, two:
            one.sendall(b"GET / HTTP/1.1\r\n\r\n")
            ended = made.hears(Ended)
            assert isinstance(ended, Ended)
            assert (ended.number, ended.code > 0) == (1, True)
            assert os.path.exists(f"/proc/{kept}")


def test_it_says_when_its_model_does_not_load(tmp_path: Path) -> None:
    with model(tmp_path) as made:
        assert made.process.wait(15) == EXIT_MODEL


@pytest.mark.parametrize("nonsense", [b"GET / HTTP/1.1\r\n\r\n", pack(Fork(1))], ids=["no message", "no socket"])
def test_it_refuses_nonsense(nonsense: bytes) -> None:
    with model() as made:
        made.sock.sendall(nonsense)
        assert made.process.wait(15) == EXIT_BROKEN
