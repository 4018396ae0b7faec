"""docs/json.md, and the JSON Schemas of the package: what commands print, events, the settings and rule files."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from spacesctl.api.events import EPHEMERAL, EVENTS, Event
from spacesctl.api.schemas import Schemas, fields_of, space_event, structs
from spacesctl.api.texts import all_field_texts
from spacesctl.cli.json_output import OUTPUTS, Output, Shape
from spacesctl.rules.schema import schema as rules

NOTE = "<!-- Made by docs/generate.py; change the code, not this page. -->\n"
EXAMPLE = Path(__file__).parent.parent / "config.example.toml"
DRAFT = "https://json-schema.org/draft/2020-12/schema"
_REF = "#/$defs/{name}"
_SHAPES = {
    Shape.ONE: "prints one {}.",
    Shape.ARRAY: "prints an array of {}.",
    Shape.LINES: "prints a line for each {}.",
}


def printed(key: str, output: Output) -> str:
    """The sentence about what a command prints with `--json`."""
    option = key.partition(" --")[2]
    with_what = f"`--json` with `--{option}`" if option else "`--json`"
    first = f"prints one {_link(output.first)}, and then " if output.first is not None else ""
    return f"{with_what} {first}{_SHAPES[output.shape].format(_link(output.kind)).removeprefix('prints ' if first else '')}"


def _link(kind: type) -> str:
    name = name_of(kind)
    return f"[{name}](json.md#{name.lower()})"


def name_of(kind: type) -> str:
    """The name of a type on the page."""
    return kind.__name__


def page() -> str:
    """docs/json.md."""
    lines = [
        NOTE,
        "# JSON of the command line\n",
        "The objects that `--json` prints ([each command](cli.md) says which), and what they are made of. Most are answers of the",
        "[HTTP API](api.md). Times are UTC with milliseconds, such as `2026-12-01T18:00:00.000Z`. Every field is always there, unless it",
        "is marked optional; newer versions may add some. JSON Schemas are in the package, in `spacesctl/schemas/`: `cli.schema.json`,",
        "`events.schema.json` for [Event](#event), `config.schema.json` for config.toml and `rules.schema.json` for rule files.\n",
    ]
    for kind in sorted(_all_kinds(), key=name_of):
        lines += [f"## {name_of(kind)}\n", f"{_about(kind)}\n"]
        texts = all_field_texts(kind)
        lines += ["| field | type | |\n| --- | --- | --- |"]
        for field in fields_of(kind):
            optional = " (optional)" if field.optional else ""
            text = _one_line(texts.get(field.name, ""))
            lines.append(f"| `{field.name}` | {_type(field.kind)}{optional} | {text} |")
        lines.append("")
    lines += ["## Types of events\n", "| `type` | `data` | |\n| --- | --- | --- |"]
    for name, kind in {**EVENTS, **EPHEMERAL}.items():
        fields = ", ".join(f"`{one.name}`" for one in fields_of(kind))
        lines.append(f"| `{name}` | {fields} | {_one_line(inspect.cleandoc(kind.__doc__ or ''))} |")
    return "\n".join(lines).rstrip() + "\n"


def _about(kind: type) -> str:
    more = " Its `data` is one of [these](#types-of-events)." if kind is Event else ""
    return inspect.cleandoc(kind.__doc__ or "") + more


def _all_kinds() -> list[type]:
    printed_kinds = (kind for output in OUTPUTS.values() for kind in (output.kind, output.first))
    kinds = dict.fromkeys(kind for kind in printed_kinds if kind is not None)
    return [*dict.fromkeys([*kinds, *structs([kind for kind in kinds if kind is not Event])])]


def _type(kind: object) -> str:
    """A type in words, with links to those on the page."""
    [schema], parts = msgspec.json.schema_components([kind], schema_hook=_time)
    return _words(schema, parts)


def _time(_: type) -> dict[str, Any]:
    return {"type": "string", "format": "date-time"}


def _words(schema: dict[str, Any], parts: dict[str, dict[str, Any]]) -> str:
    if ref := schema.get("$ref"):
        name = ref.rpartition("/")[2]
        return f"[{name}](#{name.lower()})" if name in _KNOWN else _words(parts[name], parts)
    if one_of := schema.get("anyOf"):
        return " or ".join(_words(one, parts) for one in one_of)
    if words := schema.get("enum"):
        return ", ".join("null" if one is None else f"`{one}`" for one in words)
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    match schema.get("type"):
        case "array":
            return f"array of {_words(schema['items'], parts)}" if "items" in schema else "array"
        case "object":
            return "object"
        case "string" if schema.get("format") == "date-time":
            return "time"
        case str() as name:
            return name
        case _:
            return "any"


def _one_line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _text(schema: Mapping[str, object], title: str) -> str:
    whole = {"$schema": DRAFT, **schema, "title": title}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def commands_schema() -> str:
    """cli.schema.json: one entry for each command, by its words."""
    kinds: Iterable[type] = dict.fromkeys(one.kind for one in OUTPUTS.values() if one.kind is not Event)
    firsts = [one.first for one in OUTPUTS.values() if one.first is not None]
    known = Schemas([*kinds, *firsts, *EVENTS.values(), *EPHEMERAL.values()], _REF)
    entries = {}
    for key, output in OUTPUTS.items():
        item = {"$ref": "#/$defs/SpaceEvent"} if output.kind is Event else known.ref(output.kind)
        item = item if output.first is None else {"anyOf": [known.ref(output.first), item]}
        one = {"type": "array", "items": item} if output.shape is Shape.ARRAY else item
        lines = " One line for each." if output.shape is Shape.LINES else ""
        entries[key] = {"description": f"What `spacesctl {key} --json` prints.{lines}", **one}
    return _text({"$defs": {**entries, **known.all, "SpaceEvent": space_event(known)}}, "JSON of the command line")


def events_schema() -> str:
    """events.schema.json: an event of a stream."""
    known = Schemas([*EVENTS.values(), *EPHEMERAL.values()], _REF)
    return _text({**space_event(known), "$defs": known.all}, "An event of a Space")


def config_schema() -> str:
    """config.schema.json: the settings file. Its texts are the comments of config.example.toml."""
    from spacesctl.server.process.settings import Settings

    found = _without_titles(Settings.model_json_schema())
    del found["properties"]["from_file"]
    found["properties"]["audience_packet_ms"]["enum"] += [20, 40, 60, 120]  # a file may have the number
    del found["properties"]["audience_packet_ms"]["type"]
    limits = found["$defs"]["Limits"]["properties"]
    for name, one in limits.items():
        off = {"const": "off"} if one["type"] == "integer" else {"const": 0}
        kind = {"type": "integer", "minimum": 0} if one["type"] == "integer" else {"type": "string"}
        limits[name] = {"anyOf": [kind, off], "default": one["default"]}
    days = found["$defs"]["RetentionDays"]["properties"]
    for name, one in days.items():
        whole_days = {"type": "integer", "minimum": 0}
        days[name] = {"anyOf": [whole_days, {"const": "off"}], "default": one["default"]}
    for name, text in _comments().items():
        found["properties"][name]["description"] = text
    whole = {
        **found,
        "additionalProperties": False,
        "description": "config.toml; config.example.toml has all settings.",
    }
    return _text(whole, "Settings of spacesctl serve")


def _comments() -> dict[str, str]:
    """The comment above each setting of config.example.toml. Settings that stand together share it."""
    found: dict[str, str] = {}
    for paragraph in EXAMPLE.read_text().split("\n\n")[1:]:
        above, _, below = paragraph.partition("\n[")  # of a table only what stands above its name
        text = " ".join(line.removeprefix("# ") for line in above.splitlines() if line.startswith("# "))
        names = [below.partition("]")[0]] if below else re.findall(r"^#(\w+) = ", above, re.MULTILINE)
        found |= dict.fromkeys(names, text)
    return found


def _without_titles(schema: Any) -> Any:
    """Without the titles that pydantic makes of the names."""
    if isinstance(schema, list):
        return [_without_titles(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: _without_titles(one) for key, one in schema.items() if not (key == "title" and isinstance(one, str))}


def rules_schema() -> str:
    """rules.schema.json: a rule file."""
    return _text(rules(), "A rule file")


SCHEMAS = {"cli": commands_schema, "events": events_schema, "config": config_schema, "rules": rules_schema}
_KNOWN = {name_of(kind) for kind in _all_kinds()}
