"""The part of JSON Schema that the schemas of the package use."""

from __future__ import annotations

import re
from typing import Any

_KINDS: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}
CHECKED = {
    "$ref", "$defs", "$schema", "anyOf", "oneOf", "const", "enum", "type", "properties", "required", "additionalProperties", "items",
    "pattern", "minimum", "maximum", "maxLength", "minLength", "minProperties", "maxProperties", "title", "description", "default",
    "format", "writeOnly",
}  # fmt: skip


def faults(value: Any, schema: dict[str, Any], whole: dict[str, Any], where: str = "it") -> list[str]:
    """What of a parsed JSON value does not match the schema, which is a part of `whole`."""
    assert set(schema) <= CHECKED, set(schema) - CHECKED
    if ref := schema.get("$ref"):
        return faults(value, whole["$defs"][ref.removeprefix("#/$defs/")], whole, where)
    choices = [schema[word] for word in ("anyOf", "oneOf") if word in schema]
    found = [
        f"{where} is none of the choices" for some in choices if all(faults(value, one, whole, where) for one in some)
    ]
    if "const" in schema and value != schema["const"]:
        found.append(f"{where} is not {schema['const']!r}")
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{where} is not one of {schema['enum']}")
    kinds = [schema["type"]] if isinstance(schema.get("type"), str) else schema.get("type", [])
    if kinds and not any(_is(value, kind) for kind in kinds):
        return [*found, f"{where} is no {schema['type']}"]
    if isinstance(value, dict):
        found += _object(value, schema, whole, where)
    elif isinstance(value, list):
        found += [
            one for n, item in enumerate(value) for one in faults(item, schema.get("items", {}), whole, f"{where}[{n}]")
        ]
    elif isinstance(value, str):
        if "pattern" in schema and not re.search(schema["pattern"], value):
            found.append(f"{where} does not match {schema['pattern']}")
        if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
            found.append(f"{where} is too long or too short")
    elif isinstance(value, int | float) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        found.append(f"{where} is out of its range")
    return found


def _is(value: object, kind: str) -> bool:
    return isinstance(value, _KINDS[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _object(value: dict[str, Any], schema: dict[str, Any], whole: dict[str, Any], where: str) -> list[str]:
    known, other = schema.get("properties", {}), schema.get("additionalProperties", True)
    found = [f"{where} has no {name}" for name in schema.get("required", []) if name not in value]
    if not schema.get("minProperties", 0) <= len(value) <= schema.get("maxProperties", len(value)):
        found.append(f"{where} has another number of keys")
    for name, item in value.items():
        if name in known or isinstance(other, dict):
            found += faults(item, known.get(name, other), whole, f"{where}.{name}")
        elif other is False:
            found.append(f"{where} has an unknown {name}")
    return found
