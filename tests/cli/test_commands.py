"""The command line against a real server: what it prints, where, and its exit codes."""

from __future__ import annotations

import json
import signal
import subprocess
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest

from bots import casts
from tests.cli.inside import ok, refused, run
from tests.raw import Raw
from tests.running import RunningServer, running_server, spacesctl, unlimited, wait_until

RULES = 'schema = 1\n[[rule]]\nid = "scam"\nmode = "enforce"\nwhen.any = [ { words = ["crypto giveaway"] } ]\nactions = ["mute"]\n'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("cli")
    with running_server(folder / "data", "--no-bots", *unlimited(folder)) as running:
        yield running


@pytest.fixture
def people(server: RunningServer, request: pytest.FixtureRequest) -> dict[str, str]:
    """Tokens of three accounts of this test alone, by role; `handles` tells their names apart from other tests'."""
    made = {role: server.account(f"{role}{abs(hash(request.node.name)) % 10**8}") for role in ("host", "ann", "ben")}
    return {role: one["token"] for role, one in made.items()} | {
        f"@{role}": one["handle"] for role, one in made.items()
    }


def test_from_an_account_to_a_live_space_and_its_end(
    server: RunningServer, people: dict[str, str], tmp_path: Path
) -> None:
    host, ann = people["host"], people["ann"]
    rules = tmp_path / "rules.toml"
    rules.write_text(RULES)
    made = ok(
        run(server.url,
            host, "create", "Office hours", "--start", "--invite", people["@ann"], "--rules", str(rules),
            "--topic", "care", "--json",
        )
    )  # fmt: skip
    assert (made["state"], made["topic_ids"]) == ("live", ["care"])
    space = made["id"]
    [message] = ok(run(server.url, ann, "inbox", "--json"))
    assert message["space_id"] == space
    assert ok(run(server.url, ann, "accept", made["link"], "--json"))["me"]["role"] == "speaker"
    rows = ok(run(server.url, host, "people", space, "--json"))
    assert [(row["handle"], row["role"], row["mic"], row["muted"]) for row in rows] == [
        (people["@host"], "host", "closed", False),
        (people["@ann"], "speaker", "closed", False),
    ]
    assert ok(run(server.url, host, "mute", space, people["@ann"], "--json"))[0]["muted"] is True
    assert (
        ok(run(server.url, host, "kick", space, people["@ann"], "--reason", "enough", "--json"))[0]["role"]
        == "listener"
    )
    refused(run(server.url, ann, "accept", space), 5, "removed from this Space")
    actions = [row["action"] for row in ok(run(server.url, host, "audit", "list", "--space", space, "--json"))]
    assert actions[0] == "kick"
    assert actions[-2:] == ["space.create", "chain.begin"]
    assert ok(run(server.url, host, "end", space, "--yes", "--json"))["state"] == "ended"
    refused(run(server.url, ann, "show", space), 3, "ended")


@pytest.mark.alone
def test_speaking_and_listening_through_files(server: RunningServer, people: dict[str, str], tmp_path: Path) -> None:
    host = people["host"]
    space = ok(run(server.url, host, "create", "T", "--start", "--no-captions", "--json"))["id"]
    clip = casts.load("cast_a").host.clip
    speaking = server.start(host, "speak", space, "--file", str(clip), "--loop", "--json")
    heard = ok(server.run("", "listen", space, "--output", str(tmp_path / "heard.wav"), "--seconds", "2", "--json"))
    assert (heard["ticks"], heard["lost"]) == (pytest.approx(100, abs=15), 0)
    with wave.open(str(tmp_path / "heard.wav")) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (48_000, 1, 2)
        assert file.getnframes() == heard["ticks"] * 960
        assert max(file.readframes(file.getnframes())) > 0
    piped = subprocess.run(
        [*spacesctl("listen", space, "--output", "-", "--seconds", "1")],
        env=server.env(""),
        capture_output=True,
        timeout=15,
        check=True,
    )
    assert piped.stdout.startswith(b"OggS")
    ok(run(server.url, host, "end", space, "--yes", "--json"))
    out, err = speaking.communicate(timeout=10)
    assert speaking.returncode == 3, "the Space ended"
    assert json.loads(out)["ended"] == "ended"
    assert "is ended" in err


