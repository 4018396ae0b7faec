"""An iterator that blocks, read so that its reader gets to do something in between."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import TypeVar

T = TypeVar("T")


def with_pauses(blocking: Iterator[T], seconds: float) -> Iterator[T | None]:
    """What `blocking` gives, and None after each `seconds` without any. What it raises is raised."""
    given: queue.Queue[T] = queue.Queue()
    failed: list[BaseException] = []

    def read() -> None:
        try:
            for one in blocking:
                given.put(one)
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    while True:
        over = not thread.is_alive()  # asked before the queue, which has all of it then
        try:
            yield given.get(timeout=0 if over else seconds)
        except queue.Empty:
            if over:
                break
            yield None
    if failed:
        raise failed[0]
