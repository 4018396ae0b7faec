"""The console as a Textual application: panes of one `Room`, keys for what a host does."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final, TypeVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.events import Resize
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import DataTable, Footer, Input, RichLog, Static

from spacesctl.api.events import Event
from spacesctl.cli.seat import panes
from spacesctl.cli.seat.acts import ACTS, Act, Asked
from spacesctl.cli.seat.asking import Help, Question, Sure
from spacesctl.cli.seat.reader import Ended, Facts, Lost, Reader, facts
from spacesctl.cli.seat.room import Room
from spacesctl.cli.seat.voice import Voice
from spacesctl.cli.seat.writing import Chat, Menu, Typing
from spacesctl.client.room_view import Message, Person
from spacesctl.domain.errors import SpacesError
from spacesctl.domain.words import ChatPolicy
from spacesctl.support.text import one_line

if TYPE_CHECKING:
    from spacesctl.client.http import Client

W = TypeVar("W", bound=Widget)
MakeVoice = Callable[[Callable[[str], None]], Voice]
"""Makes the sound of a console, from what is told when it ends by itself."""

REDRAW: Final = 0.1
"""Seconds between two looks at what came: the screen is drawn at most so often."""
MOST_ROWS: Final = 200
"""People in the table; the search finds the others."""
MOST_SUGGESTED: Final = 3
MOST_REDACTIONS: Final = 3
MOST_TYPED: Final = 64
"""Texts that wait while the server does not answer."""
MOST_LINES: Final = 500
WIDTHS: Final = {"": 6, "role": 9, "mic": 7, "talk": 4}
"""Columns of the people's table; who they are gets the rest of its half."""
LEAST_WHO: Final = 12
SHORT: Final = {"m": "mute", "k": "kick", "a": "yes", "n": "no", "M": "all", "L": "lock", "H": "hold", "u": "undo"}
"""What fits into 80 columns of the keys; `?` has them all."""


