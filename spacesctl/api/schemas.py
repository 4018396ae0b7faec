"""JSON Schemas of the types of the wire, for the OpenAPI document and for the schemas of the package."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from dataclasses import fields as dataclass_fields
from dataclasses import is_dataclass
from typing import Any, NamedTuple, get_args, get_type_hints

import msgspec

from spacesctl.api import events
from spacesctl.api.problem import Problem
from spacesctl.api.texts import all_field_texts
from spacesctl.api.wire import Time

ALL_EVENTS = {**events.EVENTS, **events.EPHEMERAL}


class Schemas:
    """The schemas of many types by name. Fields carry the texts that stand below them in the code.

    `ref` is how they refer to each other, such as `#/$defs/{name}`.
    """

    def __init__(self, kinds: Iterable[Any], ref: str) -> None:
        self._kinds = list(dict.fromkeys(kinds))
        refs, self.all = msgspec.json.schema_components(self._kinds, schema_hook=_own_type, ref_template=ref)
        self._refs = dict(zip(self._kinds, refs, strict=True))
        for kind in structs(self._kinds):
            _describe(self.all.get(_name(kind), {}), kind)
        if (
            Problem.__name__ in self.all
        ):  # its fields have defaults for what proxies send; the server sends these always
            self.all[Problem.__name__]["required"] = ["type", "title", "status", "detail", "code"]

    def ref(self, kind: Any) -> dict[str, Any]:
        """The schema of one of the types, as a reference."""
        found: dict[str, Any] = self._refs[kind]
        return found


def space_event(known: Schemas) -> dict[str, Any]:
    """An event of a Space's stream, by its type. The stored ones have a number and times."""
    number, instant = {"type": "integer"}, {"type": "string", "format": "date-time"}
    kinds = []
    for name, kind in ALL_EVENTS.items():
        properties = {"type": {"const": name}, "data": known.ref(kind)}
        stored = {"seq": number, "at": instant, "tick": number} if name in events.EVENTS else {}
        kinds.append({"type": "object", "properties": {**properties, **stored}, "required": [*properties, *stored]})
    return {"oneOf": kinds}


def structs(kinds: Iterable[Any]) -> Iterator[type]:
    """All structs and dataclasses that these types are made of."""
    for info in msgspec.inspect.multi_type_info(kinds):
        todo, seen = [info], set[int]()
        while todo:
            one = todo.pop()
            if id(one) in seen:
                continue
            seen.add(id(one))
            if isinstance(one, msgspec.inspect.StructType | msgspec.inspect.DataclassType):
                yield one.cls
                todo += [field.type for field in one.fields]
            todo += [
                value
                for name in ("type", "item_type", "value_type")
                if isinstance(value := getattr(one, name, None), msgspec.inspect.Type)
            ]
            todo += getattr(one, "types", ())


class Field(NamedTuple):
    """A field of a type, by its name on the wire."""

    name: str
    kind: object
    optional: bool


def fields_of(kind: type) -> list[Field]:
    """The fields of a struct or a dataclass."""
    if is_dataclass(kind):
        hints = get_type_hints(kind, include_extras=True)
        return [Field(one.name, hints[one.name], False) for one in dataclass_fields(kind)]
    found = msgspec.structs.fields(kind)
    omits = bool(getattr(kind, "__struct_config__").omit_defaults)  # noqa: B009  # of structs alone
    return [
        Field(one.encode_name, one.type, one.default is msgspec.UNSET or (omits and not one.required)) for one in found
    ]


def _name(kind: type) -> str:
    """The name that msgspec gives to the schema of a type."""
    given = get_args(kind)
    return f"{kind.__name__}_{'__'.join(_name(one) for one in given)}_" if given else kind.__name__


def _own_type(kind: type) -> dict[str, Any]:
    if kind is Time:
        return {"type": "string", "format": "date-time"}
    raise NotImplementedError


def _describe(schema: dict[str, Any], kind: type) -> None:
    if "description" in schema:
        schema["description"] = inspect.cleandoc(schema["description"])
    properties = schema.get("properties", {})
    for name, text in all_field_texts(kind).items():
        if name in properties and "description" not in properties[name]:
            properties[name]["description"] = text