@pytest.mark.alone
def test_an_interrupted_listener_keeps_what_it_heard(
    server: RunningServer, people: dict[str, str], tmp_path: Path
) -> None:
    space = ok(run(server.url, people["host"], "create", "T", "--start", "--no-captions", "--json"))["id"]
    listening = server.start("", "listen", space, "--output", str(tmp_path / "heard.wav"), "--json")
    wait_until(lambda: (tmp_path / "heard.wav").exists() and (tmp_path / "heard.wav").stat().st_size > 40_000)
    listening.send_signal(signal.SIGINT)
    out, err = listening.communicate(timeout=10)
    assert listening.returncode == 130
    assert "Traceback" not in err
    with wave.open(str(tmp_path / "heard.wav")) as file:
        assert file.getnframes() == json.loads(out)["ticks"] * 960 > 0


def test_who_speaks_in_a_script_says_that_they_know_what_listens(server: RunningServer, people: dict[str, str]) -> None:
    host = people["host"]
    space = ok(run(server.url, host, "create", "T", "--start", "--json"))["id"]
    clip = str(casts.load("cast_a").host.clip)
    done = run(server.url, host, "speak", space, "--file", clip)
    assert done.returncode == 5
    assert "captions" in done.stderr
    assert "--consent" in done.stderr


def test_the_queue_of_hands(server: RunningServer, people: dict[str, str]) -> None:
    host, ann, ben = people["host"], people["ann"], people["ben"]
    space = ok(run(server.url, host, "create", "T", "--start", "--json"))["id"]
    for who in (ben, ann):
        assert ok(run(server.url, who, "raise", space, "--json"))["hand_raised"] is True
    assert [row["handle"] for row in ok(run(server.url, host, "hands", space, "--json"))] == [
        people["@ben"],
        people["@ann"],
    ]
    assert ok(run(server.url, host, "approve", space, people["@ben"], "--json"))[0]["role"] == "speaker"
    ok(run(server.url, host, "deny", space, people["@ann"], "--json"))
    refused(run(server.url, ann, "hands", space), 5, "may do this here")
    assert ok(run(server.url, host, "policy", space, "everyone", "--json"))["speakers"] == "everyone"
    assert ok(run(server.url, ann, "raise", space, "--json"))["role"] == "speaker"
    assert ok(run(server.url, host, "mute", space, "--all", "--json"))["target"] is None
    assert ok(run(server.url, host, "unmute", space, people["@ann"], "--json"))[0]["muted"] is False
    assert ok(run(server.url, host, "demote", space, people["@ann"], "--json"))[0]["role"] == "listener"


def test_reports_and_blocks(server: RunningServer, people: dict[str, str]) -> None:
    host, ann = people["host"], people["ann"]
    space = ok(run(server.url, host, "create", "T", "--start", "--json"))["id"]
    refused(run(server.url, ann, "report", space, "--note", "never heard it"), 5, "not in this Space")
    ok(run(server.url, ann, "react", space, "clap", "--json"))
    made = ok(run(server.url, ann, "report", space, people["@ben"], "--category", "spam", "--note", "ads", "--json"))
    [row] = ok(run(server.url, host, "reports", "list", "--json"))
    assert (row["id"], row["target"]["handle"], row["category"], row["by"]["kind"], row["words"]) == (
        made["id"],
        people["@ben"],
        "spam",
        "person",
        [],
    )
    assert "created_at" in row
    assert "ads" in run(server.url, host, "reports", "show", made["id"]).stdout
    ok(run(server.url, host, "block", people["@ann"], "--json"))
    refused(run(server.url, ann, "raise", space), 5, "block")
    ok(run(server.url, host, "unblock", people["@ann"], "--json"))
    assert ok(run(server.url, ann, "raise", space, "--json"))["hand_raised"] is True


def test_a_scheduled_space_opens_by_itself(server: RunningServer, people: dict[str, str]) -> None:
    host = people["host"]
    made = ok(run(server.url, host, "create", "T", "--at", "+2s", "--json"))
    assert made["state"] == "scheduled"
    wait_until(lambda: ok(run(server.url, host, "show", made["id"], "--json"))["state"] == "live")
    refused(run(server.url, host, "create", "T", "--at", "2020-01-01T00:00:00Z"), 2, "past")
    refused(run(server.url, host, "create", "T", "--at", "+1h", "--start"), 2, "--start")


