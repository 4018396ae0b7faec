"""`python -m bots.hearing --model DIR`: a recogniser worker on stdin and stdout. The pool starts it; it is not for use by hand."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from functools import partial
from pathlib import Path

from bots.hearing import worker
from bots.models import ModelError
from spacesctl.support.messages import ProtocolError
from spacesctl.support.parent import wake_when_parent_ends
from spacesctl.support.terminal import write_line


def main() -> int:
    """Load the model and serve until stdin is closed; the exit code, see `worker`."""
    parser = argparse.ArgumentParser(prog="bots.hearing")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--growth-mib", type=int, default=512)
    options = parser.parse_args()
    wake_when_parent_ends()
    # Both reach the whole process group; the pool ends this process by closing its stdin.
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    out = os.dup(1)
    os.dup2(2, 1)  # what a C library prints to stdout must not get between the messages
    from bots.hearing.vosk_recogniser import load

    try:
        return worker.run(partial(load, options.model), 0, out, options.growth_mib << 20)
    except BrokenPipeError:
        return 0  # the pool has ended
    except (ProtocolError, ModelError) as error:
        write_line(f"recogniser worker: {error}", err=True)
        return worker.EXIT_BROKEN if isinstance(error, ProtocolError) else worker.EXIT_MODEL


if __name__ == "__main__":
    sys.exit(main())
