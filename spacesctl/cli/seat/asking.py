"""The questions of the console: a reason, a yes, or what a key does."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from spacesctl.cli.seat.acts import ACTS

MOST_REASON = 280


class Question(ModalScreen[str | None]):
    """Asks for a line of text, which may be empty; None when it was given up."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "give_up", "cancel")]

    def __init__(self, title: str, what: str) -> None:
        super().__init__()
        self._title, self._what = title, what

    def compose(self) -> ComposeResult:
        with Vertical(id="question"):
            yield Static(self._title, id="question-title", markup=False)
            yield Static(self._what, markup=False)
            yield Input(max_length=MOST_REASON)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip())

    def action_give_up(self) -> None:
        self.dismiss(None)


class Sure(ModalScreen[str | None]):
    """Asks whether one is sure: `y` answers with an empty text, `n` with None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer('y')", "yes"),
        Binding("n,escape,q", "answer('n')", "no"),
    ]

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title

    def compose(self) -> ComposeResult:
        with Vertical(id="question"):
            yield Static(self._title, id="question-title", markup=False)
            yield Static("y: yes    n: no", markup=False)

    def action_answer(self, key: str) -> None:
        self.dismiss("" if key == "y" else None)


class Help(ModalScreen[None]):
    """What each key does."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,enter,space,question_mark", "close", "close")]

    def compose(self) -> ComposeResult:
        keys = {
            **{key: act.name for key, act in ACTS.items()},
            "t": "speak by typing",
            "v": "open or close the microphone (--mic)",
            "C": "write in the chat",
            "/": "find",
            "Enter": "what one may do about the chosen person; so does a click",
            "arrows": "choose somebody",
            "?": "these keys; Escape closes them",
            "q": "leave",
        }
        with Vertical(id="question"):
            yield Static("Keys", id="question-title")
            yield Static("\n".join(f"{key:>8}  {name}" for key, name in keys.items()), markup=False)

    def action_close(self) -> None:
        self.dismiss(None)
