"""The command line: each command parses, makes one client call, and prints the answer. Importing it reads and connects nothing."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """The `spacesctl` command. An error is one line and a documented exit code, never a traceback."""
    from spacesctl.cli import completion
    from spacesctl.cli.app import app
    from spacesctl.domain.errors import SpacesError

    completion.prepare()
    try:
        app(prog_name="spacesctl")
    except SpacesError as error:
        hint = f" ({error.hint})" if error.hint else ""
        print(f"spacesctl: {error.message}{hint}", file=sys.stderr)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader of our output has closed it. Without this, Python would print another error at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"spacesctl: {where}{error.strerror or error}", file=sys.stderr)
        sys.exit(2 if error.filename else 1)
    except KeyboardInterrupt:
        sys.exit(130)
