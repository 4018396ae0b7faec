"""The demo's view in a terminal: speakers, captions and moderation, and the summary at the end."""

from __future__ import annotations

from itertools import islice

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from spacesctl.demo.kept import DemoKept
from spacesctl.demo.report import DemoAct, DemoHeadline, DemoReport
from spacesctl.demo.state import SILENCE, Line, Seat, State

FRAMES_A_SECOND = 8
BAR = 20
"""Characters of a level bar."""
QUIETEST = -60
"""dBov at the left end of a bar."""
LOUDEST = -12
"""dBov at its right end; speech is hardly ever louder."""
COLOURS = ("cyan", "green", "yellow", "magenta", "blue", "white")
_FIXED_LINES = 12
"""Lines other than captions and moderation: four speakers in a frame, two headings, listeners, footer, the cursor's line."""


def render(state: State, height: int) -> RenderableType:
    """The whole view, at most `height` lines high."""
    colours = {seat.handle: COLOURS[at % len(COLOURS)] for at, seat in enumerate(state.seats.values())}
    left = max(4, height - _FIXED_LINES)
    acts = min(max(2, left // 3), 6)
    return Group(
        Panel(
            _seats(state, colours),
            title=_title(state),
            title_align="left",
            subtitle=Text(f" {_clock(state)} ", style="bold"),
            subtitle_align="right",
            box=box.ROUNDED,
            border_style="dim",
        ),
        _section("captions, as the host reads them", _captions(state, colours, left - acts)),
        _section("moderation", _acts(state, acts)),
        _audience(state),
        _foot(state),
    )


def bar(level: int, active: bool, cells: int = BAR) -> Text:
    """A level in dBov as a bar of `cells` characters, coloured when active."""
    share = (level - QUIETEST) / (LOUDEST - QUIETEST) if level > SILENCE else 0.0
    full = round(cells * min(1.0, max(0.0, share)))
    return Text("━" * full, style="green" if active else "dim").append("╌" * (cells - full), style="dim")


def summary(result: DemoReport) -> RenderableType:
    """The main numbers of a report, as text for people."""
    speakers = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("SPEAKER", "WAY", "HEARD", "WORDS", "WORD ERRORS", "LIKENESS AT LISTENERS"):
        speakers.add_column(heading)
    for one in result.speakers:
        alike = ", ".join(_share(row.likeness.get(one.handle)) for row in result.listeners)
        rate = one.word_error_rate
        speakers.add_row(
            one.handle, one.way, f"{one.heard_seconds:.1f} s", str(one.reference_words),
            "-" if rate is None else f"{rate:.1%}", alike,
        )  # fmt: skip
    lines = [Text(_act_line(one)) for one in result.acts]
    lines += [Text(_kept_line(one, result.delay), style="bold") for one in result.kept]
    if (muted := result.muted) is not None and muted.heard_after_mute_db is not None:
        lines.append(
            Text(
                f"{muted.handle} went on speaking for {muted.seconds_sent_after:.1f} s after the mute and was heard at most at"
                f" {muted.heard_after_mute_db:.0f} dB of the level before"
            )
        )
    if (kicked := result.kicked) is not None:
        lines.append(Text(f"{kicked.by} removed {kicked.handle}, who tried to come back: {kicked.tried_to_come_back}"))
    if result.kept:
        lines.append(Text("0 dB is as loud as the speaker's other words", style="dim"))
    tail = (
        f"loss {result.loss}, worst tick lateness {result.worst_tick_lateness_ms} ms; likeness 1 is the unchanged voice"
    )
    return Group(speakers, Text(""), *lines, Text(_headline(result.headline), style="bold"), Text(tail, style="dim"))


def _headline(found: DemoHeadline) -> str:
    act = "no act" if found.word_to_act_ms is None else f"{found.word_to_act_ms / 1000:.1f} s"
    aired = f"{found.words_never_aired} of {found.words_found} words that rules found were never aired"
    return f"from the end of a word to its act: {act}; {aired}"


def _share(likeness: float | None) -> str:
    return "-" if likeness is None else f"{likeness:.2f}"


def _act_line(act: DemoAct) -> str:
    delay = f", {act.delay_to_act_ms} ms after the end of “{act.phrase}”" if act.phrase else ""
    return f"rule {act.rule}: {act.action} ({act.mode}) {act.handle}{delay}"


def _kept_line(one: DemoKept, delay: float) -> str:
    what = "a number" if one.number else f"“{one.phrase}”"
    tone = f", with a tone of {one.tone_db:.0f} dBFS in its place" if one.tone_db is not None else ""
    return (
        f"{one.handle} said {what}: {_level(one.on_stage_db)} on the stage, at most {_level(one.in_audience_db)} at those who listen, "
        f"{delay:g} s later{tone}"
    )


def _level(db: float | None) -> str:
    return "not measured" if db is None else f"{db + 0.0:.0f} dB"


def _title(state: State) -> Text:
    return Text(f" {state.room.title} ", style="bold").append(f"hosted by @{state.host} ", style="not bold dim")


def _clock(state: State) -> str:
    now = f"{int(state.elapsed) // 60:02d}:{int(state.elapsed) % 60:02d}"
    return f"{now} of {state.seconds:.0f} s" if state.seconds is not None else now


def _seats(state: State, colours: dict[str, str]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(width=BAR)
    table.add_column(width=16, no_wrap=True)
    table.add_column(width=8, no_wrap=True)
    table.add_column(width=7, no_wrap=True)
    table.add_column(no_wrap=True)
    for seat in state.seats.values():
        colour = colours[seat.handle]
        table.add_row(
            bar(seat.level, seat.person.active),
            Text(seat.handle, style=f"bold {colour}" if seat.person.active else colour),
            Text(seat.role, style="dim"),
            Text(seat.way, style="dim"),
            _condition(seat),
        )
    return table


def _condition(seat: Seat) -> Text:
    if seat.removed:
        return Text("removed", style="bold red")
    if seat.person.muted:
        return Text("muted, not heard", style="red")
    if seat.person.lane is None:
        return Text("microphone closed", style="dim")
    return Text("speaking", style="green") if seat.person.active else Text("")


def _section(name: str, body: RenderableType) -> RenderableType:
    return Group(Text(name, style="bold dim"), body)


def _captions(state: State, colours: dict[str, str], lines: int) -> RenderableType:
    """Final captions, then partial ones in dim italics; the newest last."""
    open_lanes = {seat.person.lane for seat in state.seats.values()}
    partial = [(line, "dim italic") for (lane, _), line in state.partials.items() if lane in open_lanes]
    recent = [(line, "") for line in islice(reversed(state.captions), lines)][::-1]
    rows = (recent + partial)[-lines:]
    return _lines([(line, colours.get(line.handle, "white"), style) for line, style in rows], lines)


def _lines(rows: list[tuple[Line, str, str]], height: int) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    table.add_column(width=6, style="dim")
    table.add_column(width=10, no_wrap=True)
    table.add_column(no_wrap=True, overflow="ellipsis")
    for line, colour, style in rows:
        table.add_row(line.time, Text(line.handle, style=colour), Text(line.text, style=style))
    for _ in range(height - len(rows)):
        table.add_row("", "", "")
    return table


def _acts(state: State, lines: int) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    table.add_column(width=6, style="dim")
    table.add_column(no_wrap=True, overflow="ellipsis")
    recent = list(islice(reversed(state.acts), lines))[::-1]
    for line in recent:
        table.add_row(line.time, Text(line.text, style="red"))
    for _ in range(lines - len(recent)):
        table.add_row("", "")
    return table


def _audience(state: State) -> Text:
    parts = [
        f"{listener.account or 'anonymous'} ({listener.kind}) {listener.seconds:.0f} s, {listener.lost} lost"
        for listener in state.listeners
    ]
    return Text("listeners  " + "   ".join(parts), style="dim", no_wrap=True, overflow="ellipsis")


def _foot(state: State) -> Group:
    end = "" if state.seconds is not None else "   (Ctrl-C ends it)"
    return Group(
        Text("listen     ", style="dim").append(state.link, style="bold underline").append(end, style="dim"),
        Text(state.notice, style="dim italic", no_wrap=True, overflow="ellipsis"),
    )