def test_rules_check_explains_and_names_file_and_line(
    server: RunningServer, people: dict[str, str], tmp_path: Path
) -> None:
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text(RULES)
    bad.write_text(RULES.replace('actions = ["mute"]', 'actions = ["kick"]\nfrequency = 3'))
    done = run(server.url, "", "rules", "check", str(good))
    assert done.returncode == 0
    assert "scam" in done.stdout
    done = run(server.url, "", "rules", "check", str(bad))
    assert done.returncode == 2
    assert f"{bad}:7" in done.stderr
    problems = json.loads(run(server.url, "", "rules", "check", str(bad), "--json").stdout)
    assert problems["ok"] is False
    assert {problem["line"] for problem in problems["problems"]} >= {7}
    space = ok(run(server.url, people["host"], "create", "T", "--start", "--json"))["id"]
    pushed = ok(run(server.url, people["host"], "rules", "push", space, str(good), "--json"))
    assert pushed["actions"] == ["mute"] or "mute" in pushed["actions"]
    refused(run(server.url, people["host"], "rules", "push", space, str(bad)), 2, "bad.toml:7")
    assert run(server.url, people["host"], "rules", "show", space).stdout == RULES


def test_exit_codes_are_the_documented_ones(server: RunningServer, people: dict[str, str], tmp_path: Path) -> None:
    host = people["host"]
    refused(run(server.url, host, "show", "short"), 3, "there is no Space 'short'")
    refused(run(server.url, host, "show", "AAAAAAAAAAAAA"), 3, "there is no Space")
    refused(run(server.url, "", "create", "T"), 4, "not logged in")
    refused(run(server.url, "spx_wrong", "list"), 4, "unknown")
    refused(run(server.url, host, "account", "create", "@x"), 5, "admin")
    assert run(server.url, host, "nonsense").returncode == 2
    assert run(server.url, host, "create").returncode == 2
    away = {**server.env(host), "SPACESCTL_URL": "http://127.0.0.1:9"}
    done = subprocess.run([*spacesctl("list")], env=away, capture_output=True, text=True, timeout=15, check=False)
    refused(done, 6, "cannot reach")
    space = ok(run(server.url, host, "create", "T", "--start", "--no-captions", "--json"))["id"]
    refused(run(server.url, host, "speak", space, "--file", str(tmp_path / "none.wav")), 2, "no file")
    (tmp_path / "text.wav").write_text("hello")
    refused(run(server.url, host, "speak", space, "--file", str(tmp_path / "text.wav")), 2, "not a sound file")
    refused(server.run("", "listen", space, "--output", "x.mp3"), 2, ".wav")


def test_a_scheduled_space_is_edited_and_called_off(server: RunningServer, people: dict[str, str]) -> None:
    host, ann = people["host"], people["ann"]
    space = ok(run(server.url, host, "create", "T", "--at", "+2h", "--json"))["id"]
    edited = ok(run(server.url, host, "edit", space, "--title", "New", "--no-captions", "--at", "+3h", "--json"))
    assert (edited["title"], edited["captions"]) == ("New", False)
    refused(run(server.url, host, "edit", space), 2, "what to change")
    ok(run(server.url, host, "invite", space, people["@ann"], people["@ben"], "--json"))
    assert ok(run(server.url, host, "uninvite", space, people["@ben"], "--json"))[0]["state"] == "revoked"
    assert ok(run(server.url, ann, "decline", space, "--json"))["me"]["invite"] == "declined"
    assert ok(run(server.url, host, "cancel", space, "--yes", "--json"))["state"] == "canceled"
    refused(run(server.url, ann, "show", space), 3, "canceled")


