"""A shell that a person types into: a real one, on a pseudo terminal."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from fcntl import ioctl
from pathlib import Path

PATIENCE = 15.0
"""Seconds that something may take to appear."""
_DRAWING = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[=>()][0AB]?|\x1b\][^\x07]*\x07|[\r\x07\x0f]")


class ShellTerminal:
    """What was typed and what it drew, without the codes that place it."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self.raw = b""

    def type(self, text: str) -> None:
        """Type it: a newline is Return."""
        os.write(self._fd, text.encode())

    @property
    def screen(self) -> str:
        """All that was ever drawn, as text."""
        return _DRAWING.sub("", self.raw.decode(errors="replace"))

    def until(self, *wanted: str, after: int = 0) -> str:
        """Wait until all that is wanted was drawn after a place of the screen; what stands there."""
        ends = time.monotonic() + PATIENCE
        while not all(one in self.screen[after:] for one in wanted):
            left = ends - time.monotonic()
            missing = [one for one in wanted if one not in self.screen[after:]]
            ready = left > 0 and select.select([self._fd], [], [], left)[0]
            assert ready, f"no {missing} in {self.screen[after:]!r}"
            self.raw += os.read(self._fd, 1 << 16)
        return self.screen[after:]


@contextmanager
def shell_terminal(command: Sequence[str], env: Mapping[str, str], folder: Path) -> Iterator[ShellTerminal]:
    """A shell in a folder, in a terminal of 300 columns, so that nothing is folded."""
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 200, 300, 0, 0))
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=dict(env), cwd=folder, start_new_session=True
    )
    os.close(theirs)
    try:
        yield ShellTerminal(ours)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        os.close(ours)
