"""The command line: each command parses, makes one client call, and prints the answer. Importing it reads and connects nothing."""

from __future__ import annotations

import contextlib
import io
import os
import sys

INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells have it."""
UNREAD = 0
"""The exit code after the reader of stdout has closed it: `list | head -1` has shown what was wanted, also under `set -o pipefail`."""
MOST_LINE = 2_000
"""Characters of an error."""


def main() -> None:
    """The `spacesctl` command. An error is one line and a documented exit code, never a traceback. Ctrl-C is none, also while modules are
    still being imported."""
    try:
        code = _whole()
    except KeyboardInterrupt:
        code = INTERRUPTED
    sys.exit(code)


def _whole() -> int:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # what this terminal or pipe cannot show is written as an escape
            stream.reconfigure(errors="backslashreplace")
    return _written(_run())


def _run() -> int:
    """Run the command; its exit code."""
    from typer.exceptions import Abort, TyperException

    from spacesctl.cli import completion
    from spacesctl.cli.app import app
    from spacesctl.domain.errors import SpacesError

    try:
        completion.prepare()
        left = app(prog_name="spacesctl", standalone_mode=False)
        return left if isinstance(left, int) else 0
    except SystemExit as error:
        if isinstance(error.__context__, BrokenPipeError):  # Typer's own answer to it
            return UNREAD
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    except TyperException as error:
        from spacesctl.cli import usage

        return usage.complain_of(error)
    except Abort:
        complain("nothing was done")
        return 1
    except SpacesError as error:
        complain(f"{error.message} ({error.hint})" if error.hint else error.message)
        return error.exit_code
    except BrokenPipeError:
        return UNREAD
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        complain(f"{where}{error.strerror or error}")
        return 2 if error.filename else 1
    except Exception as error:
        if "SPACESCTL_DEBUG" in os.environ:
            raise
        complain(f"an unforeseen error: {type(error).__name__}: {error} (SPACESCTL_DEBUG=1 shows where)")
        return 1


def _written(code: int) -> int:
    """The exit code after all output was written. What cannot be written is dropped: Python would print another error at exit."""
    if sys.stdout is None:
        return code
    try:
        sys.stdout.flush()
    except (OSError, ValueError) as error:  # the second: it was closed
        unread = isinstance(error, BrokenPipeError)
        if not code and isinstance(error, OSError) and not unread:
            complain(f"standard output: {error.strerror or error}")
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return code or (UNREAD if unread else 1)
    return code


def _with_clock_times(text: str) -> str:
    """The text with the times of the server, which are UTC to the millisecond, as people read them."""
    import re
    from datetime import datetime

    from spacesctl.cli.output import clock

    wire = r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z"
    try:
        return re.sub(wire, lambda found: clock(datetime.fromisoformat(found[0])), text)
    except (ValueError, OverflowError):  # no such day, or beyond the calendar
        return text


def complain(message: str) -> None:
    """One line on stderr: what others wrote may stand in it."""
    from spacesctl.cli.output import note

    line = _with_clock_times(" ".join(message.split()))
    try:
        note(f"spacesctl: {line if len(line) <= MOST_LINE else f'{line[:MOST_LINE]}…'}")
    except OSError:
        return
