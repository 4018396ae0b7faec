"""What commands say of rules: whether evidence keeps numbers, and whether the audience is far enough behind for what they redact."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.inside import Person, refused

DAILY = ("--cron", "0 9 * * *", "--tz", "Europe/Rome", "--duration", "1h30m")
NOT_KEPT = "evidence has no numbers; --with-numbers keeps them"
NO_LONGER = "evidence kept numbers before and has none now; --with-numbers keeps them"
TOO_LATE = "rules redact, and without a delay nothing is kept from the audience in time"


def _rules(path: Path, when: str, action: str) -> str:
    path.write_text(
        f'schema = 1\n[[rule]]\nid = "{path.stem}"\nmode = "enforce"\nwhen.any = [ {{ {when} }} ]\nactions = ["{action}"]\n'
    )
    return str(path)


@pytest.fixture
def numbers(tmp_path: Path) -> str:
    return _rules(tmp_path / "numbers.toml", "digits = { run = 6 }", "report")


@pytest.fixture
def redacting(tmp_path: Path) -> str:
    return _rules(tmp_path / "redacting.toml", 'words = ["scam"]', "redact")


def test_what_evidence_keeps_of_numbers_is_told_wherever_rules_are(host: Person, numbers: str, redacting: str) -> None:
    space = host.live()
    assert host.says("rules", "push", space, numbers).splitlines()[1:] == [NOT_KEPT]
    assert host.run("rules", "show", space).stderr == f"{NOT_KEPT}\n"
    kept = host.says("rules", "push", space, numbers, "--with-numbers").splitlines()
    assert kept[1:] == ["evidence keeps numbers"]
    assert host.run("rules", "show", space).stderr == "evidence keeps numbers\n"
    assert host.json("show", space)["with_numbers"]
    assert ", evidence keeps numbers" in host.says("show", space)
    dropped = host.run("rules", "push", space, redacting, "--dry-run")
    assert NO_LONGER in dropped.stdout, "also of rules without `digits`: it is what the flag did"
    assert NO_LONGER in host.run("edit", space, "--rules", numbers).stderr
    assert not host.json("show", space)["with_numbers"]
    assert host.run("rules", "push", space, redacting).stdout.count("evidence") == 0


def test_other_rules_of_a_series_keep_numbers_only_if_that_is_said_again(host: Person, numbers: str) -> None:
    made = host.run("create", "Standup", *DAILY, "--rules", numbers)
    assert NOT_KEPT in made.stderr
    series = host.json("create", "Standup 2", *DAILY, "--rules", numbers, "--with-numbers")
    assert series["with_numbers"]
    edited = host.run("schedule", "edit", series["id"], "--rules", numbers)
    assert NO_LONGER in edited.stderr
    assert not host.json("show", series["next_space_id"])["with_numbers"], "the next Space, too"
    again = host.run("schedule", "edit", series["id"], "--rules", numbers, "--with-numbers", "--dry-run")
    assert ", evidence keeps numbers" in again.stdout
    host.json("schedule", "edit", series["id"], "--rules", numbers, "--with-numbers")
    assert host.json("show", series["next_space_id"])["with_numbers"]
    refused(host.run("schedule", "edit", series["id"], "--with-numbers"), 2, "needs --rules")


def test_a_series_shows_its_rules_and_its_delay_can_be_changed(host: Person, redacting: str) -> None:
    shown = host.says("create", "Standup", *DAILY, "--rules", redacting).splitlines()
    assert any(line.startswith("  rules      ") for line in shown)
    series = host.json("create", "Standup 2", *DAILY)
    tried = host.says("schedule", "edit", series["id"], "--rules", redacting, "--delay", "6s", "--dry-run").splitlines()
    assert "  delay      6 s" in tried
    assert tried[-1].startswith("  rules      ")
    assert "rules" not in host.says("schedule", "show", series["id"])
    host.json("schedule", "edit", series["id"], "--delay", "6s")
    assert host.json("show", series["next_space_id"])["delay"] == 6


@pytest.mark.parametrize("edit", [("--rules",), ("--rules", "--title"), ("--no-rules",)])
def test_a_dry_run_of_an_edit_shows_the_space_as_it_would_be(
    host: Person, ann: Person, numbers: str, redacting: str, edit: tuple[str, ...]
) -> None:
    space = host.live()
    host.json("rules", "push", space, numbers)
    given = {"--rules": ["--rules", redacting], "--title": ["--title", "New"], "--no-rules": ["--no-rules"]}
    words = ["edit", space, *(word for one in edit for word in given[one]), "--invite", ann.handle]
    before, tried = host.json("show", space), host.json(*words, "--dry-run")
    assert host.json("show", space)["rules"] == before["rules"]
    done = host.json(*words)
    same = ("rules", "redacts", "with_numbers", "delay", "title", "invited_user_ids")
    assert {name: tried[name] for name in same} == {name: done[name] for name in same}
    assert tried["rules"] != before["rules"]


def test_rules_that_redact_too_late_are_told(host: Person, redacting: str) -> None:
    made = host.run("create", "Talk", "--start", "--delay", "0", "--rules", redacting, "--json")
    assert TOO_LATE in made.stderr
    space = host.live()
    pushed = host.run("rules", "push", space, redacting)
    assert "the delay is 0 of 4 s, safe in " in pushed.stdout
    assert TOO_LATE not in pushed.stderr
    edited = host.run("edit", space, "--delay", "0")
    assert TOO_LATE in edited.stderr
    assert "  delay      none, though rules redact: too late" in edited.stdout or "to be 0 s" in edited.stdout
    assert TOO_LATE in host.run("rules", "push", space, redacting, "--with-numbers").stderr
    assert TOO_LATE not in host.run("edit", space, "--title", "New").stderr
    series = host.run("create", "Standup", *DAILY, "--delay", "0", "--rules", redacting)
    assert TOO_LATE in series.stderr
    assert "0 s, though rules redact: too late" in series.stdout
