"""docs/api.md: each operation with its parameters, body, answer and problems, and each type with its fields, from the OpenAPI document."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from typing import Any, get_args

from fastapi import FastAPI

from spacesctl.api import lanes
from spacesctl.api.schemas import Schemas
from spacesctl.server.http.app import ROUTERS
from spacesctl.server.http.openapi import document

_INTRODUCTION = """# HTTP API

The OpenAPI document is at `/openapi.json`; this page is made from it. Requests are JSON; an unknown field is refused with the nearest
one that is known. Errors are [problem documents](errors.md). Lists are pages of 100 with a `next` cursor. Requests that create something
take an `Idempotency-Key`. Times are UTC with milliseconds, in the years 1970 to 9998; ids are texts. Time zones have names of the IANA
list ([why](decisions/0036-what-plain-input-may-be.md)). A change with `Dry-Run: true` is checked and answered as
if it had been made, but not made. Texts have no control or bidi characters, and something visible
([why](decisions/0032-texts-of-others.md)); all but posts, messages, notes and descriptions are one line. Programs in Python have a
[typed client](client.md).

Every operation can also answer 500 and 503, and those that take a token 401 (it is unknown) and 429 (too many unknown ones came).
"""
_EVERYWHERE = {"500", "503", "401", "429"}
_X = "The operations below `/2` have X's format, for programs made for X's API v2: see [x.md](x.md).\n"
_LANES = """## `WebSocket /v1/spaces/{space_id}/lanes?role=listen|speak|all`

