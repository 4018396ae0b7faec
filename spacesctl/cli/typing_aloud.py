"""`speak --type`: speaking on the stage by typing. In a terminal others see each character within half a second; from a pipe each line is
said at once.
"""

from __future__ import annotations

import codecs
import os
import select
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from spacesctl.cli.output import note
from spacesctl.support.terminal import write_over
from spacesctl.support.text import without

if TYPE_CHECKING:
    from spacesctl.client.http import Client

TELL_EVERY = 0.25
"""Seconds between two tellings of what is typed."""
MOST = 500
"""Characters of one text."""
SHOWN = 60
"""Characters of it that stand on the line."""
ENDS = frozenset("\x03\x04")
ERASES = frozenset("\x7f\x08")


class Typing:
    """What somebody types. `tell(text, final)` is called with what others are to see; the caller passes keys and time."""

    def __init__(self, tell: Callable[[str, bool], None]) -> None:
        self._tell = tell
        self.text = ""
        self._told = ""
        self._told_at = float("-inf")
        self.said = 0
        """Texts that were said."""

    def press(self, key: str) -> bool:
        """Take one character; whether more are wanted."""
        if key in ENDS:
            return False
        if key in "\r\n":
            self._say()
        elif key in ERASES:
            self.text = self.text[:-1]
        else:
            self.text = (self.text + without(key))[:MOST]
        return True

    def due(self, now: float) -> None:
        """Tell what was typed since, once for many characters."""
        if self.text.strip() != self._told and now - self._told_at >= TELL_EVERY:
            self._told, self._told_at = self.text.strip(), now
            self._tell(self._told, False)

    def ends(self) -> None:
        """What was typed and not said is taken back."""
        if self._told:
            self._tell("", False)

    def _say(self) -> None:
        text, self.text, self._told = self.text.strip(), "", ""
        if text:
            self._tell(text, True)
            self.said += 1


def type_in(spaces: Client, where: str) -> int:
    """Speak by what is typed, until the end of the input or Ctrl-D. Returns how many texts were said."""
    typing = Typing(lambda text, final: _told(spaces, where, text, final=final))
    if not sys.stdin.isatty() or os.name == "nt":
        for line in sys.stdin:
            for key in f"{line.strip()[:MOST]}\n":
                typing.press(key)
        return typing.said
    note("type; Enter says it, Ctrl-D ends")
    with _each_key() as keys:
        for pressed in keys:
            if pressed is not None and not typing.press(pressed):
                break
            typing.due(time.monotonic())
            write_over(typing.text[-SHOWN:])
    typing.ends()
    write_over("")
    return typing.said


def _told(spaces: Client, where: str, text: str, *, final: bool) -> None:
    spaces.chat.type(where, text, final=final)


@contextmanager
def _each_key() -> Iterator[Iterator[str | None]]:
    """The characters that are typed, as they are typed; None while there are none."""
    import termios
    import tty

    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    tty.setraw(terminal, termios.TCSADRAIN)
    try:
        yield _keys(terminal)
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def _keys(terminal: int) -> Iterator[str | None]:
    decode = codecs.getincrementaldecoder("utf-8")("replace").decode
    while True:
        ready, _, _ = select.select([terminal], [], [], TELL_EVERY)
        if not ready:
            yield None
            continue
        data = os.read(terminal, 1024)
        if not data:
            return
        yield from decode(data)
