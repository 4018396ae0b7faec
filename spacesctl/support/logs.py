"""Logging of every process: structured, to stderr; JSON when nobody watches, lines for people on a terminal.

Never a token, a transcript or a name.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import traceback
from functools import partial
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

FRAMES = 12
_QUIET = ("apprise", "urllib3", "httpx", "httpcore")
"""They log the addresses that they ask, and those hold secrets."""
_log = structlog.get_logger()


def configure(level: str, process: str = "server") -> None:
    """Our own events from `level` on; of libraries warnings and worse, in the same form. `process` stands in each line."""
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
        processors=[*common, last],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *common],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(number, logging.WARNING))
    for name in ("spacesctl", "bots"):
        logging.getLogger(name).setLevel(number)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _of_process(process: str, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    event["process"] = process
    return event


def trace(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """An exception as its kinds and the places it came through. What it says is left out: it may quote what somebody sent."""
    given = event.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        kinds: list[str] = []
        places: list[str] = []
        while error is not None and len(kinds) < FRAMES:
            kinds.append(type(error).__name__)
            found = traceback.extract_tb(error.__traceback__)[-FRAMES:]
            places += [f"{one.filename}:{one.lineno} {one.name}" for one in reversed(found)]
            error = error.__cause__ or error.__context__
        event["error"] = kinds
        event["places"] = places[:FRAMES]
    return event


def on_unhandled(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What the event loop has nobody else to tell of. Its own text would show the task, and with it what failed and why."""
    _log.error("unhandled", what=context.get("message", ""), exc_info=context.get("exception"))