The server first sends [Hello](#hello). Sound is in binary messages, big-endian: `u8 version | u8 kind | u16 n | u64 tick`, then n times
`u16 lane | u8 flags | u8 0 | u16 length | Opus payload`. Events are JSON text messages, told apart by `event`. `role=all` (each lane
separately) is for the bundled bot, with the host's permission.
"""


def page() -> str:
    """The whole page."""
    found = _document()
    parts = [_INTRODUCTION]
    paths = sorted(found["paths"].items())
    for path, operations in paths:
        if path.startswith("/2/") and _X not in parts:
            parts.append(_X)
        parts += [_operation(method, path, operation) for method, operation in operations.items()]
    parts += [_LANES, "## Events of a Space\n", _events(found), "## Webhooks\n", _webhooks(found), "# Types\n"]
    parts += [_type(name, schema) for name, schema in _types(found) if name != "SpaceEvent"]
    return "\n".join(parts).rstrip() + "\n"


def _document() -> dict[str, Any]:
    app = FastAPI()
    for router in ROUTERS:
        app.include_router(router)
    return document(app, ROUTERS)


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    lines = [f"## `{method.upper()} {path}`\n", f"{operation.get('description', operation.get('summary', ''))}\n"]
    asked = [
        f"`{one['name']}`: {_words(one['schema'])}" for one in operation.get("parameters", []) if one["in"] != "path"
    ]
    token = {0: "no", 2: "needed", 3: "optional"}[len(operation.get("security", []))]
    facts = [f"token {token}"]
    facts += [f"parameters {', '.join(asked)}"] if asked else []
    facts += [f"body {_content(operation['requestBody'])}"] if "requestBody" in operation else []
    good = {status: told for status, told in operation["responses"].items() if status < "400"}
    facts += [f"answers {', '.join(f'{status} {_content(told)}'.strip() for status, told in sorted(good.items()))}"]
    bad = sorted(set(operation["responses"]) - set(good) - _EVERYWHERE)
    facts += [f"problems {', '.join(bad)}"] if bad else []
    whole = "; ".join(facts)
    return "\n".join([*lines, f"{whole[0].upper()}{whole[1:]}.\n"])


def _content(told: dict[str, Any]) -> str:
    found = told.get("content", {})
    named = [
        _words(one["schema"]) if "json" in media and "schema" in one else f"`{media}`" for media, one in found.items()
    ]
    return " or ".join(named)


def _events(found: dict[str, Any]) -> str:
    kinds = found["components"]["schemas"]["SpaceEvent"]["oneOf"]
    lines = ["Those with a number (`seq`, `at`, `tick`) are stored, and sent again after `Last-Event-ID`.\n"]
    lines += ["| `type` | `data` | stored |\n| --- | --- | --- |"]
    for kind in kinds:
        fields = kind["properties"]
        lines.append(
            f"| `{fields['type']['const']}` | {_words(fields['data'])} | {'yes' if 'seq' in fields else 'no'} |"
        )
    return "\n".join(lines) + "\n"


def _webhooks(found: dict[str, Any]) -> str:
    lines = [
        "The body is `{type, timestamp, data}`, signed as Standard Webhooks says.\n",
        "| `type` | `data` |\n| --- | --- |",
    ]
    for name, one in found["webhooks"].items():
        schema = one["post"]["requestBody"]["content"]["application/json"]["schema"]
        lines.append(f"| `{name}` | {_words(schema['properties']['data'])} |")
    return "\n".join(lines) + "\n"


def _types(found: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    told = Schemas(get_args(lanes.LaneEvent), "#/components/schemas/{name}").all
    yield from sorted({**told, **found["components"]["schemas"]}.items())


def _type(name: str, schema: dict[str, Any]) -> str:
    lines = [f"## {_title(name)}\n", f"{inspect.cleandoc(schema.get('description', ''))}\n"]
    if "enum" in schema:
        return "\n".join([*lines, ", ".join(f"`{one}`" for one in schema["enum"]) + "\n"])
    rows = []
    for field, one in schema.get("properties", {}).items():
        closed = schema.get("additionalProperties") is False  # a request: what is not required may be left out
        needed = field in schema.get("required", [])
        optional = (", required" if needed else "") if closed else ("" if needed or "default" in one else " (optional)")
        default = (
            f" Default: `{json.dumps(one['default'], ensure_ascii=False)}`."
            if one.get("default") not in (None, [], "")
            else ""
        )
        rows.append(
            f"| `{field}` | {_words(one)}{optional} | {' '.join(one.get('description', '').split())}{default} |"
        )
    return "\n".join(
        [*lines, *(["| field | type | |\n| --- | --- | --- |", *rows] if rows else ["It has no fields."]), ""]
    )


def _title(name: str) -> str:
    """`Page_Space_` is a page of Spaces."""
    return name.replace("_", " ").strip()


def _words(schema: dict[str, Any]) -> str:
    if ref := schema.get("$ref"):
        name = _title(ref.rpartition("/")[2])
        return f"[{name}](#{name.lower().replace(' ', '-')})"
    if parts := schema.get("anyOf"):
        return " or ".join(_words(one) for one in parts)
    if "enum" in schema:
        return ", ".join("null" if one is None else f"`{one}`" for one in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    match schema.get("type"):
        case "array":
            return f"array of {_words(schema['items'])}{_limits(schema)}"
        case "object" if isinstance(schema.get("additionalProperties"), dict):
            return f"object of {_words(schema['additionalProperties'])}"
        case "string" if schema.get("format") == "date-time":
            return "time"
        case str(name):
            return f"{name}{_limits(schema)}"
    return "value"


def _limits(schema: dict[str, Any]) -> str:
    bounds = [(schema.get(f"min{kind}"), schema.get(f"max{kind}")) for kind in ("imum", "Length", "Items")]
    least, most = next((one for one in bounds if one != (None, None)), (None, None))
    unit = " characters" if "maxLength" in schema or "minLength" in schema else ""
    if "pattern" in schema:
        return f" (`{schema['pattern']}`)"
    if least is None and most is None:
        return ""
    span = f"at most {most}" if least is None else f"at least {least}" if most is None else f"{least} to {most}"
    return f" ({span}{unit})"
