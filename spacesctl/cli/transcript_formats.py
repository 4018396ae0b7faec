"""What was said in a Space, as text, Markdown, or subtitles (SubRip, WebVTT)."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from spacesctl.domain.clock import TICK_SECONDS
from spacesctl.support.text import clean

_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]<>#|~])")
_UNMARKED: Final = str.maketrans("<>{}", "‹›()")
"""SubRip has marks, `<font>` and `{\\an8}`, and no way to write those characters as they are."""
LEAST: Final = timedelta(seconds=1)
"""How long a subtitle is shown at least."""
WRITTEN_BY: Final = "Written by speech recognition (AI): it mishears."


@dataclass(frozen=True)
class Line:
    """One utterance, in ticks of the Space clock. `speaker` is the name and the handle, or the handle alone."""

    speaker: str
    text: str
    start_tick: int
    end_tick: int


@dataclass(frozen=True)
class Transcript:
    """What was said in a Space that began at `started_at`, the first first."""

    title: str
    host: str
    started_at: datetime
    lines: Sequence[Line]

    def at(self, line: Line) -> datetime:
        """When a line began, on this machine's clock."""
        return (self.started_at + timedelta(seconds=line.start_tick * TICK_SECONDS)).astimezone()


def _one_line(said: str) -> str:
    return " ".join(clean(said).split())


def text(whole: Transcript) -> Iterator[str]:
    """Lines of `18:03:12  Ann (@ann): text`, below the title."""
    yield _one_line(whole.title)
    yield f"{whole.host}, {whole.started_at.astimezone():%Y-%m-%d %H:%M %Z}"
    yield ""
    for line in whole.lines:
        yield f"{whole.at(line):%H:%M:%S}  {_one_line(f'{line.speaker}: {line.text}')}"


def markdown(whole: Transcript) -> Iterator[str]:
    """Paragraphs with who spoke when; nothing that was said is taken as Markdown."""
    yield f"# {_plain(whole.title)}"
    yield ""
    yield f"{_plain(whole.host)}, {whole.started_at.astimezone():%Y-%m-%d %H:%M %Z}"
    yield ""
    yield f"_{WRITTEN_BY}_"
    for line in whole.lines:
        yield ""
        yield f"**{_plain(line.speaker)}** ({whole.at(line):%H:%M:%S}): {_plain(line.text)}"


def _plain(said: str) -> str:
    return _MARKDOWN.sub(r"\\\1", _one_line(said))


def subrip(whole: Transcript) -> Iterator[str]:
    """SubRip: numbered subtitles, timed from the start of the Space, which is where a recording of all of it begins."""
    for number, line in enumerate(whole.lines, 1):
        begin, end = _times(line, ",")
        yield str(number)
        yield f"{begin} --> {end}"
        yield _one_line(f"{line.speaker}: {line.text}").translate(_UNMARKED)
        yield ""


def webvtt(whole: Transcript) -> Iterator[str]:
    """WebVTT, with each speaker as a voice (W3C WebVTT, 4.2.2)."""
    yield "WEBVTT"
    yield ""
    yield f"NOTE {_one_line(whole.title).replace('-->', '→')}"
    yield ""
    yield f"NOTE {WRITTEN_BY}"
    for line in whole.lines:
        begin, end = _times(line, ".")
        voice = html.escape(_one_line(line.speaker), quote=False)
        yield ""
        yield f"{begin} --> {end}"
        yield f"<v {voice}>{html.escape(_one_line(line.text), quote=False)}"


def _times(line: Line, point: str) -> tuple[str, str]:
    begin = timedelta(seconds=max(0, line.start_tick) * TICK_SECONDS)
    end = max(timedelta(seconds=line.end_tick * TICK_SECONDS), begin + LEAST)
    return _time(begin, point), _time(end, point)


def _time(span: timedelta, point: str) -> str:
    whole = round(span.total_seconds() * 1000)
    seconds, milliseconds = divmod(whole, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{point}{milliseconds:03d}"


FORMATS: Final[dict[str, Callable[[Transcript], Iterator[str]]]] = {
    "txt": text,
    "md": markdown,
    "srt": subrip,
    "vtt": webvtt,
}
"""By the name that `--format` has for it; `json` is made from the answer of the server."""
