"""`transcript`: what was said, as text, Markdown, subtitles and JSON; FFmpeg reads the subtitles back."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacesctl.cli.transcript_formats import FORMATS, Line, Transcript
from tests.cli.inside import Person
from tests.cli.test_captions import caption, publish, spoken

SAID = Transcript(
    "Office *hours*",
    "@host",
    datetime(2026, 11, 29, 17, 0, tzinfo=UTC),
    [
        Line("Ann (@ann)", "hello <b>there</b> & welcome", 50, 175),
        Line("@ben", "# not a heading --> at all", 180_000, 180_010),
        Line("שלום (@dan)", "שָׁלוֹם 你好 👩‍👩‍👧", 180_050, 180_150),
    ],
)


@pytest.fixture
def in_rome(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Rome")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("in_rome")
def test_text_has_names_and_the_time_on_the_clock() -> None:
    assert list(FORMATS["txt"](SAID)) == [
        "Office *hours*",
        "@host, 2026-11-29 18:00 CET",
        "",
        "18:00:01  Ann (@ann): hello <b>there</b> & welcome",
        "19:00:00  @ben: # not a heading --> at all",
        "19:00:01  שלום (@dan): שָׁלוֹם 你好 👩‍👩‍👧",
    ]


@pytest.mark.usefixtures("in_rome")
def test_nothing_that_was_said_is_markdown() -> None:
    made = "\n".join(FORMATS["md"](SAID))
    assert made.startswith(
        "# Office \\*hours\\*\n\n@host, 2026-11-29 18:00 CET\n\n_Written by speech recognition (AI): it mishears._\n\n"
        "**Ann (@ann)** (18:00:01): hello \\<b\\>"
    )
    assert "(19:00:00): \\# not a heading --\\> at all" in made


def test_subtitles_are_timed_from_the_start() -> None:
    assert list(FORMATS["srt"](SAID))[:6] == [
        "1", "00:00:01,000 --> 00:00:03,500", "Ann (@ann): hello ‹b›there‹/b› & welcome", "",
        "2", "01:00:00,000 --> 01:00:01,000",
    ]  # fmt: skip
    assert list(FORMATS["vtt"](SAID))[:8] == [
        "WEBVTT", "", "NOTE Office *hours*", "", "NOTE Written by speech recognition (AI): it mishears.", "",
        "00:00:01.000 --> 00:00:03.500", "<v Ann (@ann)>hello &lt;b&gt;there&lt;/b&gt; &amp; welcome",
    ]  # fmt: skip


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
@pytest.mark.parametrize("form", ["srt", "vtt"])
def test_ffmpeg_reads_the_subtitles(form: str, tmp_path: Path) -> None:
    path = tmp_path / f"said.{form}"
    path.write_text("".join(f"{line}\n" for line in FORMATS[form](SAID)), "utf-8")
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-f", "srt", "-"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=15)
    assert done.stderr == ""
    assert re.findall(r"^[\d:,]+ --> [\d:,]+$", done.stdout, re.MULTILINE) == [
        "00:00:01,000 --> 00:00:03,500", "01:00:00,000 --> 01:00:01,000", "01:00:01,000 --> 01:00:03,000",
    ]  # fmt: skip
    assert "welcome" in done.stdout
    assert "שָׁלוֹם 你好" in done.stdout


@given(st.text(max_size=60), st.text(max_size=60), st.sampled_from(sorted(FORMATS)))
def test_whatever_was_said_stays_in_its_place(name: str, said: str, form: str) -> None:
    plain = list(FORMATS[form](Transcript("T", "@host", SAID.started_at, [Line("@a", "b", 0, 50)])))
    made = list(FORMATS[form](Transcript(name, "@host", SAID.started_at, [Line(name, said, 0, 50)])))
    assert len(made) == len(plain)
    assert not any(set(line) & {"\n", "\r", "\x1b", "\u2028"} for line in made)


def test_a_whole_space_is_printed_with_names_and_as_json(bot: str, host: Person, tmp_path: Path) -> None:
    host.says("profile", "edit", "--name", "Hal H.")
    space = host.json("create", "Hours", "--start")["id"]
    assert "nothing was said" in host.run("transcript", space).stderr
    lane = spoken(host, space)
    many = [caption(lane, number, f"line {number}") for number in range(700)]  # more than one answer has
    for at in range(0, len(many), 100):
        publish(host.server, bot, space, *many[at : at + 100])
    shown = host.says("transcript", space).splitlines()
    assert len(shown) == 3 + 700
    assert shown[-1].endswith(f"Hal H. ({host.handle}): line 699")
    whole = host.json("transcript", space)
    assert [line["text"] for line in whole["lines"]] == [f"line {number}" for number in range(700)]
    assert {(line["speaker"], line["name"]) for line in whole["lines"]} == {(host.handle, "Hal H.")}
    path = tmp_path / "hours.json"
    host.says("transcript", space, "--format", "json", "--output", str(path))
    assert json.loads(path.read_text()) == whole
    host.says("transcript", space, "--format", "vtt", "-o", str(tmp_path / "hours.vtt"))
    assert (tmp_path / "hours.vtt").read_text().count(" --> ") == 700
    assert host.run("transcript", space, "--format", "pdf").returncode == 2
