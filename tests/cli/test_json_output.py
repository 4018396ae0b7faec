"""The table of what `--json` prints, and the check that all other tests of commands apply."""

from __future__ import annotations

import inspect
import json
from pathlib import Path

import pytest
from msgspec import structs

from spacesctl.api.wire import plain
from spacesctl.cli.answers import Serving
from spacesctl.cli.commands import ROOT
from spacesctl.cli.json_output import OUTPUTS
from spacesctl.cli.lazy import verbs
from spacesctl.server.process.serve import Running
from tests.cli.inside import Person
from tests.cli.outputs import command, require_documented
from tests.cli.samples import space


def test_the_table_has_each_command_with_json_and_no_other() -> None:
    having = {words for words, one in verbs(ROOT) if "as_json" in inspect.signature(one.function()).parameters}
    assert {key.partition(" --")[0] for key in OUTPUTS} == having
    assert having <= set(OUTPUTS), "also without the option"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["list", "--json"], "list"),
        (["--url", "http://127.0.0.1:9", "schedule", "show", "create"], "schedule show"),
        (["profile", "@ann"], "profile show"),
        (["profile", "edit", "--name", "show"], "profile edit"),
    ],
)
def test_the_command_is_found_in_what_is_typed(words: list[str], expected: str) -> None:
    assert command(words) == expected


def test_what_is_not_documented_is_found() -> None:
    row = plain(space())
    assert isinstance(row, dict)
    require_documented(["show", "--json"], json.dumps(row))
    for wrong in ({**row, "gag": None}, {key: value for key, value in row.items() if key != "notice"}):
        with pytest.raises((AssertionError, ValueError)):
            require_documented(["show", "--json"], json.dumps(wrong))
    with pytest.raises(AssertionError):
        require_documented(["list", "--json"], json.dumps(row))
    deleted = json.dumps({"id": "1", "deleted": True})
    require_documented(["post", "--delete", "1", "--json"], deleted)
    with pytest.raises(ValueError, match="missing required"):
        require_documented(["post", "text", "--json"], deleted)


def test_a_ready_server_announces_what_is_documented() -> None:
    assert [*Running("http", "udp", "data").announced()] == [one.name for one in structs.fields(Serving)]


def test_commands_whose_json_no_other_test_asks_for(host: Person, ann: Person, owner: Person, tmp_path: Path) -> None:
    assert owner.json("account", "create", f"new{host.handle[1:]}")["token"]
    assert host.json("account", "show")["scopes"] == ["use"]
    assert host.json("account", "show", ann.handle)["scopes"] is None
    live = host.json("create", "T", "--at", "+2h", "--speakers", "everyone")["id"]
    assert host.json("start", live)["state"] == "live"
    ann.json("raise", live)
    host.json("demote", live, ann.handle)
    [sanction] = host.json("sanctions", live)
    assert host.json("undo", sanction["id"])["how"] == "undone"
    report = ann.json("report", live, "--category", "spam")["id"]
    assert host.json("reports", "show", report)["target"] is None
    assert host.json("reports", "decide", report, "--dismissed")["state"] == "dismissed"
    archive = str(tmp_path / "all.tar.gz")
    assert host.json("backup", archive, "--data", str(host.server.data))["bytes"] > 0
    restored = host.json("restore", archive, "--data", str(tmp_path / "again"), "--yes")
    assert (restored["data"], restored["missing"], restored["left_out"]) == (str(tmp_path / "again"), [], 0)
