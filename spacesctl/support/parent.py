"""Wakes a child process that is stopped when its parent ends, so that it notices by its closed pipe that it has to end, too."""

from __future__ import annotations

import ctypes
import signal
import sys
from typing import Final

_PDEATHSIG: Final = 1
"""prctl(2), PR_SET_PDEATHSIG."""


def wake_when_parent_ends() -> None:
    """Have the kernel continue this process then. On Linux only; elsewhere a stopped process stays."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PDEATHSIG, signal.SIGCONT)
