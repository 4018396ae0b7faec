"""Child processes that end with their parent, however that ends."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from typing import Final

_PDEATHSIG: Final = 1
"""prctl(2), PR_SET_PDEATHSIG."""


def ends_with_parent(how: signal.Signals = signal.SIGTERM) -> Callable[[], None] | None:
    """For `preexec_fn` of a child, which gets this signal when the thread that starts it ends, such as by a kill. On Linux only; elsewhere
    the child goes on."""
    if not sys.platform.startswith("linux"):
        return None
    prctl, parent = (
        ctypes.CDLL(None).prctl,
        os.getpid(),
    )  # looked up before the fork: little is safe between fork and exec

    def set_in_child() -> None:
        prctl(_PDEATHSIG, how)
        if os.getppid() != parent:  # the parent ended before prctl was called
            os._exit(1)

    return set_in_child
