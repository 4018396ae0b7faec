"""What every command prints on a terminal of 80 and of 120 columns, with titles that are long, wide, from right to left and joined.

The answers come from a server that fills each field by its type. After a change: read the difference, then
`pytest tests/cli/test_snapshots.py --renew-messages`. What each help says is in docs/cli.md, which another test holds to the code.
"""

from __future__ import annotations

import difflib
import functools
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.cells import cell_len

from spacesctl.cli import moments, output
from spacesctl.support.consoles import SafeConsole
from tests.cli.hostile_server import hostile_server
from tests.cli.inside import run
from tests.cli.test_printing import COMMANDS

FOLDER = Path(__file__).parent / "snapshots"
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
TITLES = {
    "long": "A title that goes on for as long as one may, which is seventy letters",
    "wide": "短い題名 여보세요 שלום לכולם مرحبا 👩‍👩‍👧 🏳️‍🌈 naïve",
}
ID, NUMBER = "AbCdEfGh12345", "2127188747948592452"
NAMED = {
    "id": ID, "space_id": ID, "series_id": ID, "next_space_id": ID, "account_id": NUMBER, "by_id": NUMBER, "handle": "@ann_the_host",
    "speaker": "@ann_the_host", "link": f"http://127.0.0.1:1/s/{ID}", "url": "https://example.org/a", "token": "spx_token",
    "hash": "0" * 64,
    "rules": "0" * 64, "rules_hash": "0" * 64, "tz": "Europe/Rome", "cron": "0 9 * * 1-5", "lang": "en", "clip": NUMBER,
    "sha256": "0" * 64,
    "secret": "whsec_secret", "recording_id": ID, "rule_id": "insults", "address": "tgram", "token_id": "5029afc7cd496a4e", "emoji": "👏",
    "topic_ids": "care", "scopes": "use", "events": "spaces.create", "host_ids": NUMBER, "blocked_speaking": "@ben", "key": "act-1",
}  # fmt: skip
"""What fields hold that are no titles; the others have the title itself."""
pytestmark = [pytest.mark.slow, pytest.mark.timeout(90)]


@pytest.fixture(autouse=True)
def somewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A moment and a place that stay."""
    monkeypatch.setenv("TZ", "Europe/Rome")
    time.tzset()
    real, clock = moments.moment, moments.on_the_clock
    monkeypatch.setattr(moments, "moment", lambda at, _now: real(at, NOW))
    monkeypatch.setattr(moments, "on_the_clock", lambda at, _now: clock(at, NOW))
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("width", [80, 120])
def test_every_command_prints_what_it_printed_before(
    width: int, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    on_terminal = functools.partial(SafeConsole, force_terminal=True, width=width, no_color=True, color_system=None)
    monkeypatch.setattr(output, "console", lambda *, err=False: on_terminal(stderr=err))
    parts = list[str]()
    for name, title in TITLES.items():
        with hostile_server(title, named=NAMED) as url:
            for words in (one for one in COMMANDS if one[0] != "watch"):  # it draws again and again
                done = run(url, "spx_x", *words)
                said = (done.stdout + done.stderr).replace(url, "http://127.0.0.1:1")
                parts.append(f"$ spacesctl {' '.join(words)}   # {name}\n{said}")
    path, made = FOLDER / f"{width}.txt", "\n".join(parts)
    if request.config.getoption("--renew-messages"):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(made.encode())
    before = path.read_bytes().decode()
    if before != made:
        changes = difflib.unified_diff(before.splitlines(), made.splitlines(), "before", "now", n=1, lineterm="")
        pytest.fail("what is printed changed; read it, then renew it:\n" + "\n".join(changes), pytrace=False)


@pytest.mark.parametrize("width", [80, 120])
def test_no_table_is_wider_than_its_terminal_and_every_id_is_whole(width: int) -> None:
    tables = 0
    for part in (FOLDER / f"{width}.txt").read_text("utf-8").split("\n$ "):
        lines = part.splitlines()[1:]
        if lines and lines[0].startswith("ID ") and lines[0].isupper():
            tables += 1
            assert all(cell_len(line) <= width for line in lines[:2]), part
    assert tables > 3
