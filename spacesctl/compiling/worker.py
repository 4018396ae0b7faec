"""The compiling process: reads rule files from stdin, one after the other, and writes its answers to stdout.

It limits itself, and ends when its stdin is closed. `python -m spacesctl.compiling.worker`.
"""

from __future__ import annotations

import math
import os
import resource
import signal
import sys
import time
from pathlib import Path

from spacesctl.compiling.messages import LONGEST, MEMORY, PROCESSOR, Answer, Compile, Compiled, OutOfMemory, Rejected
from spacesctl.rules import cost
from spacesctl.rules.problems import RuleFileError
from spacesctl.rules.rulefile import compile_rules
from spacesctl.support.messages import Unpacker, pack

KEPT = 256 << 20
"""Bytes of memory beyond which a process ends itself after its answer: another one begins small again."""
_CHUNK = 64 << 10


def main() -> None:
    """Serve until stdin ends."""
    for number in (signal.SIGINT, signal.SIGHUP):  # from the terminal; they are for the server, which ends this process
        signal.signal(number, signal.SIG_IGN)
    os.nice(10)  # sound comes first
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    requests = Unpacker[Compile](Compile, LONGEST)
    while data := os.read(sys.stdin.fileno(), _CHUNK):
        for request in requests.feed(data):
            _limit_time()
            answer = _answer(request)
            _write(pack(answer))
            if isinstance(answer, OutOfMemory) or _memory() > KEPT:
                return


def _memory() -> int:
    """Bytes in use; 0 where the system does not tell. (`ru_maxrss` would do, but a new process has that of the one that started it.)"""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    except OSError:
        return 0


def _limit_time() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(time.process_time()) + PROCESSOR, most))


def _answer(request: Compile) -> Answer:
    try:
        found = compile_rules(request.text, request.filename)
        slow = cost.refusal(found)  # the bots will build and run it, where nothing limits them
    except RuleFileError as error:
        return Rejected([str(problem) for problem in error.problems])
    except (MemoryError, RecursionError):
        return OutOfMemory()
    if slow is not None:
        return Rejected([str(slow)])
    return Compiled(found.hash, [rule.id for rule in found.rules], sorted(found.actions()), *found.breaker())


def _write(data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(sys.stdout.fileno(), view) :]


if __name__ == "__main__":
    main()