def test_a_series_from_the_command_line(server: RunningServer, people: dict[str, str], tmp_path: Path) -> None:
    host, ann = people["host"], people["ann"]
    rules = tmp_path / "rules.toml"
    rules.write_text(RULES)
    made = ok(
        run(server.url,
            host, "create", "Standup", "--cron", "0 9 * * 1-5", "--tz", "Europe/Rome", "--duration", "1h30m",
            "--invite", people["@ann"], "--rules", str(rules), "--json",
        )
    )  # fmt: skip
    assert (made["duration"], len(made["coming"])) == (5400, 5)
    space = ok(run(server.url, host, "show", made["next_space_id"], "--json"))
    assert (space["state"], space["scheduled_start"]) == ("scheduled", made["next_start"])
    assert ok(run(server.url, ann, "inbox", "--json"))[0]["space_id"] == made["next_space_id"]
    assert ok(run(server.url, ann, "remind", made["next_space_id"], "--json"))["subscriber_count"] == 1
    assert "Standup" in run(server.url, host, "schedule", "list").stdout
    skipped = ok(run(server.url, host, "schedule", "skip", made["id"], "--json"))
    assert skipped["next_start"] == made["coming"][1]
    edited = ok(run(server.url, host, "schedule", "edit", made["id"], "--title", "Daily", "--json"))
    assert edited["title"] == "Daily"
    assert ok(run(server.url, host, "schedule", "pause", made["id"], "--json"))["state"] == "paused"
    assert ok(run(server.url, host, "schedule", "resume", made["id"], "--json"))["state"] == "active"
    refused(run(server.url, ann, "schedule", "show", made["id"]), 5, "somebody else's")
    ok(run(server.url, host, "schedule", "delete", made["id"], "--yes", "--json"))
    refused(run(server.url, host, "schedule", "show", made["id"]), 3, "no series")
    refused(run(server.url, host, "create", "T", "--cron", "0 9 * * 1"), 2, "--tz")
    refused(run(server.url, host, "create", "T", "--cron", "x", "--tz", "UTC", "--duration", "1h"), 2, "cron")
    refused(
        run(server.url, host, "create", "T", "--cron", "0 9 * * 1", "--tz", "UTC", "--duration", "soon"),
        2,
        "--duration",
    )


def test_the_host_watches_everything_and_a_stranger_what_is_public(
    server: RunningServer, people: dict[str, str]
) -> None:
    host, ann = people["host"], people["ann"]
    space = ok(run(server.url, host, "create", "T", "--start", "--no-captions", "--json"))["id"]
    subscribers = {
        who: server.start(token, "watch", space, "--json") for who, token in (("host", host), ("nobody", ""))
    }
    plain = server.start(host, "watch", space)
    with server.client(host) as spaces:
        wait_until(lambda: metric(spaces, "spacesctl_event_streams") == 3)
    ok(run(server.url, ann, "raise", space, "--json"))
    ok(run(server.url, host, "approve", space, people["@ann"], "--json"))
    ok(run(server.url, host, "mute", space, people["@ann"], "--reason", "noise", "--json"))
    ok(run(server.url, host, "end", space, "--yes", "--json"))
    told = {}
    for who, process in subscribers.items():
        out, _ = process.communicate(timeout=10)
        assert process.returncode == 0
        told[who] = {event["type"]: event for event in map(json.loads, out.splitlines())}
    assert {"hand.raised", "role.changed", "person.muted", "space.ended"} <= set(told["host"])
    assert {"role.changed", "person.muted", "space.ended"} <= set(told["nobody"])
    assert "hand.raised" not in told["nobody"]
    assert told["host"]["person.muted"]["data"]["reason"] == "noise"
    assert "reason" not in told["nobody"]["person.muted"]["data"]
    out, _ = plain.communicate(timeout=10)
    assert f"{people['@ann']} asks to speak" in out
    assert f"{people['@ann']} is muted" in out


def metric(client: Raw, name: str) -> float:
    lines = client.text("/metrics").splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(f"{name} "))


