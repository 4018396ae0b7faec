"""`suggestions confirm dismiss`: what rules leave to people; and how what rules did is told in the log and in messages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from spacesctl.cli.columns import fitting
from tests.cli.inside import Person, refused

RULES = """schema = 1
[[rule]]
id = "pitch"
mode = "suggest"
when.any = [ { words = ["crypto giveaway"] } ]
actions = ["warn", "mute", "lock", "slow"]
"""


@pytest.fixture
def space(host: Person, ann: Person, tmp_path: Path) -> str:
    """A live Space of the host with rules, in which `ann` speaks."""
    file = tmp_path / "rules.toml"
    file.write_text(RULES)
    made = host.live("--speakers", "everyone")
    ann.run("raise", made)
    host.says("rules", "push", made, str(file))
    return made


def act(bot: str, space: str, who: Person | None, action: str, tick: int = 3250, **changes: Any) -> None:
    """A rule decides, as the bot tells it."""
    assert who is None or isinstance(who, Person)
    server = changes.pop("server") if who is None else who.server
    account = who.json("account", "show")["id"] if who is not None else ""
    said = [{"w": word, "start": tick / 50, "end": tick / 50, "conf": 0.9} for word in ("crypto", "giveaway")]
    body = {
        "key": f"{action}:{tick}:{account}", "rule_id": "pitch", "rule_hash": "h", "mode": "suggest", "action": action,
        "account_id": account, "lane": 1, "start_tick": tick, "end_tick": tick + 50, "words": said, "confidence": 0.9,
        "engine": "e", "model": "m", **changes,
    }  # fmt: skip
    with server.client(bot) as spaces:
        spaces.post(f"/v1/spaces/{space}/acts", body)


def test_what_is_listed_is_confirmed_with_one_word_and_undone_with_another(
    host: Person, ann: Person, bot: str, space: str
) -> None:
    assert host.run("suggestions", space).stderr == "no suggestions\n"
    act(bot, space, ann, "mute")
    act(bot, space, ann, "warn")
    shown = host.says("suggestions", space)
    for words in (f"{space}-s1", "mute", ann.handle, "pitch", "crypto giveaway", "the rule suggests"):
        assert words in shown
    refused(ann.run("suggestions", space), 5, "may do this here")
    refused(ann.run("confirm", f"{space}-s1"), 5, "may do this here")
    done = host.says("confirm", f"{space}-s1")
    [mute] = host.json("sanctions", "--space", space)
    assert done == f"{ann.handle}: mute, by rule pitch  (spacesctl undo {mute['id']})\n"
    refused(host.run("confirm", f"{space}-s1"), 5, "this suggestion is confirmed already")
    assert host.says("dismiss", f"{space}-s2") == f"{ann.handle}: not warn; the suggestion is dismissed\n"
    assert host.json("suggestions", space) == []
    assert "confirmed by" in host.says("suggestions", space, "--all")
    host.says("undo", mute["id"])
    for command in ("confirm", "dismiss"):
        refused(host.run(command, f"{space}-s9"), 3, "no suggestion")
        refused(host.run(command, "nothing"), 3, "no suggestion")


def test_a_lock_is_confirmed_too(host: Person, bot: str, space: str) -> None:
    act(bot, space, None, "lock", server=host.server, words=[], found="joins_per_minute 72", lane=0)
    shown = host.says("suggestions", space)
    for words in ("lock for 600 s", "the Space", "joins_per_minute 72"):
        assert words in shown
    assert "the Space: lock for 600 s, by rule pitch" in host.says("confirm", f"{space}-s1")


def test_what_rules_did_is_whole_in_the_log_on_80_columns(host: Person, ann: Person, bot: str, space: str) -> None:
    act(bot, space, ann, "mute", mode="unconfirmed")
    lines = host.says("audit", "list", space).splitlines()
    (told,) = (line for line in lines if "rule pitch" in line)
    assert "act: mute (unconfirmed)" in told
    rows = [re.split(r"  +", line) for line in (lines[0], told)]
    narrow = fitting(rows, rows, 80, ("SPACE",))
    assert narrow is None or (cell_len(narrow[1]) <= 80 and "act: mute (unconfirmed)" in narrow[1])


def test_the_same_moment_is_told_alike_everywhere(host: Person, ann: Person, bot: str, space: str) -> None:
    """In the inbox here, by `watch` and `rules why` in their own tests, of the same function."""
    act(bot, space, ann, "mute")
    assert "at 01:05 in" in host.says("inbox")


def test_who_reports_reads_what_became_of_it(host: Person, ann: Person, ben: Person) -> None:
    space = host.live()
    assert ann.run("reports", "mine").stderr == "you have filed no reports\n"
    ben.json("raise", space)
    ann.json("react", space, "clap")
    ref = ann.says("report", space, ben.handle, "--category", "spam", "--note", "sells coins").split()[1]
    shown = ann.says("reports", "mine")
    for words in (ref, "open", ben.handle, "spam", "sells coins"):
        assert words in shown
    host.says("reports", "dismiss", ref, "--note", "they may")
    (mine,) = ann.json("reports", "mine")
    assert (mine["state"], mine["decision"], mine["note"]) == ("dismissed", "they may", "sells coins")
    assert ben.json("reports", "mine") == []
    assert host.json("reports", "mine") == [], "of others' nothing"
