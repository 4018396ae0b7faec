"""What the panes of the console show, as Rich texts: from a `Room` alone, so that each can be tested without a terminal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from rich.text import Text

from spacesctl.api.captions import SpokenWord
from spacesctl.api.suggestions import Suggestion
from spacesctl.api.wire import Time
from spacesctl.cli.seat.room import Kept, Room, Said
from spacesctl.cli.watchview import SILENCE, behind, countdown, level_bar
from spacesctl.client.room_view import Message, Person
from spacesctl.domain.clock import TICKS_PER_SECOND, shown
from spacesctl.support.text import one_line

SURE: Final = 0.8
"""How sure a recogniser is of a word that is shown plainly."""
UNSURE: Final = 0.5
"""Below it a word is shown as a guess."""
COLUMNS: Final = ("", "who", "role", "mic", "talk")
HIT: Final = "bold red"
"""How words are shown in which a rule found something."""
_MARKS: Final = (("mute", "muted on entry"), ("demote", "approval needed"), ("slow", "slow"), ("lock", "locked"))


def header(room: Room) -> Text:
    """The title, and what everybody has to know."""
    view = room.watched.view
    made = Text(no_wrap=True, overflow="ellipsis")
    if room.cut_off:
        made.append(" CUT OFF, coming back ", style="bold reverse red")
    if view.recording:
        made.append(" REC ", style="bold red")
    made.append(f" {one_line(view.title)} ", style="bold")
    made.append(f" {view.state} ", style="green" if view.state == "live" else "yellow")
    made.append(behind(view.delay), style="yellow" if view.delay is not None and view.delay.safe_in else "dim")
    made.append(" captions are behind " if view.captions_behind else "", style="bold yellow")
    made.append(countdown(view.host_away, Time.of(datetime.now(UTC))), style="bold yellow")
    if view.held_until is not None:
        made.append(" HOLD ", style="bold reverse yellow")
    for action, name in _MARKS:
        if action in view.measures:
            made.append(f" {name} ", style="bold yellow")
    return made


def numbers(room: Room, wanted: str = "") -> Text:
    """How many, how late; and whom the table shows, when those are not all (`wanted`)."""
    view = room.watched.view
    parts = [f"only “{one_line(wanted)}”, Escape: all"] if wanted else []
    parts += [f"{view.participant_count} here", f"{view.anonymous} without an account", f"{len(view.hands)} hands"]
    parts.append(f"{len(room.suggestions)} suggestions" if room.suggestions else "nothing suggested")
    parts.append(f"at {shown(view.tick)}")
    return Text("  ".join(parts), style="dim", no_wrap=True, overflow="ellipsis")


def person(room: Room, one: Person) -> tuple[Text, ...]:
    """A row of the people's table, as `COLUMNS` says."""
    place = room.position(one.id)
    name = Text(one_line(one.handle), style="bold" if one.active else "", no_wrap=True, overflow="ellipsis")
    if place is not None:
        name = Text(f"✋{place} ", style="yellow").append_text(name)
    share = room.share_of(one.id)
    level = level_bar(SILENCE if one.level is None else one.level, one.active)
    return (
        level[:5],
        name,
        Text(one.role, style="dim"),
        _microphone(one),
        Text(f"{share}%" if share else "", style="dim"),
    )


def _microphone(one: Person) -> Text:
    if one.muted:
        return Text("muted", style="red")
    if one.heard:
        return Text("open", style="green")
    return Text("closed" if one.lane is not None else "", style="dim")


def hand(room: Room, account_id: str) -> Text:
    """What somebody asks to speak about."""
    about = room.notes.get(account_id)
    words = " - ".join(one_line(part) for part in (about.topic, about.note) if part) if about is not None else ""
    return Text(words, style="yellow")


def caption(said: Said, room: Room | None = None) -> Text:
    """Who says what; the less sure a word is, the fainter, and red where a rule found something."""
    made = Text(f"{shown(said.tick)} ", style="dim").append(f"{one_line(said.speaker)} ", style="cyan")
    if said.typed:
        made.append("(typed) ", style="dim")
    if said.words and not said.typed:
        return made.append_text(Text(" ").join(_word(word, said, room) for word in said.words))
    is_hit = room is not None and room.is_hit(said.account_id, said.tick, said.end_tick)
    return made.append(one_line(said.text), style=HIT if is_hit else "")


def _word(word: SpokenWord, said: Said, room: Room | None) -> Text:
    first, last = int(word.start * TICKS_PER_SECOND), int(word.end * TICKS_PER_SECOND)
    if room is not None and room.is_hit(said.account_id, first, last):
        return Text(one_line(word.w), style=HIT)
    return Text(one_line(word.w), style="" if word.conf >= SURE else "dim" if word.conf >= UNSURE else "dim italic")


def message(one: Message) -> Text:
    """Who writes what in the chat."""
    made = Text(f"{one_line(one.speaker)} ", style="cyan").append(one_line(one.text), style="dim" if one.masked else "")
    return made.append(" (not shown to the audience)", style="dim") if one.masked else made


def redaction(one: Kept) -> Text:
    """What is kept from the audience, and by whom."""
    style = {"": "yellow", "withdrawn": "dim strike", "missed": "bold red"}[one.became]
    done = "too late" if one.became == "missed" else "cut" if one.cut else "redacted"
    made = Text(f"{shown(one.tick)} {done} {one.seconds:.1f} s of {one_line(one.whose)}", style=style)
    return made.append(f"  by {one_line(one.by)}", style="dim")


def suggestion(one: Suggestion, place: int) -> Text:
    """What a rule would do, and why."""
    target = one_line(one.target.handle) if one.target is not None else "the Space"
    why = {"suggested": "suggests", "held": "was held", "unanswered": "was not confirmed"}[one.why]
    made = Text(f"{place} ", style="bold").append(f"{one.action} {target}", style="bold magenta")
    made.append(f"  {one_line(one.rule_id)} {why}", style="magenta")
    return made.append(f": {one_line(one.text or one.found)}", style="") if one.text or one.found else made
