"""`schedule`, `remind`, `calendar`: Spaces of the future as people read them."""

from __future__ import annotations

from pathlib import Path

import pytest

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
    refused(nobody.run("remind", space), 4, "no token")
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
    assert ben.says("accept", space).startswith("you are cohost in")
    made = host.json("create", "Standup", *DAILY, "--cohost", f"{ann.handle},{ben.handle}")
    assert len(made["cohost_user_ids"]) == 2
    refused(host.run("create", "T", "--cohost", "@a,@b,@c"), 2, "--cohost: at most 2")
    refused(host.run("invite", space, ben.handle, "--as", "host"), 2, "--as")
