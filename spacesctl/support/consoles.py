"""Rich consoles on which nothing that others wrote controls the terminal, turns a line around or is taken for markup."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from spacesctl.support.text import clean


class SafeConsole(Console):
    """A Rich console that cleans each text before it is measured, and again whatever a renderable makes of it.

    What Rich itself does to a terminal (colours, moving the cursor) is no text, and stays.
    """

    def __init__(self, *, stderr: bool = False, **options: Any) -> None:
        super().__init__(stderr=stderr, markup=False, emoji=False, highlight=False, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        """Without markup, whatever is asked for."""
        return super().render_str(clean(text), **{**options, "markup": False, "emoji": False})

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The segments of anything that is drawn."""
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else clean(text), style, control)
