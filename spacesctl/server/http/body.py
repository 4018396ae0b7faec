"""Bodies of requests: JSON as a type of `api`, or a clear refusal."""

from __future__ import annotations

import difflib
import re
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import TypeVar

import msgspec
from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from spacesctl.api.request_texts import fault_of
from spacesctl.api.wire import Given, load
from spacesctl.domain.errors import Invalid

T = TypeVar("T", bound=Given)
BOM = b"\xef\xbb\xbf"
"""Editors of Windows put it before the text of a file. RFC 8259 (8.1) allows to pass over it."""


def reader(kind: type[T], *missing: object) -> Callable[[Request], Awaitable[object]]:
    """A dependency that reads the body; an empty one stands for the value `missing`, if there is one. It raises Invalid, and
    HTTPException 415 for another content type than JSON.
    """

    async def read(request: Request) -> object:
        try:
            text = await request.body()
        except ClientDisconnect as error:  # nobody will read the answer; it is no error of ours
            raise Invalid("body", "was cut off") from error
        if missing and not text:
            return missing[0]
        _require_json(request)
        return parse(text, kind)

    return read


def _require_json(request: Request) -> None:
    said = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if said != "application/json" and not said.endswith("+json"):
        raise HTTPException(415, "the body must be application/json", {"Accept-Post": "application/json"})


def parse(text: bytes, kind: type[T]) -> T:
    """The body as a value. Raises Invalid, which names the field and says what it may be."""
    text = text.removeprefix(BOM)
    if not text:
        raise Invalid("body", "is missing")
    try:
        made = load(text, kind)
    except msgspec.ValidationError as error:
        raise _refused(str(error), kind) from error
    except RecursionError as error:
        raise Invalid("body", "is nested too deeply") from error
    except ValueError as error:  # no JSON, or no UTF-8
        raise Invalid("body", "is not JSON") from error
    if (fault := fault_of(made)) is not None:
        raise Invalid(*fault)
    return made


def _refused(said: str, kind: type[Given]) -> Invalid:
    """Another library's message, such as "Expected `str`, got `int` - at `$.title`", in our words."""
    problem, _, place = said.partition(" - at `$")
    where = re.sub(r"\[(\d+|\.\.\.)\]", r".\1", place.rstrip("`")).strip(".")
    if found := re.match(r"Object (?:contains unknown|missing required) field `(.*)`$", problem, re.DOTALL):
        name = found[1] or '""'  # a field without a name is named, too
        field = f"{where}.{name}" if where else name
        if "missing" in problem:
            return Invalid(field, "is missing")
        near = difflib.get_close_matches(name, _fields(kind, where), 1)
        return Invalid(field, "is unknown", hint=f"did you mean {near[0]}?" if near else None)
    if problem.startswith("Invalid enum value"):
        return Invalid(where, f"must be one of {', '.join(_words(kind, where))}")
    return Invalid(where or "body", _ours(problem))


_PHRASES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (
        re.compile(r"Expected `(\w+)(?: \| null)?`, got `(\w+)`$"),
        lambda m: f"must be {_noun(m[1])}, not {_noun(m[2])}",
    ),
    (re.compile(r"Expected `str` of length <= (\d+)"), lambda m: f"may have at most {m[1]} characters"),
    (re.compile(r"Expected `str` of length >= (\d+)"), lambda m: f"must have at least {m[1]} character{_s(m[1])}"),
    (re.compile(r"Expected `array` of length <= (\d+)"), lambda m: f"may have at most {m[1]} elements"),
    (re.compile(r"Expected `array` of length >= (\d+)"), lambda m: f"must have at least {m[1]} element{_s(m[1])}"),
    (re.compile(r"Expected `(?:int|float)` <= ([-\d.]+)"), lambda m: f"may be at most {m[1]}"),
    (re.compile(r"Expected `(?:int|float)` >= ([-\d.]+)"), lambda m: f"must be at least {m[1]}"),
    (re.compile(r"Expected `str` matching regex"), lambda m: "has another form than this field has"),
)
_NOUNS = {"str": "a text", "int": "a whole number", "float": "a number", "bool": "true or false", "array": "a list"}


def _ours(problem: str) -> str:
    for pattern, say in _PHRASES:
        if found := pattern.match(problem):
            return say(found)
    return problem.replace("`", "")


def _noun(name: str) -> str:
    return _NOUNS.get(name, "an object" if name == "object" else name)


def _s(count: str) -> str:
    return "" if count == "1" else "s"


def _type_at(kind: type[Given], where: str) -> msgspec.inspect.Type:
    """The type of the field at a path such as `evidence.before`; that of the whole where the path leads nowhere: a field's name may look
    like a path.
    """
    whole = found = msgspec.inspect.type_info(kind)
    for part in where.split(".") if where else ():
        found = _bare(found)
        if isinstance(found, msgspec.inspect.StructType):
            inner = next((field.type for field in found.fields if field.encode_name == part), None)
            if inner is None:
                return whole
            found = inner
        elif isinstance(found, msgspec.inspect.ListType):
            found = found.item_type
    return _bare(found)


def _bare(found: msgspec.inspect.Type) -> msgspec.inspect.Type:
    """Without `| null` and without metadata."""
    while isinstance(found, msgspec.inspect.UnionType | msgspec.inspect.Metadata):
        if isinstance(found, msgspec.inspect.Metadata):
            found = found.type
        else:
            found = next(one for one in found.types if not isinstance(one, msgspec.inspect.NoneType))
    return found


def _fields(kind: type[Given], where: str) -> list[str]:
    found = _type_at(kind, where)
    return [field.encode_name for field in found.fields] if isinstance(found, msgspec.inspect.StructType) else []


def _words(kind: type[Given], where: str) -> list[str]:
    found = _type_at(kind, where)
    if isinstance(found, msgspec.inspect.EnumType):
        return [str(one.value) for one in found.cls if isinstance(one, Enum)]
    return [str(value) for value in found.values] if isinstance(found, msgspec.inspect.LiteralType) else []
