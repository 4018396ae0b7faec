"""Posts, voice clips, the feed, profiles and calendars from the command line, against a real server."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from icalendar import Calendar

from bots import casts
from spacesctl.audio.ogg import read_packets
from tests.cli.inside import ok, refused
from tests.running import RunningServer, running_server

pytestmark = pytest.mark.timeout(90)  # a process for each command
VOICE = casts.load("cast_a").host.clip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("social") / "data", "--no-bots") as running:
        yield running


def test_a_voice_clip_is_posted_shared_played_and_taken_back(server: RunningServer, tmp_path: Path) -> None:
    ann, ben = (server.account(handle)["token"] for handle in ("ann", "ben"))
    made = ok(server.run(ann, "post", "hear this", "--voice", str(VOICE), "--json"))
    assert made["clip"]["duration_ms"] > 10_000
    ok(server.run(ben, "follow", "@ann", "--json"))
    shown = server.run(ben, "feed")
    assert "hear this" in shown.stdout
    assert f"spacesctl play {made['id']}" in shown.stdout
    assert "\x1b" not in shown.stdout
    heard = tmp_path / "heard.ogg"
    played = ok(server.run(ben, "play", made["id"], "--out", str(heard), "--json"))
    assert played["bytes"] == made["clip"]["bytes"] == heard.stat().st_size
    assert len(list(read_packets(heard.read_bytes()))) == pytest.approx(made["clip"]["duration_ms"] / 20, abs=2)
    space = ok(server.run(ann, "create", "T", "--start", "--no-captions", "--json"))["id"]
    ok(server.run(ann, "share", space, made["id"], "--json"))
    [link, post] = ok(server.run(ann, "share", space, "https://example.org/a", "--title", "Agenda", "--json"))
    assert (link["title"], post["post"]["id"]) == ("Agenda", made["id"])
    assert "Agenda  https://example.org/a" in server.run("", "show", space).stdout
    assert ok(server.run(ann, "share", space, "https://example.org/a", "--remove", "--json")) == [post]
    refused(server.run(ben, "post", "--delete", made["id"]), 5, "somebody else's")
    assert ok(server.run(ann, "post", "--delete", made["id"], "--json")) == {"id": made["id"], "deleted": True}
    refused(server.run(ben, "play", made["id"]), 3, "no post")
    assert ok(server.run("", "show", space, "--json"))["pinned"] == []


def test_a_message_carries_a_voice_to_one_person(server: RunningServer, tmp_path: Path) -> None:
    cat, dan, eve = (server.account(handle)["token"] for handle in ("cat", "dan", "eve"))
    ok(server.run(cat, "dm", "@dan", "--voice", str(VOICE), "--json"))
    [message] = ok(server.run(dan, "inbox", "--json"))
    clip = message["clip"]["id"]
    assert f"spacesctl play {clip}" in server.run(dan, "inbox").stdout
    ok(server.run(dan, "play", clip, "--out", str(tmp_path / "heard.ogg"), "--json"))
    refused(server.run(eve, "play", clip, "--out", str(tmp_path / "stolen.ogg")), 3, "no voice clip")
    assert not (tmp_path / "stolen.ogg").exists()
    folder = server.data / "clips"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_what_cannot_be_posted_or_played_is_said_with_what_to_do(server: RunningServer, tmp_path: Path) -> None:
    fay = server.account("fay")["token"]
    (tmp_path / "text.mp3").write_text("hello")
    refused(server.run(fay, "post", "x", "--voice", str(tmp_path / "text.mp3")), 2, "send wav")
    refused(server.run(fay, "post", "x", "--voice", str(tmp_path / "none.wav")), 2, "none.wav")
    refused(server.run(fay, "post", "x" * 281), 2, "281 characters")
    refused(server.run(fay, "post"), 2, "write something")
    refused(server.run(fay, "play", "x"), 2, "neither a post's id nor a voice clip's")
    made = ok(server.run(fay, "post", "no voice", "--json"))
    refused(server.run(fay, "play", made["id"]), 3, "no voice clip in post")
    refused(server.run(fay, "share", "AAAAAAAAAAAAA", "example.org"), 2, "neither a post's id nor a link")


def test_a_clip_is_played_by_what_is_installed_or_it_says_how(server: RunningServer, tmp_path: Path) -> None:
    import os
    import subprocess

    from tests.running import spacesctl

    gil = server.account("gil")["token"]
    made = ok(server.run(gil, "post", "--voice", str(VOICE), "--json"))
    programs = tmp_path / "bin"
    programs.mkdir()

    def play() -> subprocess.CompletedProcess[str]:
        env = {**server.env(gil), "PATH": str(programs)}
        words = spacesctl("play", made["id"])
        return subprocess.run(words, env=env, capture_output=True, text=True, timeout=15, check=False)

    refused(play(), 5, "--out FILE")
    player = programs / "mpv"
    player.write_text(f'#!/bin/sh\nfor last; do :; done\n/bin/cp "$last" {tmp_path}/given.ogg\n')
    os.chmod(player, 0o700)
    assert play().returncode == 0
    assert (tmp_path / "given.ogg").stat().st_size == made["clip"]["bytes"]
    player.write_text("#!/bin/sh\nexit 1\n")
    refused(play(), 5, "mpv could not play it")


def test_a_profile_is_shown_and_edited(server: RunningServer) -> None:
    hal = server.account("hal")["token"]
    ok(server.run(hal, "profile", "edit", "--name", "Hal H.", "--description", "Opens doors.", "--json"))
    ok(server.run(hal, "create", "Doors", "--at", "+2h", "--json"))
    mine = ok(server.run(hal, "profile", "--json"))
    assert (mine["name"], mine["description"], len(mine["spaces"])) == ("Hal H.", "Opens doors.", 1)
    shown = server.run("", "profile", "@hal")
    assert "Hal H.  (person)\n  Opens doors.\n  0 followers, follows 0\nDoors  [" in shown.stdout
    refused(server.run(hal, "profile", "edit"), 2, "say what to change")
    refused(server.run("", "profile"), 4, "you are not logged in")


def test_a_calendar_is_written_or_printed_with_the_address_to_subscribe_to(
    server: RunningServer, tmp_path: Path
) -> None:
    ida = server.account("ida")["token"]
    series = ok(
        server.run(
            ida, "create", "Standup", "--cron", "0 9 * * 1-5", "--tz", "Europe/Rome", "--duration", "1h", "--json"
        )
    )
    done = server.run("", "calendar", "@ida")
    assert done.returncode == 0
    assert f"{server.url}/v1/accounts/@ida/calendar.ics" in done.stderr
    assert len(Calendar.from_ical(done.stdout).walk("VEVENT")) == 2
    file = tmp_path / "standup.ics"
    ok(server.run("", "calendar", series["next_space_id"], "--out", str(file), "--json"))
    [event] = Calendar.from_ical(file.read_bytes()).walk("VEVENT")
    assert event["url"] == series["link"]
    refused(server.run("", "calendar", "@nobody"), 3, "no account")


def test_a_series_is_edited_with_its_rules_and_invitations(server: RunningServer, tmp_path: Path) -> None:
    jon = server.account("jon")["token"]
    server.account("kim")
    rules = tmp_path / "rules.toml"
    rules.write_text('schema = 1\n[[rule]]\nid = "r"\nwhen.any = [ { words = ["scam"] } ]\nactions = ["log"]\n')
    made = ok(server.run(jon, "create", "T", "--cron", "0 9 * * *", "--tz", "UTC", "--duration", "1h", "--json"))
    words = ["--rules", str(rules), "--invite", "@kim", "--topic", "tea"]
    edited = ok(server.run(jon, "schedule", "edit", made["id"], *words, "--json"))
    assert (edited["rules"] is not None, edited["topic_ids"], len(edited["invited_user_ids"])) == (True, ["tea"], 1)
    space = ok(server.run(jon, "show", made["next_space_id"], "--json"))
    assert (space["rules"], space["topic_ids"]) == (edited["rules"], ["tea"])
    edited = ok(server.run(jon, "schedule", "edit", made["id"], "--no-rules", "--uninvite", "@kim", "--json"))
    assert (edited["rules"], edited["invited_user_ids"]) == (None, [])
    refused(server.run(jon, "schedule", "edit", made["id"], "--no-rules", "--rules", str(rules)), 2, "one of them")
