"""The command line: each command parses, makes one client call, and prints the answer. Importing it reads and connects nothing."""

from __future__ import annotations

import io
import os
import sys

INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells have it."""
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
        return 1  # the reader of our output has closed it
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
        if not code and isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
            complain(f"standard output: {error.strerror or error}")
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except (OSError, ValueError):
            return code or 1
        return code or 1
    return code


def complain(message: str) -> None:
    """One line on stderr: what others wrote may stand in it."""
    from spacesctl.cli.output import note

    line = " ".join(message.split())
    try:
        note(f"spacesctl: {line if len(line) <= MOST_LINE else f'{line[:MOST_LINE]}…'}")
    except OSError:
        return