class ConsoleApp(App[None]):
    """A seat for who hosts or moderates a Space. It closes with `q`, and stays open when the Space ends."""

    TITLE = "spacesctl"
    ENABLE_COMMAND_PALETTE = False
    CSS = """
    #header, #numbers, #told { height: 1; }
    #left { width: 1fr; }
    #right { width: 1fr; border-left: solid $panel; }
    #find { display: none; height: 3; }
    #find.open { display: block; }
    #people { height: 1fr; }
    #about { height: auto; max-height: 3; }
    #captions { height: 2fr; scrollbar-size-vertical: 1; }
    #partial { height: auto; max-height: 2; color: $text-muted; }
    #suggestions { height: auto; max-height: 3; }
    #feed { height: 1fr; border-top: solid $panel; scrollbar-size-vertical: 1; }
    #redactions { height: auto; max-height: 3; }
    #chat { display: none; height: 1fr; border-top: solid $panel; scrollbar-size-vertical: 1; }
    #chat.open { display: block; }
    Question, Sure, Help, Chat, Typing, Menu { align: center middle; }
    #question { width: 60; max-width: 90%; height: auto; max-height: 90%; border: round $primary; padding: 0 1; background: $surface; }
    #question-title { text-style: bold; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", "help", key_display="?"),
        *(Binding(key, f"do('{key}')", SHORT.get(key, ""), show=key in SHORT) for key in ACTS),
        Binding("t", "type", show=False),
        Binding("v", "voice", show=False),
        Binding("C", "chat", show=False),
        Binding("slash", "find", show=False),
        Binding("q", "quit", show=False),
        Binding("escape", "found", show=False),
    ]

    def __init__(self, client: Client, first: Facts, voice: MakeVoice | None = None) -> None:
        super().__init__()
        self._voice = voice(self._tell_from_thread) if voice is not None else None
        self._client = client
        self.room = Room(first.space, first.members)
        self._take(first)
        self._reader = Reader(client, first.space.id)
        self._rows: dict[str, tuple[Text, ...]] = {}
        self._made: dict[str, tuple[tuple[Person, int | None, int], tuple[Text, ...]]] = {}
        """The cells of people, with what they show."""
        self._told = 0
        self._shown: dict[str, Text] = {}
        self._shown_messages: list[Message] = []
        self._shown_hits = 0
        self._width = 0
        self._typed: deque[tuple[str, bool]] = deque(maxlen=MOST_TYPED)
        self._typing, self._is_saying = threading.Lock(), False
        self._wanted = ""
        self._dirty = True
        self._ask = False
        self._meanwhile: list[Event] | None = None
        """What came while the API is read; None: it is not."""

    def compose(self) -> ComposeResult:
        yield Static(id="header")
        with Horizontal():
            with Vertical(id="left"):
                yield Input(placeholder="find", id="find")
                yield DataTable[Text](id="people", cursor_type="row", cell_padding=0)
                yield Static(id="about")
            with Vertical(id="right"):
                yield RichLog(id="captions", wrap=True, max_lines=MOST_LINES, min_width=20)
                yield Static(id="partial", markup=False)
                yield Static(id="suggestions")
                yield Static(id="redactions")
                yield RichLog(id="chat", wrap=True, max_lines=MOST_LINES, min_width=20)
                yield RichLog(id="feed", wrap=True, max_lines=MOST_LINES, min_width=20)
        yield Static(id="numbers")
        yield Static(id="told")
        yield Footer()

    def on_mount(self) -> None:
        self._width = self.size.width
        self._add_columns()
        self._pane("#people", DataTable).focus()
        self._reader.begin()
        if self._voice is not None:
            self._later(self._voice.listen)
        self.set_interval(REDRAW, self._look)
        self._draw()

    def _add_columns(self) -> None:
        """The columns of the people's table, as wide as the screen lets them be."""
        who = max(LEAST_WHO, self._width // 2 - sum(WIDTHS.values()) - 2)
        for name in panes.COLUMNS:
            self._pane("#people", DataTable).add_column(name, key=name, width=WIDTHS.get(name, who))

    def on_resize(self, event: Resize) -> None:
        """What was wrapped for another width is wrapped anew."""
        if self._width and self._width != event.size.width:
            self._width = event.size.width
            self.call_after_refresh(self._rewrap)

    def _rewrap(self) -> None:
        self._pane("#people", DataTable).clear(columns=True)
        self._add_columns()
        self._rows, self._shown_messages, self._dirty = {}, [], True
        self._write_captions()
        feed = self._pane("#feed", RichLog)
        feed.clear()
        for at, what in self.room.watched.happened:
            feed.write(_happened(at, what))

    def _write_captions(self) -> None:
        """All captions that are kept, anew."""
        log = self._pane("#captions", RichLog)
        log.clear()
        for one in self.room.said:
            log.write(panes.caption(one, self.room))

    def on_unmount(self) -> None:
        self._reader.stop()
        if self._voice is not None:
            threading.Thread(target=self._voice.close).start()  # the program waits for it

    def _tell_from_thread(self, what: str) -> None:
        with suppress(RuntimeError):  # it is closing
            self.call_from_thread(self._tell, what, "bold red")

    def action_voice(self) -> None:
        """Open the microphone or close it."""
        if self._voice is None:
            self._tell("there is no sound: start the console with --mic", "bold red")
        else:
            self._later(self._voice.toggle)

    def _pane(self, name: str, kind: type[W]) -> W:
        """A pane, also while a question stands before them."""
        return self.screen_stack[0].query_one(name, kind)

    # -- what comes

    def _look(self) -> None:
        """Take what came, and draw it."""
        if not self.screen_stack or not self.screen_stack[0].query("#header"):
            return  # it is closing
        ask = False
        for news in self._reader.news():
            self._dirty = True
            if isinstance(news, Lost):
                self.room.cut_off = True
            elif isinstance(news, Ended):
                self.room.cut_off = False
                self._tell(news.why)
            else:
                ask = ask or self.room.cut_off or news.type == "hello"
                if self.room.cut_off:
                    self._tell("")  # what stood there is older
                self.room.cut_off = False
                ask = self.room.take(news) or ask
                if self._meanwhile is not None:
                    self._meanwhile.append(news)
                if news.type == "caption":
                    self._pane("#captions", RichLog).write(panes.caption(self.room.said[-1], self.room))
        self._ask = self._ask or ask
        if self._ask and self._meanwhile is None and not self.room.is_over:
            self._ask, self._meanwhile = False, []
            self.run_worker(self._read, thread=True, group="read", exit_on_error=False)
        if self._dirty:
            self._draw()

    def _read(self) -> None:
        try:
            found = facts(self._client, self.room.watched.view.id)
        except SpacesError:
            found = None  # the next event asks again
        self.call_from_thread(self._have_read, found)

    def _have_read(self, found: Facts | None) -> None:
        meanwhile, self._meanwhile = self._meanwhile or [], None
        if found is not None:
            self.room.reread(found.space, found.members, meanwhile)
            self._take(found)
            self._dirty = True

    def _take(self, found: Facts) -> None:
        self.room.notes = {one.id: one for one in found.hands}
        self.room.suggestions = list(found.suggestions)

    # -- what is shown

    def _draw(self) -> None:
        self._dirty = False
        self._show("#header", panes.header(self.room))
        self._show("#numbers", panes.numbers(self.room, self._wanted))
        waiting = self.room.suggestions[:MOST_SUGGESTED]
        lines = [panes.suggestion(one, place) for place, one in enumerate(waiting, 1)]
        self._show("#suggestions", Text("\n").join(lines))
        partial_lines = self.room.watched.view.partial.values()
        self._show(
            "#partial", Text("\n".join(f"{one_line(one.speaker)} {one_line(one.text)}" for one in partial_lines))
        )
        self._draw_people()
        happened = self.room.watched.happened
        fresh = self.room.watched.happened_count - self._told
        self._told = self.room.watched.happened_count
        for at, what in list(happened)[len(happened) - min(fresh, len(happened)) :]:
            self._pane("#feed", RichLog).write(_happened(at, what))
        kept = list(self.room.redactions)[-MOST_REDACTIONS:]
        self._show("#redactions", Text("\n").join(panes.redaction(one) for one in kept))
        if self.room.hits_count != self._shown_hits:
            self._shown_hits = self.room.hits_count
            self._write_captions()
        self._draw_chat()

    def _show(self, name: str, text: Text) -> None:
        """Show a text in a pane; one that is there already costs nothing, as each update lays the whole screen out anew."""
        if self._shown.get(name) != text:
            self._shown[name] = text
            self._pane(name, Static).update(text)

    def _draw_chat(self) -> None:
        """What was written; anew where words were masked or erased."""
        view = self.room.watched.view
        log = self._pane("#chat", RichLog)
        log.set_class(view.chat is not ChatPolicy.OFF or bool(view.messages), "open")
        if view.messages == self._shown_messages:
            return
        before = len(self._shown_messages)
        if not before or view.messages[:before] != self._shown_messages:
            log.clear()
            before = 0
        for one in view.messages[before:]:
            log.write(panes.message(one))
        self._shown_messages = view.messages

    def _draw_people(self) -> None:
        table = self._pane("#people", DataTable)
        rows = {one.id: self._row(one) for one in self.room.rows(self._wanted)[:MOST_ROWS]}
        if list(rows) == list(self._rows):
            for key, cells in rows.items():
                for name, cell, before in zip(panes.COLUMNS, cells, self._rows[key], strict=True):
                    if cell != before:
                        table.update_cell(key, name, cell)
        else:
            chosen = self._chosen_id()
            table.clear()
            for key, cells in rows.items():
                table.add_row(*cells, key=key)
            if chosen in rows:
                table.move_cursor(row=list(rows).index(chosen))
        self._rows = rows
        chosen = self._chosen_id()
        self._show("#about", panes.hand(self.room, chosen) if chosen else Text())

    def _row(self, one: Person) -> tuple[Text, ...]:
        """The cells of a person, made anew only when something about them has changed: most of two thousand listeners never do."""
        facts = (one, self.room.position(one.id), self.room.share_of(one.id))
        known = self._made.get(one.id)
        if known is None or known[0] != facts:
            known = self._made[one.id] = (facts, panes.person(self.room, one))
            if len(self._made) > 2 * MOST_ROWS:
                del self._made[next(iter(self._made))]
        return known[1]

    def _chosen_id(self) -> str | None:
        table = self._pane("#people", DataTable)
        if not table.row_count:
            return None
        return str(table.coordinate_to_cell_key(table.cursor_coordinate).row_key.value)

    def on_data_table_row_highlighted(self) -> None:
        self._dirty = True

    def on_data_table_row_selected(self) -> None:
        """Enter, or a click on who is chosen: what one may do about them."""
        chosen = self._chosen_id()
        who = self.room.watched.view.people.get(chosen) if chosen is not None else None
        if who is not None:
            self.push_screen(Menu(who.handle), lambda key: None if key is None else self.action_do(key))

    # -- what one does

    def action_do(self, key: str) -> None:
        """Do what a key does; first ask, where that cannot be taken back."""
        act = ACTS[key]
        chosen = self._chosen_id()
        who = self.room.watched.view.people.get(chosen) if chosen is not None else None
        if act.about and who is None:
            self._tell("choose somebody with the arrow keys", "bold red")
        elif act.asks:
            self.push_screen(_question(act, who), lambda given: None if given is None else self._begin(act, who, given))
        else:
            self._begin(act, who, "")

    def _begin(self, act: Act, who: Person | None, reason: str) -> None:
        asked = Asked(self.room, who, reason)
        self.run_worker(partial(self._do, act, asked), thread=True, group="acts", exit_on_error=False)

    def _do(self, act: Act, asked: Asked) -> None:
        try:
            told, style = act.do(self._client, asked), "green"
        except SpacesError as error:
            told, style = error.message, "bold red"
        self.call_from_thread(self._tell, told, style)

    def _tell(self, what: str, style: str = "") -> None:
        """Say what was done, or why not, on the line above the keys."""
        self._pane("#told", Static).update(Text(one_line(what), style=style, no_wrap=True, overflow="ellipsis"))

    def action_chat(self) -> None:
        """Write in the chat."""
        self.push_screen(Chat(), lambda text: None if text is None else self._later(partial(self._write, text)))

    def action_type(self) -> None:
        """Speak by typing."""
        self.push_screen(Typing(self._type))

    def _type(self, text: str, final: bool) -> None:
        """Let what is typed be told in order, by one thread; of characters that were not told yet the last count."""
        with self._typing:
            if self._typed and not self._typed[-1][1]:
                self._typed.pop()
            self._typed.append((text, final))
            if not self._is_saying:
                self._is_saying = True
                self._later(self._say)

    def _say(self) -> str:
        told = ""
        while True:
            with self._typing:
                if not self._typed:
                    self._is_saying = False
                    return told
                text, final = self._typed.popleft()
            try:
                self._client.chat.type(self.room.watched.view.id, text, final=final)
                told = "said" if final else told
            except SpacesError as error:
                told = error.message

    def _later(self, call: Callable[[], str]) -> None:
        """Ask the server in a thread."""
        self.run_worker(partial(self._tried, call), thread=True, group="acts", exit_on_error=False)

    def _tried(self, call: Callable[[], str]) -> None:
        try:
            told, style = call(), "green"
        except SpacesError as error:
            told, style = error.message, "bold red"
        if told:
            self.call_from_thread(self._tell, told, style)

    def _write(self, text: str) -> str:
        self._client.chat.write(self.room.watched.view.id, text)
        return "written"

    def action_find(self) -> None:
        """Find somebody by handle or name."""
        field = self._pane("#find", Input)
        field.add_class("open")
        field.focus()

    def action_found(self) -> None:
        """Close the search, and show everybody."""
        self._pane("#find", Input).remove_class("open")
        self._pane("#find", Input).value = ""
        self._pane("#people", DataTable).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        if event.input.id == "find":
            self._wanted, self._dirty = event.value.strip(), True

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.input.id == "find":
            self._pane("#find", Input).remove_class("open")
            self._pane("#people", DataTable).focus()

    def action_help(self) -> None:
        """Say what each key does."""
        self.push_screen(Help())


def _happened(at: str, what: str) -> Text:
    """What happened, as one line of the feed."""
    return Text(f"{at} ", style="dim").append(one_line(what))


def _question(act: Act, who: Person | None) -> ModalScreen[str | None]:
    if act.about and who is not None:
        return Question(f"{act.name} {who.handle}?", f"Why ({act.reads}; may be empty)? Escape: no")
    return Sure(f"{act.name} this Space?")
