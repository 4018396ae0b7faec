"""`report`, `reports`, `rules`, `audit`: what moderators read and set."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from tests.cli.broken_server import Told, broken_server
from tests.cli.inside import Person, person, refused, run
from tests.running import RunningServer, running_server

RULES = 'schema = 1\n[[rule]]\nid = "scam"\nmode = "enforce"\nwhen.any = [ { words = ["crypto giveaway"] } ]\nactions = ["mute"]\n'


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "rules.toml"
    path.write_text(RULES)
    return path


def test_a_report_reaches_the_host_and_nobody_else(host: Person, ann: Person, ben: Person) -> None:
    space = host.live()
    assert host.run("reports", "list").stderr == "no reports\n"
    ben.json("raise", space)
    ann.json("react", space, "clap")
    filed = ann.says("report", space, ben.handle, "--category", "spam", "--note", "sells coins")
    ref = filed.split()[1]
    assert "is filed without evidence" in filed, "nobody has said anything"
    listed = host.says("reports", "list")
    for words in (ref, ben.handle, "spam", "  T  "):
        assert words in listed
    shown = host.says("reports", "show", ref)
    assert "title      T\n" in shown
    assert f"by         {ann.handle}\n" in shown
    assert "clip       -\n" in shown, "nothing was said"
    assert "note       sells coins\n" in shown
    assert host.json("reports", "show", ref)["note"] == "sells coins"
    assert ben.json("reports", "list") == []
    refused(ben.run("reports", "show", ref), 5, "may do this here")


def a_report(clip: str | None) -> str:
    """The answer of the server to one who asks for a report."""
    found: dict[str, str | list[str] | dict[str, str | None] | None] = {
        "id": "7", "space_id": "A" * 13, "title": "T", "target": None, "by": {"kind": "person", "id": "1", "handle": "@ann"},
        "category": "spam", "mode": None, "words": [], "text": "", "confidence": None, "note": "", "start_tick": None, "end_tick": None,
        "clip": clip, "state": "open", "decided_by": None, "decided_at": None, "decision": None,
        "created_at": "2026-11-29T12:00:00.000Z",
        "evidence": {"lane": None, "act": None, "rule_hash": None, "engine": None, "model": None, "room": None},
    }  # fmt: skip
    return json.dumps(found)


@pytest.mark.parametrize("clip", ["ab" * 32, None], ids=["sound", "none"])
def test_the_clip_of_a_report_is_saved(clip: str | None, tmp_path: Path) -> None:
    found = a_report(clip)
    out = tmp_path / "clip.ogg"
    answers: dict[str, list[Told]] = {"/v1/reports/7": [found] * 2, "/v1/reports/7/clip": ["OggS sound"]}
    with broken_server(answers) as (url, _):
        shown = run(url, "spx_t", "reports", "show", "7")
        saved = run(url, "spx_t", "reports", "show", "7", "--out", str(out))
    if clip is None:
        assert "clip       -\n" in shown.stdout
        refused(saved, 5, "no clip")
        return
    assert "clip       `spacesctl reports play 7` plays it\n" in shown.stdout
    assert f"clip       saved as {out}\n" in saved.stdout
    assert out.read_bytes() == b"OggS sound"


def test_a_panic_lasts_an_hour_at_most(host: Person) -> None:
    refused(host.run("panic", host.live(), "--for", "2h"), 2, "--for: may be at most 1h")


def test_a_space_as_a_whole_is_reported(host: Person, ann: Person, nobody: Person) -> None:
    space = host.live()
    refused(ann.run("report", space), 5, "not in this Space")
    ann.json("react", space, "clap")
    assert ann.json("report", space)["id"]
    assert host.json("reports", "list")[0]["target"] is None
    refused(ann.run("report", space, "--category", "boredom"), 2, "category")
    refused(ann.run("report", space, "a b"), 2, "is not a handle")
    refused(nobody.run("report", space), 4, "not logged in")


def test_rules_are_set_shown_and_removed(host: Person, ann: Person, rules: Path) -> None:
    space = host.live()
    assert host.run("rules", "show", space).stderr == "no rules\n"
    assert host.says("rules", "push", space, str(rules)).endswith(": scam; may mute\n")
    assert host.json("rules", "show", space)["text"] == RULES
    assert "rules      " in host.says("show", space)
    refused(ann.run("rules", "push", space, str(rules)), 5, "may do this here")
    refused(ann.run("rules", "clear", space), 5, "may do this here")
    assert host.says("rules", "clear", space) == "no rules\n"
    assert host.json("rules", "clear", space)["rules"] == []
    assert host.run("rules", "show", space).stdout == ""


def test_rules_must_use_words_that_the_model_knows(nobody: Person, rules: Path, tmp_path: Path) -> None:
    model = tmp_path / "model"
    (model / "graph").mkdir(parents=True)
    (model / "graph" / "words.txt").write_text("<eps> 0\ngiveaway 1\n")
    done = nobody.run("rules", "check", str(rules), "--model", str(model))
    assert "crypto" in done.stderr
    assert "giveaway" not in done.stderr.replace("crypto giveaway", "")
    none = nobody.run("rules", "check", str(rules), "--model", str(tmp_path / "none"))
    refused(none, 2, f"--model: the model folder {tmp_path / 'none'} does not exist")


def test_rules_check_says_which_phrases_are_redacted_too_late(nobody: Person, tmp_path: Path) -> None:
    path = tmp_path / "long.toml"
    path.write_text(
        f'schema = 1\n[[rule]]\nid = "a"\nwhen.any = [\n{{ words = ["scam",\n"{" ".join(["everybody"] * 6)}"] }}]\nactions = ["redact"]\n'
    )
    done = nobody.run("rules", "check", str(path), "--delay", "4")
    assert done.returncode == 0, "a warning"
    assert f"{path}:6" in done.stderr
    assert "have aired" in done.stderr
    assert "is redacted too late" in done.stdout
    assert "small shipped model, which understands no people; give --model" in done.stdout
    assert "have aired" not in nobody.run("rules", "check", str(path), "--delay", "10s").stderr
    assert "delay of 0.5 s" in nobody.run("rules", "check", str(path), "--delay", "500ms").stdout
    refused(nobody.run("rules", "check", str(path), "--delay", "11s"), 2, "--delay")
    refused(nobody.run("rules", "check", str(path), "--delay", "4", "--model", str(tmp_path)), 2, "--model")


def test_a_rule_file_that_cannot_be_read_is_named(host: Person, tmp_path: Path) -> None:
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    refused(
        host.run("rules", "check", str(tmp_path / "bytes.toml")),
        2,
        "bytes.toml: cannot be read: it is UTF-16 (save it as UTF-8)",
    )
    refused(host.run("rules", "push", host.live(), str(tmp_path / "none.toml")), 2, "none.toml: No such file")


def test_the_audit_log_tells_who_did_what_to_whom(host: Person, ann: Person) -> None:
    assert ann.run("audit", "list").stderr == "no entries\n"
    first, second = host.live(), host.live()
    ann.run("raise", first)
    host.run("approve", first, ann.handle)
    host.run("mute", first, ann.handle, "--reason", "noise")
    lines = host.says("audit", "list", "--space", first).splitlines()
    assert " ".join((host.handle, "mute", ann.handle)) in " ".join(lines[1].split())
    assert "reason=noise" in lines[1]
    assert not any(second in line for line in lines)
    assert {row["space_id"] for row in host.json("audit", "list")} >= {first, second}
    refused(host.run("audit", "list", "--space", "x"), 3, "there is no Space 'x'")


def test_a_log_that_was_changed_is_found_out(tmp_path: Path) -> None:
    with running_server(tmp_path / "data", "--no-bots") as server:
        owner = Person(server, "@owner", server.owner_token)
        person(server, "host").live()
        said = owner.says("audit", "verify")
        assert said.startswith("every entry fits, of ")
        assert "and there is no checkpoint yet\nhead " in said
        head = owner.json("audit", "verify")["head"]
        person(server, "ann")
        assert owner.says("audit", "verify", "--head", head).startswith("every entry fits")
        done = owner.run("audit", "verify", "--head", head.replace(":", "0:"))
        assert (done.returncode, done.stdout.startswith("that head, after ")) == (1, True)
        refused(owner.run("audit", "verify", "--head", "x"), 2, "COUNT:HASH")
        _forge(server)
        done = owner.run("audit", "verify")
        assert done.returncode == 1
        assert done.stdout.startswith("entry 5 (chain ")
        assert done.stdout.endswith(") does not match the one before it: the log was changed\n")
        assert json.loads(owner.run("audit", "verify", "--json").stdout)["first_bad"] == "5"


def _forge(server: RunningServer) -> None:
    [path] = server.data.glob("*.db")
    with sqlite3.connect(path) as db:
        db.execute("UPDATE audit_entries SET action = 'x' WHERE id = 5")


def test_a_report_is_assigned_and_written_on(host: Person, ann: Person, ben: Person) -> None:
    space = host.live()
    host.says("invite", space, ann.handle, "--as", "cohost")
    ann.says("accept", space)
    ben.json("raise", space)
    ref = ben.json("report", space, "--note", "noise")["id"]
    refused(host.run("reports", "assign", ref, ben.handle), 5, "moderates this Space no longer")
    refused(host.run("reports", "assign", ref), 2, "PERSON, --nobody: give one of them")
    assert host.says("reports", "assign", ref, ann.handle) == f"report {ref} is assigned to {ann.handle}\n"
    assert host.json("reports", "list", "--mine") == []
    assert [one["id"] for one in ann.json("reports", "list", space, "--mine")] == [ref]
    assert host.says("reports", "note", ref, "seen twice") == f"noted on report {ref}\n"
    shown = ann.says("reports", "show", ref)
    assert f"assignee   {ann.handle}\n" in shown
    assert "weight     1.0 (none of their earlier reports is decided)\n" in shown
    assert f"note by    {host.handle}, " in shown
    assert "seen twice\n" in shown
    done = host.run("reports", "dismiss", ref)
    assert (done.stdout, done.stderr) == (
        f"report {ref} is dismissed\n",
        f"it was assigned to {ann.handle}, who is told\n",
    )
    assert host.says("reports", "assign", ref, "--nobody") == f"report {ref} is assigned to nobody\n"


def test_a_sanction_is_shown_to_its_target_who_appeals_it(host: Person, ann: Person, ben: Person) -> None:
    space = host.live()
    for one in (ann, ben):
        host.says("invite", space, one.handle, *(["--as", "cohost"] if one is ann else []))
        one.says("accept", space)
    ref = ann.json("report", space, ben.handle, "--note", "noise")["id"]
    host.says("mute", space, ben.handle, "--reason", "loud", "--report", ref)
    [sanction] = ben.json("sanctions", "--me")
    shown = ben.says("sanction", "show", sanction["id"])
    for line in ("done       mute", "reason     loud", "sound      there is none of it", "report     -"):
        assert f"{line}\n" in shown
    assert f"`spacesctl appeal {sanction['id']}`" in shown
    assert f"report     {ref}\n" in host.says("sanction", "show", sanction["id"])
    refused(ben.run("sanction", "play", sanction["id"]), 5, "there is no sound")
    filed = ben.says("appeal", sanction["id"], "--text", "-", stdin="I was quoting\n")
    appeal = filed.split()[1]
    refused(ben.run("appeal", sanction["id"], "--text", "again"), 5, "you have appealed it")
    refused(ben.run("appeal", sanction["id"]), 2, "--text: say why")
    assert [one["id"] for one in ann.json("appeals", "list")] == [appeal]
    assert "text       I was quoting\n" in ann.says("appeals", "show", appeal)
    refused(ann.run("appeals", "deny", appeal), 2, "--reason: say why it is denied")
    refused(host.run("appeals", "grant", appeal), 5, "somebody else decides")
    assert ann.says("appeals", "grant", appeal, "--reason", "it was a quotation") == f"appeal {appeal} is granted\n"
    assert ann.run("appeals", "list").stderr == "no appeals\n"
    assert "appeal     granted: it was a quotation\n" in ben.says("sanction", "show", sanction["id"])
    assert host.json("reports", "show", ref)["state"] == "dismissed"


def test_a_report_is_named_for_persons_alone(host: Person) -> None:
    space = host.live()
    refused(host.run("mute", space, "--all", "--report", "7"), 2, "--report: is about one person")


@pytest.mark.parametrize(("verb", "state"), [("uphold", "upheld"), ("dismiss", "dismissed")])
def test_a_report_is_decided_and_who_filed_it_is_told(host: Person, ann: Person, verb: str, state: str) -> None:
    space = host.live()
    ann.json("raise", space)
    ref = ann.json("report", space, "--note", "noise")["id"]
    refused(ann.run("reports", verb, ref), 5, "may do this here")
    assert host.says("reports", verb, ref, "--note", "thank you") == f"report {ref} is {state}\n"
    assert any(f"was {state}: thank you" in row["text"] for row in ann.json("inbox"))


def test_the_words_of_a_report_come_before_its_sound_which_is_not_loud(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: dict[str, list[Told]] = {
        "/v1/reports/7": [a_report("ab" * 32)] * 2,
        "/v1/reports/7/clip": ["OggS sound"] * 2,
    }
    program, out = tmp_path / "mpv", tmp_path / "clip.ogg"
    program.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    monkeypatch.setattr("shutil.which", lambda name: str(program) if name == "mpv" else None)
    with broken_server(answers) as (url, _):
        played = run(url, "spx_t", "reports", "play", "7")
        saved = run(url, "spx_t", "reports", "play", "7", "--out", str(out))
    assert played.stdout == "the Space: no words were recognised\n"
    assert "alimiter=limit=0.25" in (tmp_path / "asked").read_text()
    assert saved.stdout.endswith(f"{out}: 10 bytes\n")
    assert out.read_bytes() == b"OggS sound"
