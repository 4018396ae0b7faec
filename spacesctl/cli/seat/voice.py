"""The sound of the console: `spacesctl speak --mic` and `spacesctl listen` beside it, as programs of their own, so that drawing delays no
voice and a voice no key.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Final

OWN: Final = (sys.executable, "-m", "spacesctl")
PLAYERS: Final[Mapping[str, Sequence[str]]] = {
    "ffplay": ("-nodisp", "-autoexit", "-loglevel", "error", "-i", "-"),
    "mpv": ("--no-video", "--really-quiet", "-"),
}
"""What plays what comes on its standard input."""
ENDS_WITHIN: Final = 2.0
"""Seconds after which a program that was asked to end is ended."""
MOST_SAID: Final = 4_096
"""Bytes of what a program says of its end."""


class Voice:
    """`tell` gets a line when something ended by itself. None of its calls waits for the network."""

    def __init__(
        self, url: str, token: str | None, space: str, tell: Callable[[str], None], own: Sequence[str] = OWN
    ) -> None:
        self._environment = {**os.environ, "SPACESCTL_URL": url, **({"SPACESCTL_TOKEN": token} if token else {})}
        self._space = space
        self._tell = tell
        self._own = own
        self._speaks: subprocess.Popen[bytes] | None = None
        self._listens: list[subprocess.Popen[bytes]] = []
        self._over: set[int] = set()
        """The programs that were asked to end, by process id."""

    @property
    def is_open(self) -> bool:
        """Whether the microphone is open."""
        return self._speaks is not None and self._speaks.poll() is None

    def listen(self) -> str:
        """Play the Space; what was done, in words."""
        name = next((one for one in PLAYERS if shutil.which(one)), None)
        if name is None:
            return f"none of {', '.join(PLAYERS)} is installed: you hear nothing"
        hears = self._begin(("listen", self._space, "--output", "-"), subprocess.PIPE)
        plays = subprocess.Popen(  # noqa: S603  # one of `PLAYERS`
            [name, *PLAYERS[name]], stdin=hears.stdout, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        if hears.stdout is not None:
            hears.stdout.close()  # the player has it now
        self._listens = [hears, plays]
        return f"you hear the Space by {name}"

    def toggle(self) -> str:
        """Open the microphone or close it; what was done, in words."""
        if self._speaks is not None and self.is_open:
            speaks, self._speaks = self._speaks, None
            self._end(speaks)
            return "your microphone is closed"
        self._speaks = self._begin(("speak", self._space, "--mic", "--consent"), subprocess.DEVNULL)
        return "your microphone opens"

    def close(self) -> None:
        """End everything."""
        speaks, self._speaks = self._speaks, None
        for one in (*([speaks] if speaks is not None else []), *self._listens):
            self._end(one)
        self._listens = []

    def _begin(self, words: Sequence[str], out: int) -> subprocess.Popen[bytes]:
        child = subprocess.Popen(  # noqa: S603  # ourselves
            [*self._own, *words], stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE, env=self._environment
        )
        threading.Thread(target=self._watch, args=(child,), daemon=True).start()
        return child

    def _watch(self, child: subprocess.Popen[bytes]) -> None:
        """Say why a program ended that was not asked to."""
        said = b""
        if child.stderr is not None:
            with child.stderr as lines:
                while piece := lines.readline(MOST_SAID):
                    said = piece
        child.wait()
        if child.pid not in self._over:
            self._tell(said.decode(errors="replace").strip() or "the sound ended")

    def _end(self, child: subprocess.Popen[bytes]) -> None:
        self._over.add(child.pid)
        child.terminate()
        try:
            child.wait(ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
