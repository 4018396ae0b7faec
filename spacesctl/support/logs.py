"""Structured logging of every process, to stderr: readable lines on a terminal, otherwise JSON.

Logs never contain a token, a transcript or a name.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import traceback
from contextlib import suppress
from functools import partial
from typing import Any, TextIO, cast

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from spacesctl.support.text import one_line

FRAMES = 12
_QUIET = ("apprise", "urllib3", "httpx", "httpcore")
"""These libraries log the addresses of their requests, which contain secrets."""
_log = structlog.get_logger()


def configure(level: str, process: str = "server") -> None:
    """Log our own events from `level` on, and warnings and errors of libraries in the same format. Each line names `process`."""
    number = logging.getLevelNamesMapping()[level.upper()]
    common: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        trace,
        partial(_of_process, process),
    ]
    last: Processor = (
        structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer(default=repr)
    )
    structlog.configure(
        processors=[*common, cleaned, last],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, stream := Unfailing(sys.stderr))),
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *common],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, cleaned, last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(number, logging.WARNING))
    for name in ("spacesctl", "bots"):
        logging.getLogger(name).setLevel(number)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


class Unfailing:
    """A text stream whose lines are lost when they cannot be written: a full disk, on which the log is too, must not stop the work that is
    logged."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.lost = 0

    def write(self, text: str) -> int:
        """Write, or count it as lost."""
        try:
            return self._stream.write(text)
        except OSError:
            self.lost += 1
            return 0

    def flush(self) -> None:
        """Write what is buffered; what cannot be written stays buffered for the next time."""
        with suppress(OSError):
            self._stream.flush()


def _of_process(process: str, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    event["process"] = process
    return event


def cleaned(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Texts in one line and without what could control a terminal: a library may quote a path or a header."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = one_line(value)
    return event


def trace(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Log an exception as its class names and code locations. Its message is left out, because it may quote what a user sent."""
    given = event.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        kinds: list[str] = []
        places: list[str] = []
        while error is not None and len(kinds) < FRAMES:
            kinds.append(type(error).__name__)
            # Not `extract_tb`, which reads the source files: this is logged on the event loop, and perhaps because no file can be opened.
            found = [(frame.f_code, line) for frame, line in traceback.walk_tb(error.__traceback__)][-FRAMES:]
            places += [f"{code.co_filename}:{line} {code.co_name}" for code, line in reversed(found)]
            error = error.__cause__ or error.__context__
        event["error"] = kinds
        event["places"] = places[:FRAMES]
    return event


def on_unhandled(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log an error that no code handled. The event loop's own text would show the task, and with it the message of the exception."""
    _log.error("unhandled", what=context.get("message", ""), exc_info=context.get("exception"))
