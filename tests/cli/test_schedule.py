"""`schedule`, `remind`, `calendar`: Spaces of the future as people read them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from spacesctl.cli.common import delay_of
from spacesctl.domain.errors import Invalid
from tests.cli.inside import Person, refused

RULES = 'schema = 1\n[[rule]]\nid = "scam"\nmode = "shadow"\nwhen.any = [ { words = ["free coins"] } ]\nactions = ["mute"]\n'
DAILY = ("--cron", "0 9 * * *", "--tz", "Europe/Rome", "--duration", "1h30m")


@pytest.fixture
def series(host: Person) -> str:
    return str(host.json("create", "Standup", *DAILY)["id"])


def test_a_series_is_shown_with_its_next_starts(host: Person, series: str) -> None:
    shown = host.says("schedule", "show", series).splitlines()
    assert shown[0] == f"Standup  [active]  {series}"
    assert shown[1] == "  when       0 9 * * *  (Europe/Rome), for 90 min"
    assert shown[2].startswith("  next       ")
    assert "http" in shown[2], "the Space that exists already has a link"
    assert len(shown[3:]) == len(host.json("schedule", "show", series)["coming"]) - 1
    assert [row["id"] for row in host.json("schedule", "list")] == [series]


def test_the_answer_of_a_create_has_the_delay(host: Person) -> None:
    shown = host.says("create", "Standup", *DAILY, "--delay", "500ms")
    assert "  delay      0.5 s" in shown.splitlines()
    assert "  delay      4 s" in host.says("create", "Talk", "--start", "--delay", "4s", "--dry-run").splitlines()


@pytest.mark.parametrize(
    ("text", "seconds"), [("4s", 4), ("4", 4), ("2.5", 2.5), ("500ms", 0.5), ("0s", 0), (".5s", 0.5)]
)
def test_a_delay_is_written_in_seconds_or_milliseconds(text: str, seconds: float) -> None:
    assert delay_of(text) == seconds


@pytest.mark.parametrize("text", ["", "s", "-1s", "11s", "10001ms", "nan", "inf", "1e0", "1_0", "4m"])
def test_other_words_are_no_delay(text: str) -> None:
    with pytest.raises(Invalid, match="0 to 10 seconds"):
        delay_of(text)


def test_a_series_is_named_as_a_space_is(host: Person, series: str) -> None:
    told = f"on the series 'Standup' ({series})\n"
    for ref in (series[:5], "standup", "stand"):
        done = host.run("schedule", "show", ref)
        assert (done.returncode, done.stderr) == (0, told)
    refused(host.run("schedule", "show", "nothing"), 3, "there is no series 'nothing' of yours")
    refused(host.run("schedule", "delete", "stand", "--yes"), 3, "there is no series 'stand' of yours")
    again = host.json("create", "Standup", *DAILY)["id"]
    done = host.run("schedule", "pause", "standup")
    refused(done, 2, "'standup' may be 2 series: ")
    assert series in done.stderr
    assert again in done.stderr
    assert host.says("schedule", "remove", again, "--yes") == f"{again} is deleted\n", "the word of `webhook remove`"


def test_starts_are_shown_in_the_zone_of_the_series_too(host: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    shown = host.says("create", "Standup", *DAILY)
    assert shown.count(" 09:00 in Europe/Rome)") == len(shown.splitlines()) - 2
    made = host.run("create", "Talk", "--at", "tomorrow 18:00", "--tz", "Asia/Tokyo")
    assert " 09:00, " in made.stdout
    assert " 18:00 in Asia/Tokyo)" in made.stdout
    assert " in UTC" not in host.says("create", "Talk", "--at", "tomorrow 18:00", "--tz", "UTC")
    monkeypatch.undo()
    time.tzset()


def test_a_zone_without_a_time_is_refused(host: Person) -> None:
    refused(host.run("create", "Talk", "--tz", "Europe/Rome"), 2, "--tz: is for --at and --cron (such as ")
    space = host.json("create", "Talk")["id"]
    refused(host.run("edit", space, "--title", "x", "--tz", "Europe/Rome"), 2, "--tz: is for --at (such as ")


def test_a_paused_series_has_no_next_start(host: Person, series: str) -> None:
    assert "  next " not in host.says("schedule", "pause", series)
    assert "  next " in host.says("schedule", "resume", series)


def test_a_series_is_edited_in_every_part(host: Person, ann: Person, series: str, tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text(RULES)
    edited = host.json(
        "schedule", "edit", series, "--cron", "30 8 * * 1", "--tz", "Asia/Tokyo", "--duration", "45m",
        "--speakers", "everyone", "--topic", "care", "--invite", ann.handle, "--rules", str(tmp_path / "rules.toml"),
    )  # fmt: skip
    assert (edited["cron"], edited["tz"], edited["duration"]) == ("30 8 * * 1", "Asia/Tokyo", 2700)
    space = host.json("show", edited["next_space_id"])
    assert (space["speakers"], space["topic_ids"], space["rules"] is not None) == ("everyone", ["care"], True)
    assert [message["space_id"] for message in ann.json("inbox")] == [edited["next_space_id"]]
    cleared = host.json("schedule", "edit", series, "--uninvite", ann.handle, "--no-rules")
    assert host.json("show", cleared["next_space_id"])["rules"] is None


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "say what to change"),
        (["--rules", "a.toml", "--no-rules"], "give only one of them"),
        (["--duration", "soon"], "'soon' is not a duration"),
        (["--invite", "a b"], "is not a handle"),
        (["--cron", "x"], "cron"),
    ],
    ids=["nothing", "rules and none", "duration", "handle", "cron"],
)
def test_a_change_of_a_series_that_makes_no_sense_is_refused(
    host: Person, series: str, words: list[str], told: str
) -> None:
    before = host.json("schedule", "show", series)
    refused(host.run("schedule", "edit", series, *words), 2, told)
    assert host.json("schedule", "show", series) == before


def test_a_deleted_series_is_gone_with_its_next_space(host: Person, series: str) -> None:
    space = host.json("schedule", "show", series)["next_space_id"]
    assert host.says("schedule", "delete", series, "--yes") == f"{series} is deleted\n"
    assert "[canceled]" in host.says("show", space)
    refused(host.run("schedule", "delete", series, "--yes"), 3, "no series")
    done = host.run("schedule", "list")
    assert (done.stdout, done.stderr) == ("", "no series\n")


def test_a_reminder_is_set_and_removed(host: Person, ann: Person, nobody: Person) -> None:
    space = host.json("create", "Talk", "--at", "+2h")["id"]
    assert ann.says("remind", space) == "you will be reminded\n"
    assert host.json("show", space)["subscriber_count"] == 1
    assert ann.says("remind", space, "--off") == "you will not be reminded\n"
    assert ann.json("remind", space, "--off") == {"space_id": space, "reminder": False, "subscriber_count": 0}
    refused(nobody.run("remind", space), 4, "not logged in")
    refused(ann.run("remind", host.live()), 5, "has started already")


def test_a_calendar_is_printed_or_written(host: Person, nobody: Person, tmp_path: Path) -> None:
    space = host.json("create", "Talk", "--at", "+2h")["id"]
    address = f"{host.server.url}/v1/spaces/{space}.ics"
    done = nobody.run("calendar", space)
    assert "SUMMARY:Talk" in done.stdout
    assert done.stderr == f"to subscribe: {address}\n"
    assert nobody.json("calendar", space) == {"url": address, "file": None, "ics": done.stdout}
    out = tmp_path / "mine.ics"
    assert nobody.says("calendar", host.handle, "--out", str(out)) == f"{out}: {out.stat().st_size} bytes\n"
    assert "SUMMARY:Talk" in out.read_text()
    told = nobody.json("calendar", host.handle, "--out", str(out))
    assert (told["file"], told["ics"]) == (str(out), None)
    refused(nobody.run("calendar", "@nobody_here"), 3, "no account")
    refused(nobody.run("calendar", "nothing"), 3, "there is no Space 'nothing'")


def test_cohosts_are_invited_with_a_space_a_series_and_later(host: Person, ann: Person, ben: Person) -> None:
    space = host.json("create", "T", "--cohost", ann.handle)["id"]
    assert "is in" not in ann.says("accept", space)
    host.says("invite", space, ben.handle, "--as", "cohost")
    assert {one["handle"]: one["role"] for one in host.json("invites", "--space", space)} == {
        ann.handle: "cohost", ben.handle: "cohost",
    }  # fmt: skip
    assert f"  co-hosts   {ann.handle}, {ben.handle} (invited)\n" in host.says("show", space)
    assert f"  co-hosts   {ann.handle}\n" in ben.says("show", space), "who is invited is for the staff"
    assert ben.says("accept", space).startswith("you are a co-host in")
    assert f"  co-hosts   {ann.handle}, {ben.handle}\n" in host.says("show", space)
    made = host.json("create", "Standup", *DAILY, "--cohost", f"{ann.handle},{ben.handle}")
    assert len(made["cohost_user_ids"]) == 2
    refused(host.run("schedule", "edit", made["id"], "--cohost", host.handle), 2, "--cohost: may be at most 2")
    left = host.json("schedule", "edit", made["id"], "--uninvite", ben.handle)
    assert len(left["cohost_user_ids"]) == 1
    again = host.json("schedule", "edit", made["id"], "--cohost", ben.handle)
    assert again["cohost_user_ids"] == made["cohost_user_ids"]
    assert {one["handle"]: (one["role"], one["state"]) for one in host.json("invites", "--space", again["next_space_id"])} == {
        ann.handle: ("cohost", "pending"), ben.handle: ("cohost", "pending"),
    }  # fmt: skip
    refused(host.run("create", "T", "--cohost", "@a,@b,@c"), 2, "--cohost: at most 2")
    refused(host.run("invite", space, ben.handle, "--as", "host"), 2, "--as")
