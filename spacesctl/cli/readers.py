"""Ends a command that follows a Space when nobody reads what it prints any more: in a quiet Space it would not notice."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import stat
import sys
import threading
from collections.abc import Coroutine, Iterator
from typing import TypeVar

from spacesctl.cli import UNREAD

T = TypeVar("T")
LOOK_EVERY_MS = 500
"""Milliseconds after which the watching thread looks whether the command has ended. A reader that goes is noticed at once."""


@contextlib.contextmanager
def while_read() -> Iterator[None]:
    """Let the body end with exit code 0, as a write into a closed pipe does, as soon as the reader of stdout has closed it."""
    pipe = _pipe()
    if pipe is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    done = threading.Event()
    before = signal.signal(signal.SIGPIPE, _leave)
    threading.Thread(target=_look, args=(pipe, done), daemon=True).start()
    try:
        yield
    finally:
        done.set()
        signal.signal(signal.SIGPIPE, before)


async def until_unread(work: Coroutine[None, None, T]) -> T:
    """The result of `work`, which is cancelled when the reader of stdout has closed it: the same for a command with an event loop."""
    import asyncio

    loop, task, pipe = asyncio.get_running_loop(), asyncio.ensure_future(work), _pipe()

    def closed() -> None:
        loop.remove_reader(pipe or 0)
        task.cancel()

    if pipe is not None:
        loop.add_reader(pipe, closed)  # of the writing end of a pipe it tells errors alone
    try:
        return await task
    finally:
        if pipe is not None:
            loop.remove_reader(pipe)


def _leave(number: int, frame: object) -> None:
    """Not an OSError: who waits for the network would take it for a broken connection, and come back."""
    raise SystemExit(UNREAD)


def _pipe() -> int | None:
    """The descriptor of stdout if it leads to another program."""
    try:
        found = sys.stdout.fileno()
        mode = os.fstat(found).st_mode
    except (AttributeError, OSError, ValueError):  # there is none, it is closed, or it is no file
        return None
    return found if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) else None


def _look(pipe: int, done: threading.Event) -> None:
    poll = select.poll()
    poll.register(pipe, 0)  # POLLERR and POLLHUP are always told
    while not poll.poll(LOOK_EVERY_MS):
        if done.is_set():
            return
    if not done.is_set():
        # To the main thread, so that whatever it waits for is interrupted.
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGPIPE)
