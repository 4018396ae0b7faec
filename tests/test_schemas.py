"""The JSON Schemas in the package: they take what is valid, and refuse what is not. docs/generate.py keeps them up to date."""

from __future__ import annotations

import json
import re
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from spacesctl.api.events import EPHEMERAL, EVENTS
from spacesctl.api.wire import plain
from spacesctl.cli.answers import Deleted
from spacesctl.cli.json_output import OUTPUTS
from spacesctl.rules import schema as rule_keys
from spacesctl.rules.facts import FACTS
from tests.cli.samples import space
from tests.schema_check import faults

ROOT = Path(__file__).parent.parent
RULES = (ROOT / "docs/rule-file.md").read_text()
EXAMPLE = re.search(r"```toml\n(.*?)```", RULES, re.DOTALL)


def schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files("spacesctl").joinpath("schemas", f"{name}.schema.json").read_text())
    return found


def refused(value: Any, name: str) -> list[str]:
    return faults(value, schema(name), schema(name))


def printed(value: Any, command: str) -> list[str]:
    whole = schema("cli")
    return faults(value, whole["$defs"][command], whole)


def test_the_example_settings_are_valid() -> None:
    text = re.sub(r"^#(?=\w+ = )", "", (ROOT / "config.example.toml").read_text(), flags=re.MULTILINE)
    settings = tomllib.loads(text)
    assert set(settings) == set(schema("config")["properties"]), "all are in it"
    assert refused(settings, "config") == []


@pytest.mark.parametrize(
    "settings",
    [
        {"udb": "0.0.0.0:8420"},
        {"bots": "yes"},
        {"log_level": "loud"},
        {"limits": {"dms": "off"}},
        {"limits": {"peers": -1}},
        {"retention": {"evidence_days": -1}},
        {"turn": {"ttl": 1}},
        {"audience_packet_ms": 30},
    ],
    ids=str,
)
def test_settings_that_the_server_refuses(settings: dict[str, Any]) -> None:
    assert refused(settings, "config")


@pytest.mark.parametrize(
    "settings",
    [{"audience_packet_ms": 40}, {"limits": {"peers": "off", "dm": 0}}, {"retention": {"cases_days": "off"}}],
    ids=str,
)
def test_settings_in_another_form(settings: dict[str, Any]) -> None:
    assert refused(settings, "config") == []


@pytest.mark.parametrize("path", sorted(ROOT.glob("bots/clips/*/rules.toml")), ids=lambda path: path.parent.name)
def test_the_rule_files_of_the_casts_are_valid(path: Path) -> None:
    assert refused(tomllib.loads(path.read_text()), "rules") == []


def test_the_documented_rule_file_is_valid_and_uses_every_key() -> None:
    assert EXAMPLE is not None
    rules = tomllib.loads(EXAMPLE[1])
    assert refused(rules, "rules") == []
    [rule] = rules["rule"]
    assert set(rule) == set(rule_keys.RULE)
    assert set(rules) == set(rule_keys.FILE)


def test_each_key_of_the_documented_table_is_in_the_schema() -> None:
    keys = re.findall(r"^\| `([\w.]+)` \|", RULES, re.MULTILINE)
    known = {*rule_keys.FILE, *rule_keys.RULE, *(f"when.{name}" for name in rule_keys.WHEN)}
    assert set(keys) == known - {"rule", "when"} | set(FACTS)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"mode": "sugest"}, "mode"),
        ({"cooldown": "45"}, "cooldown"),
        ({"actions": ["ban"]}, "actions"),
        ({"when": {"any": [{"words": ["a"], "regex": "b"}]}}, "any"),
        ({"frequency": 3}, "frequency"),
        ({"scope": {"roles": ["guest"]}}, "roles"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_rule_that_the_compiler_refuses(change: dict[str, Any], told: str) -> None:
    rule = {"id": "a", "when": {"any": [{"words": ["a"]}]}, "actions": ["log"]}
    assert refused({"schema": 1, "rule": [rule]}, "rules") == []
    [fault] = refused({"schema": 1, "rule": [rule | change]}, "rules")
    assert told in fault


def test_each_command_has_an_entry() -> None:
    assert set(OUTPUTS) <= set(schema("cli")["$defs"])
    assert printed([plain(space())], "list") == []
    assert printed(plain(space()), "list"), "an array, also of one"
    assert printed(plain(Deleted(id="1")), "post --delete") == []
    assert printed({"id": "1", "deleted": False}, "post --delete")


def test_each_event_is_in_the_schema() -> None:
    told = {one["properties"]["type"]["const"] for one in schema("events")["oneOf"]}
    assert told == {*EVENTS, *EPHEMERAL}
    at = "2026-12-01T18:00:00.000Z"
    assert refused({"type": "space.started", "seq": 1, "at": at, "tick": 0, "data": {"at": at}}, "events") == []
    assert refused({"type": "presence", "data": {"participant_count": 3}}, "events") == []
    assert refused({"type": "space.started", "data": {"at": at}}, "events"), "a stored event has a number"
