"""The `spacesctl` command and `python -m spacesctl`. Before anything else is imported Ctrl-C is made to end the process without a word: who
changes their mind in the first milliseconds reads no traceback."""

import signal

_HANDLED = signal.getsignal(signal.SIGINT) is signal.default_int_handler
"""Not in the background of a script, where Ctrl-C is ignored and stays so."""
if _HANDLED:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from spacesctl.cli import INTERRUPTED, main  # noqa: E402  # that is the point


def entry() -> None:
    """Run the command, and leave quietly."""
    try:
        if _HANDLED:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        main()
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None
    finally:
        if _HANDLED:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # threads are still waited for


if __name__ == "__main__":
    entry()
