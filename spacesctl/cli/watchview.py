"""The drawing of `watch`: what is known of a Space as a Rich renderable."""

from __future__ import annotations

import textwrap
from datetime import UTC, datetime

from rich import box
from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from spacesctl.api.events import Delay
from spacesctl.api.spaces import HostAway
from spacesctl.api.wire import Time
from spacesctl.cli.columns import shortened
from spacesctl.cli.watched import Watched
from spacesctl.client.room_view import Person, RoomView
from spacesctl.domain.clock import shown
from spacesctl.support.text import one_line

BAR = 16
"""Characters of a level bar."""
QUIETEST, LOUDEST = -60, -12
"""dBov at the ends of a level bar."""
SILENCE = -127
BESIDE = 9
"""Columns before an event: its time, and gaps."""
FRAME = 8
"""Columns of the header's line that are no text of it."""
LEAST_TITLE = 8
AROUND = 6
"""Lines that are neither people, captions nor events: the frame, listeners, hands and two headings."""
LEAST_ROOM = 4
"""Lines for captions and events."""
Row = tuple[str, str, str, str]
"""A time, who speaks, a text and its style."""


def render(watched: Watched, height: int, width: int) -> RenderableType:
    """The whole view, at most `height` lines high. What happened is wrapped to `width`: the end of a reason tells what to do."""
    view = watched.view
    cut_off = watched.cut_off
    stage = [row for row in view.people.values() if row.role != "listener"]
    hands = [watched.names.get(one, "somebody") for one in view.hands]
    audience = [row.handle for row in view.people.values() if row.role == "listener" and row.connected]
    shown = min(len(stage), max(1, height - AROUND - LEAST_ROOM))
    left = height - AROUND - shown
    room = max(LEAST_ROOM, min(6, left), left - 2)
    told = [_wrapped((at, "", what, ""), width - BESIDE) for at, what in watched.happened]
    happened = max(min(max(2, room // 3), 8), min(len(told[-1]) if told else 0, room - 1))
    return Group(
        Panel(
            _stage(stage, shown),
            title=_header(view, width, cut_off=cut_off),
            title_align="left",
            box=box.ROUNDED,
            border_style="dim",
        ),
        Text(
            f"listeners  {one_line(', '.join(audience)) or '-'}  and {view.anonymous} anonymous",
            style="dim",
            no_wrap=True,
        ),
        Text(f"hands      {one_line(', '.join(hands)) or '-'}", style="yellow" if hands else "dim", no_wrap=True),
        Text("captions", style="bold dim"),
        _lines(_captions(watched, width), room - happened, width),
        Text("events", style="bold dim"),
        _lines([row for rows in told for row in rows], happened, width),
    )


def _header(view: RoomView, width: int, *, cut_off: bool = False) -> Text:
    """The title, shortened so that what stands behind it is whole: the id is copied."""
    after = Text()
    if cut_off:
        after.append("CUT OFF, coming back ", style="bold reverse red")
    if view.recording:
        after.append("REC ", style="bold red")
    after.append(f"{view.state}  {view.id} ", style="dim")
    after.append(behind(view.delay), style="bold yellow" if view.delay is not None and view.delay.safe_in else "dim")
    after.append(" captions are behind " if view.captions_behind else "", style="bold yellow")
    after.append(countdown(view.host_away, Time.of(datetime.now(UTC))), style="bold yellow")
    after.append(" locked " if "lock" in view.measures else "", style="bold yellow")
    room = max(LEAST_TITLE, width - FRAME - after.cell_len)
    return Text(f" {shortened(one_line(view.title), room)} ", style="bold").append_text(after)


def behind(delay: Delay | None) -> str:
    """How far behind the stage the audience hears; empty when it hears what is said now."""
    if delay is None:
        return ""
    if delay.now == delay.target:
        return f" {delay.now:g} s behind "
    soon = f", safe in {delay.safe_in:.0f} s" if delay.safe_in else ""
    return f" {delay.now:.1f} of {delay.target:g} s behind{soon} "


def countdown(away: HostAway | None, now: Time) -> str:
    """What happens when the host stays away, and in how many seconds; empty while a host is there, and for the audience."""
    if away is None:
        return ""
    what, at = ("it ends", away.ends_at) if away.ends_at else ("a co-host takes over", away.until)
    return f" no host: {what} in {max(0, round((at - now).total_seconds()))} s "


def level_bar(level: int, active: bool) -> Text:
    """A level in dBov as a bar of `BAR` characters, coloured when active."""
    full = round(BAR * min(1.0, max(0.0, (level - QUIETEST) / (LOUDEST - QUIETEST))))
    return Text("━" * full, style="green" if active else "dim").append("╌" * (BAR - full), style="dim")


def _stage(stage: list[Person], most: int) -> Table:
    """The people on the stage; where there is no room for all, those who speak now come first, and the last line says how many are left
    out."""
    table = Table.grid(padding=(0, 2))
    if len(stage) > most:
        stage = sorted(stage, key=lambda row: not row.active)
    rows = stage if len(stage) <= most else stage[: most - 1]
    for row in rows:
        level = row.level if row.level is not None else SILENCE
        condition = (
            Text("muted", style="red") if row.muted else Text("" if row.heard else "microphone closed", style="dim")
        )
        name = Text(one_line(row.handle), style="bold" if row.active else "")
        table.add_row(level_bar(level, row.active), name, Text(row.role, style="dim"), condition)
    if len(rows) < len(stage):
        table.add_row(Text(f"and {len(stage) - len(rows)} more", style="dim"))
    return table


def _wrapped(row: Row, width: int) -> list[Row]:
    """A row as lines, of which the first has its time and its speaker. Wide letters take two columns each."""
    at, who, what, style = row
    size = max(1, width * len(what) // max(1, cell_len(what)))
    first, *more = textwrap.wrap(what, size) or [""]
    return [(at, who, first, style), *(("", "", line, style) for line in more)]


def _captions(watched: Watched, width: int) -> list[Row]:
    rows = [
        (shown(one.start_tick), one_line(one.speaker), f"{'(typed) ' if one.typed else ''}{one_line(one.text)}", "")
        for one in watched.view.lines
    ]
    rows += [("", one_line(one.speaker), one_line(one.text), "dim italic") for one in watched.view.partial.values()]
    room = width - BESIDE - _widest(rows, width)
    return [line for row in rows for line in _wrapped(row, room)]


def _widest(rows: list[Row], width: int) -> int:
    """Columns for who speaks: no more than a third of the line."""
    return min(max((cell_len(who) for _, who, _, _ in rows), default=0), width // 3)


def _lines(rows: list[Row], height: int, width: int) -> Table:
    """The last lines. When the first of them continues a row, it has the time and the speaker of that row."""
    names = _widest(rows, width)
    table = Table.grid(padding=(0, 1))
    table.add_column(width=6, style="dim")
    table.add_column(width=names, no_wrap=True, overflow="ellipsis", style="cyan")
    table.add_column(max_width=max(1, width - BESIDE - names), no_wrap=True, overflow="ellipsis")
    begun = ("", "")
    for number, (at, who, text, style) in enumerate(rows):
        begun = (at, who) if at or who else begun
        if (left := len(rows) - number) <= height:
            table.add_row(*(begun if left == height else (at, who)), Text(text, style=style))
    for _ in range(height - len(rows)):
        table.add_row("", "", "")
    return table
