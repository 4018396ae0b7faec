"""Ties a child process to its parent, also when one of them is killed or stopped."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import Final

_PDEATHSIG: Final = 1
"""prctl(2), PR_SET_PDEATHSIG."""


def wake_when_parent_ends() -> None:
    """Have the kernel continue this process then, if it is stopped, so that it notices by its closed pipe that it has to end, too. On Linux
    only; elsewhere a stopped process stays."""
    _signal_when_parent_ends(signal.SIGCONT)


def end_with_parent(parent: int) -> None:
    """Have the kernel kill this process then. `parent` is its id: when that has ended already, this process ends now. On Linux only."""
    _signal_when_parent_ends(signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _signal_when_parent_ends(number: signal.Signals) -> None:
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PDEATHSIG, number)
