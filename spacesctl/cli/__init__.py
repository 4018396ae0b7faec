"""The command line: each command parses, makes one client call, and prints the answer. Importing it reads and connects nothing."""

from __future__ import annotations

import os
import sys

MOST_LINE = 2_000
"""Characters of an error."""


def main() -> None:
    """The `spacesctl` command. An error is one line and a documented exit code, never a traceback."""
    from spacesctl.cli import completion
    from spacesctl.cli.app import app
    from spacesctl.domain.errors import SpacesError

    completion.prepare()
    try:
        app(prog_name="spacesctl")
    except SpacesError as error:
        _complain(f"{error.message} ({error.hint})" if error.hint else error.message)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader of our output has closed it. Without this, Python would print another error at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _complain(f"{where}{error.strerror or error}")
        sys.exit(2 if error.filename else 1)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        if "SPACESCTL_DEBUG" in os.environ:
            raise
        _complain(f"an unforeseen error: {type(error).__name__}: {error} (SPACESCTL_DEBUG=1 shows where)")
        sys.exit(1)


def _complain(message: str) -> None:
    """One line on stderr: what others wrote may stand in it."""
    from spacesctl.cli.output import note

    line = " ".join(message.split())
    note(f"spacesctl: {line if len(line) <= MOST_LINE else f'{line[:MOST_LINE]}…'}")
