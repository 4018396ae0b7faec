"""Writing from the console: a message for the chat, or speech by typing, of which others see each character within half a second."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from spacesctl.cli.seat.acts import ABOUT_SOMEBODY, ACTS

TELL_EVERY: Final = 0.25
"""Seconds between two tellings of what is typed."""
MOST: Final = 500
Tell = Callable[[str, bool], None]
"""`tell(text, final)`: what others are to see. It does not wait."""


class Chat(ModalScreen[str | None]):
    """Asks for a message; None when it was given up."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "give_up", "cancel")]

    def compose(self) -> ComposeResult:
        with Vertical(id="question"):
            yield Static("Write in the chat", id="question-title", markup=False)
            yield Static("Enter sends it, Escape does not", markup=False)
            yield Input(max_length=MOST)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip() or None)

    def action_give_up(self) -> None:
        self.dismiss(None)


class Typing(ModalScreen[None]):
    """Speaks by typing, one text after the other, until Escape."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "end", "end")]

    def __init__(self, tell: Tell) -> None:
        super().__init__()
        self._tell = tell
        self._told = ""

    def compose(self) -> ComposeResult:
        with Vertical(id="question"):
            yield Static("Speak by typing", id="question-title", markup=False)
            yield Static("Enter says it, Escape ends", markup=False)
            yield Input(max_length=MOST)

    def on_mount(self) -> None:
        self.set_interval(TELL_EVERY, self._look)

    def _look(self) -> None:
        text = self.query_one(Input).value.strip()
        if text != self._told:
            self._told = text
            self._tell(text, False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        text, self._told = event.value.strip(), ""
        self.query_one(Input).value = ""
        if text:
            self._tell(text, True)

    def action_end(self) -> None:
        if self._told:
            self._tell("", False)
        self.dismiss(None)


class Menu(ModalScreen[str | None]):
    """What one may do about somebody, for the mouse; answers with the key of it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "give_up", "close")]

    def __init__(self, handle: str) -> None:
        super().__init__()
        self._handle = handle

    def compose(self) -> ComposeResult:
        with Vertical(id="question"):
            yield Static(self._handle, id="question-title", markup=False)
            yield OptionList(*(Option(f"{key}  {ACTS[key].name}", id=key) for key in ABOUT_SOMEBODY))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option.id)

    def action_give_up(self) -> None:
        self.dismiss(None)
