"""One compiling process, seen from the server: started when it is needed, and replaced when it ends or hangs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from typing import Literal

from spacesctl.compiling.messages import LONGEST, Answer, Compile, OutOfMemory, Verdict
from spacesctl.support.messages import ProtocolError, Unpacker, pack

WITHIN = 20.0
"""Seconds for one file, also where the machine is busy. The process's own limit of processor time is lower."""
LAST_MOMENT = 1.0
"""Seconds from the end of a process's output to its own."""
COMMAND = (sys.executable, "-m", "spacesctl.compiling.worker")
_CHUNK = 64 << 10
_KEPT = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG")


class ExceededError(Exception):
    """A file needs more `what` than it may."""

    def __init__(self, what: Literal["time", "memory"]) -> None:
        super().__init__(what)
        self.what = what


class Child:
    """Blocks, so it is used in a thread, one at a time; only `kill` may be called from others."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._hung = False

    def ask(self, request: Compile) -> Verdict:
        """Have a file compiled. Raises ExceededError, or OSError when no process can be started or it did not live to
        answer for no fault of the file."""
        answer, status = self._try(request)
        if answer is None and status == 0:  # it had ended itself after the file before
            answer, status = self._try(request)
        if answer is None and (self._hung or status == -signal.SIGKILL):
            raise OSError("the compiling process was ended from outside, or had no time")
        if answer is None:
            raise ExceededError("time" if status == -signal.SIGXCPU else "memory")
        if isinstance(answer, OutOfMemory):
            raise ExceededError("memory")
        return answer

    def _try(self, request: Compile) -> tuple[Answer | None, int]:
        """The answer, or None and the status of the process that ended without one."""
        process = self._running()
        self._hung = False
        watch = threading.Timer(WITHIN, self._give_up)
        watch.start()
        try:
            answer = _exchange(process, request)
        except (OSError, ProtocolError):
            answer = None
        except ValueError:  # `kill` has closed the pipes
            answer = None
        finally:
            watch.cancel()
        return answer, 0 if answer is not None else self._ended(process, LAST_MOMENT)

    def kill(self) -> None:
        """End the process at once; `ask` fails then."""
        if self._process is not None:
            self._process.kill()
            self._ended(self._process)

    def _give_up(self) -> None:
        self._hung = True
        if self._process is not None:
            self._process.kill()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        if self._process is not None:
            self._ended(self._process)
        # One arena only: each takes address space, which is limited for the child.
        env = {name: os.environ[name] for name in _KEPT if name in os.environ} | {"MALLOC_ARENA_MAX": "1"}
        self._process = subprocess.Popen(  # noqa: S603  # our own program; the file is only what it reads
            COMMAND,
            env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0,
        )  # fmt: skip
        return self._process

    def _ended(self, process: subprocess.Popen[bytes], within: float = 0.0) -> int:
        """Its status, once it has ended. It is killed if it does not end by itself `within` seconds."""
        with suppress(subprocess.TimeoutExpired):
            process.wait(within)
        process.kill()
        status = process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        return status


def _exchange(process: subprocess.Popen[bytes], request: Compile) -> Answer | None:
    """The answer, or None if the process ends without one."""
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("a compiling process without pipes")
    left = memoryview(pack(request))
    while left:
        left = left[process.stdin.write(left) or 0 :]
    answers = Unpacker[Answer](Answer, LONGEST)
    while data := process.stdout.read(_CHUNK):
        for answer in answers.feed(data):
            return answer
    return None
