"""`python -m bots.hearing --model DIR`: a model process; its stdin is a socket. The pool starts it; it is not for use by hand."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

from bots.hearing import entry


def main() -> int:
    """Load the model and serve until the socket is closed; the exit code, see `model_process`."""
    parser = argparse.ArgumentParser(prog="bots.hearing")
    parser.add_argument("--model", type=Path, required=True)
    options = parser.parse_args()
    from bots.hearing.engines import load

    return entry.serve(partial(load, options.model))


if __name__ == "__main__":
    sys.exit(main())