def test_messages_follows_and_reactions(server: RunningServer, people: dict[str, str]) -> None:
    host, ann = people["host"], people["ann"]
    ok(run(server.url, ann, "dm", people["@host"], "may I speak?", "--json"))
    assert ok(run(server.url, host, "inbox", "--json"))[0]["text"] == "may I speak?"
    ok(run(server.url, host, "follow", people["@ann"], "--json"))
    space = ok(run(server.url, host, "create", "T", "--start", "--speakers", "following", "--json"))["id"]
    assert ok(run(server.url, ann, "raise", space, "--json"))["role"] == "speaker", (
        "whom the host follows speaks unasked"
    )
    assert ok(run(server.url, host, "promote", space, people["@ann"], "--json"))[0]["role"] == "cohost"
    assert ok(run(server.url, ann, "react", space, "wave", "--json"))["emoji"] == "👋"
    ok(run(server.url, host, "unfollow", people["@ann"], "--json"))
    assert run(server.url, ann, "react", space, "dance").returncode == 2


def test_captions_without_a_bot_say_why(server: RunningServer, people: dict[str, str]) -> None:
    space = ok(run(server.url, people["host"], "create", "T", "--start", "--json"))["id"]
    done = run(server.url, "", "captions", space, "--json")
    assert json.loads(done.stdout) == []
    assert "without bots" in done.stderr


def test_a_hostile_title_does_not_drive_the_terminal(server: RunningServer, people: dict[str, str]) -> None:
    refused = run(server.url, people["host"], "create", "\x1b[31mred\x07")
    assert (refused.returncode, refused.stderr) == (
        2,
        "spacesctl: TITLE: has the character U+001B, which is not allowed\n",
    )
    made = ok(run(server.url, people["host"], "create", "red [bold]x[/bold]", "--json"))
    shown = run(server.url, people["host"], "show", made["id"]).stdout + run(server.url, people["host"], "list").stdout
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert "[bold]x[/bold]" in shown


def test_a_dry_run_says_what_would_be_and_changes_nothing(server: RunningServer, people: dict[str, str]) -> None:
    host = people["host"]
    tried = run(server.url, host, "create", "Maybe", "--start", "--invite", people["@ann"], "--dry-run", "--json")
    assert ok(tried)["state"] == "live"
    assert tried.stderr == "dry run: nothing was changed\n"
    refused(run(server.url, host, "show", ok(tried)["id"]), 3, "there is no")
    space = ok(run(server.url, host, "create", "Real", "--start", "--json"))["id"]
    refused(run(server.url, people["ann"], "end", space, "--dry-run"), 5, "may do this here")
    assert ok(run(server.url, host, "end", space, "--dry-run", "--json"))["state"] == "ended"
    assert ok(run(server.url, host, "show", space, "--json"))["state"] == "live"


@pytest.mark.slow
def test_curl_shows_a_call_that_works_and_not_the_token(server: RunningServer, people: dict[str, str]) -> None:
    host = people["host"]
    done = run(server.url, host, "create", "It's “curled”", "--curl", "--json")
    [line] = done.stderr.splitlines()
    assert host not in line
    repeated = subprocess.run(
        ["sh", "-c", line], env={"SPACESCTL_TOKEN": host, "PATH": "/usr/bin:/bin"}, capture_output=True, timeout=10
    )
    # The same idempotency key: the very Space that was made, and no second one.
    assert json.loads(repeated.stdout)["id"] == ok(done)["id"]


def test_a_list_on_stdin_is_worked_off_and_one_refusal_stops_nothing(
    server: RunningServer, people: dict[str, str]
) -> None:
    host = people["host"]
    space = ok(run(server.url, host, "create", "Real", "--start", "--json"))["id"]
    who = f"{people['@ann']}  # the first\n@nobody_at_all\n\n{people['@ben']} {people['@ann']}\n"
    done = run(server.url, host, "kick", space, "-", "--json", stdin=who)
    assert [row["handle"] for row in json.loads(done.stdout)] == [people["@ann"], people["@ben"]]
    assert done.returncode == 3
    assert done.stderr == "spacesctl: there is no account @nobody_at_all\n"
    refused(run(server.url, host, "kick", space, "-", stdin="# nobody\n"), 2, "PERSON: say who")


def test_plain_output_reads_aloud_as_heading_and_value(server: RunningServer, people: dict[str, str]) -> None:
    space = ok(run(server.url, people["host"], "create", "Real", "--start", "--json"))["id"]
    lines = run(server.url, people["host"], "people", space, "--plain").stdout.splitlines()
    assert lines[:2] == [f"Handle: {people['@host']}", "Role: host"]
