"""The state and the drawing of `watch`. It does no I/O: events and lists in, a Rich renderable out."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from spacesctl.cli.output import clean
from spacesctl.domain.clock import parse_rfc3339

BAR = 16
"""Characters of a level bar."""
QUIETEST, LOUDEST = -60, -12
"""dBov at the ends of a level bar."""
KEPT = 200
"""Captions and events that are kept."""
_TOLD = {
    "person.muted": "{who} is muted",
    "person.unmuted": "{who} may open the microphone again",
    "person.removed": "{who} was removed",
    "hand.raised": "{who} asks to speak",
    "invite.answered": "{who} {state} the invitation",
    "act.taken": "rule {rule_id}: {action} ({mode}) {who}",
    "report.filed": "{who} was reported: {category}",
    "host.changed": "{who} is now the host",
    "host.away": "the host {who} left",
    "host.back": "the host {who} is back",
    "host.left": "nobody hosts: the microphones are closed",
    "recording.started": "recording started",
    "recording.stopped": "recording stopped",
    "space.ended": "the Space has ended",
}


@dataclass
class Watched:
    """What is known of a Space. `people` by account id, as the API lists them; `levels` by account id: (dBov, whether active)."""

    space: dict[str, Any]
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    anonymous: int = 0
    levels: dict[str, tuple[int, bool]] = field(default_factory=dict)
    captions: deque[tuple[str, str, str]] = field(default_factory=lambda: deque(maxlen=KEPT))
    happened: deque[tuple[str, str]] = field(default_factory=lambda: deque(maxlen=KEPT))
    partial: dict[int, tuple[str, str]] = field(default_factory=dict)

    def set_people(self, listed: dict[str, Any]) -> None:
        """Take the API's list of people."""
        self.people = {row["id"]: row for row in listed["data"]}
        self.names |= {row["id"]: row["handle"] for row in listed["data"]}
        self.anonymous = listed["anonymous"]

    def knows(self, event: dict[str, Any]) -> bool:
        """Whether the handle of the account that an event is about is known."""
        account_id = event["data"].get("account_id")
        return account_id is None or account_id in self.names

    def take(self, event: dict[str, Any]) -> bool:
        """Update the state with an event; whether the lists must be read again."""
        kind, data = event["type"], event["data"]
        match kind:
            case "levels":
                self.levels = {one["account_id"]: (one["db"], one["active"]) for one in data["levels"]}
            case "caption":
                self.partial.pop(data["lane"], None)
                self.captions.append((clock(data["start_tick"]), data["speaker"], clean(data["text"])))
            case "caption.partial":
                self.partial[data["lane"]] = (data["speaker"], clean(data["text"]))
            case "reactions":
                counts = "  ".join(f"{name} {count}" for name, count in data["counts"].items())
                self.happened.append((clock(data["tick"]), counts))
            case "pin.added":
                self.happened.append((clock(event.get("tick", 0)), self._shared(data["pin"])))
            case "hello" | "captions.status" | "reset":
                pass
            case _:
                if kind in _TOLD:
                    self.happened.append((clock(event.get("tick", 0)), self._sentence(kind, data)))
                return True
        return False

    def _shared(self, pin: dict[str, Any]) -> str:
        what = f"{pin['title']} {pin['ref']}" if pin["kind"] == "link" else "a post"
        return clean(f"{self.names.get(pin['by'], 'somebody')} shares {what}")

    def _sentence(self, kind: str, data: dict[str, Any]) -> str:
        account_id = data.get("account_id")
        who = self.names.get(account_id, "somebody") if account_id else "the Space"
        return clean(_TOLD[kind].format_map({**data, "who": who}))


def clock(tick: int) -> str:
    """`MM:SS` of the Space clock."""
    return f"{tick // 3000:02d}:{tick // 50 % 60:02d}"


def render(watched: Watched, height: int) -> RenderableType:
    """The whole view, at most `height` lines high."""
    stage = [row for row in watched.people.values() if row["role"] != "listener"]
    hands = [row["handle"] for row in watched.people.values() if row["hand_raised"]]
    audience = [row["handle"] for row in watched.people.values() if row["role"] == "listener" and row["connected"]]
    room = max(6, height - len(stage) - 8)
    happened = min(max(2, room // 3), 8)
    title = Text(f" {clean(watched.space['title'])} ", style="bold")
    if watched.space.get("recording"):
        title.append("REC ", style="bold red")
    title.append(f"{watched.space['state']}  {watched.space['id']} ", style="dim")
    title.append(countdown(watched.space, datetime.now(UTC)), style="bold yellow")
    return Group(
        Panel(_stage(stage, watched.levels), title=title, title_align="left", box=box.ROUNDED, border_style="dim"),
        Text(f"listeners  {', '.join(audience) or '-'}  and {watched.anonymous} anonymous", style="dim", no_wrap=True),
        Text(f"hands      {', '.join(hands) or '-'}", style="yellow" if hands else "dim", no_wrap=True),
        Text("captions", style="bold dim"),
        _lines(_captions(watched), room - happened),
        Text("events", style="bold dim"),
        _lines([(at, "", what, "") for at, what in watched.happened], happened),
    )


def countdown(space: dict[str, Any], now: datetime) -> str:
    """What happens when the host stays away, and in how many seconds; empty while a host is there, and for the audience."""
    away = space.get("host_away")
    if not away:
        return ""
    what, at = ("it ends", away["ends_at"]) if away["ends_at"] else ("a co-host takes over", away["until"])
    seconds = max(0, round((parse_rfc3339(at) - now).total_seconds()))
    return f" no host: {what} in {seconds} s "


def level_bar(level: int, active: bool) -> Text:
    """A level in dBov as a bar of `BAR` characters, coloured when active."""
    full = round(BAR * min(1.0, max(0.0, (level - QUIETEST) / (LOUDEST - QUIETEST))))
    return Text("━" * full, style="green" if active else "dim").append("╌" * (BAR - full), style="dim")


def _stage(stage: list[dict[str, Any]], levels: dict[str, tuple[int, bool]]) -> Table:
    table = Table.grid(padding=(0, 2))
    for row in stage:
        level, active = levels.get(row["id"], (-127, False))
        condition = (
            Text("muted", style="red")
            if row["muted"]
            else Text("" if row["heard"] else "microphone closed", style="dim")
        )
        name = Text(row["handle"], style="bold" if active else "")
        table.add_row(level_bar(level, active), name, Text(row["role"], style="dim"), condition)
    return table


def _captions(watched: Watched) -> list[tuple[str, str, str, str]]:
    final = [(at, who, text, "") for at, who, text in watched.captions]
    return final + [("", who, text, "dim italic") for who, text in watched.partial.values()]


def _lines(rows: list[tuple[str, str, str, str]], height: int) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(width=6, style="dim")
    table.add_column(no_wrap=True, style="cyan")
    table.add_column(no_wrap=True, overflow="ellipsis")
    for at, who, text, style in rows[-height:]:
        table.add_row(at, who, Text(text, style=style))
    for _ in range(height - len(rows)):
        table.add_row("", "", "")
    return table
