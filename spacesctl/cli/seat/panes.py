"""What the panes of the console show, as Rich texts: from a `Room` alone, so that each can be tested without a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from rich.text import Text

from spacesctl.api.captions import SpokenWord
from spacesctl.api.suggestions import Suggestion
from spacesctl.api.wire import Time
from spacesctl.cli.seat.room import Room, Said
from spacesctl.cli.watchview import SILENCE, behind, countdown, level_bar
from spacesctl.client.room_view import Person
from spacesctl.domain.clock import shown
from spacesctl.support.text import one_line

SURE: Final = 0.8
"""How sure a recogniser is of a word that is shown plainly."""
UNSURE: Final = 0.5
"""Below it a word is shown as a guess."""
COLUMNS: Final = ("", "who", "role", "mic", "talk")
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


def numbers(room: Room) -> Text:
    """How many, how late."""
    view = room.watched.view
    parts = [f"{view.participant_count} here", f"{view.anonymous} without an account", f"{len(view.hands)} hands"]
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


def caption(said: Said) -> Text:
    """Who says what; the less sure a word is, the fainter."""
    made = Text(f"{shown(said.tick)} ", style="dim").append(f"{one_line(said.speaker)} ", style="cyan")
    return made.append_text(_words(said.words) if said.words else Text(one_line(said.text)))


def _words(words: Iterable[SpokenWord]) -> Text:
    shades = (
        Text(one_line(word.w), style="" if word.conf >= SURE else "dim" if word.conf >= UNSURE else "dim italic")
        for word in words
    )
    return Text(" ").join(shades)


def suggestion(one: Suggestion, place: int) -> Text:
    """What a rule would do, and why."""
    target = one_line(one.target.handle) if one.target is not None else "the Space"
    why = {"suggested": "suggests", "held": "was held", "unanswered": "was not confirmed"}[one.why]
    made = Text(f"{place} ", style="bold").append(f"{one.action} {target}", style="bold magenta")
    made.append(f"  {one_line(one.rule_id)} {why}", style="magenta")
    return made.append(f": {one_line(one.text or one.found)}", style="") if one.text or one.found else made
