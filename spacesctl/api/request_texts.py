"""What the texts of a request may have in them, and where its instants may lie, checked for every field of every request: one that
forgets to say something about itself is a line that others see.

`Meta(extra=wire.LINES)` beside a field allows newlines and tabs, `Meta(extra=wire.FILE)` what a text file may have. Empty texts pass:
whether a field may be empty is decided where it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import NamedTuple

import msgspec
from msgspec import inspect

from spacesctl.api.wire import Given, Time
from spacesctl.domain.clock import END, FIRST, is_in_calendar
from spacesctl.support import text as texts


class Fault(NamedTuple):
    """What is wrong, and where: the path of the field, such as `captions.0.text`."""

    field: str
    problem: str


Check = Callable[[object], "Fault | None"]


def fault_of(request: Given) -> Fault | None:
    """The first fault of a request's texts. Costs a search of each text, and nothing for other fields."""
    return _struct(type(request))(request)


@cache
def _struct(kind: type[Given]) -> Check:
    fields = [
        (field.name, field.encode_name, check)
        for field in msgspec.structs.fields(kind)
        if (check := _check(inspect.type_info(field.type), {})) is not None
    ]

    def check_struct(value: object) -> Fault | None:
        for name, shown, check in fields:
            if (found := check(getattr(value, name))) is not None:
                return _below(shown, found)
        return None

    return check_struct


def _check(kind: inspect.Type, extra: Mapping[str, object]) -> Check | None:
    """The check of a type; None for a type without texts."""
    match kind:
        case inspect.Metadata():
            return _check(kind.type, {**extra, **(kind.extra or {})})
        case inspect.UnionType():
            found = [check for one in kind.types if (check := _check(one, extra)) is not None]
            return _optional(found[0]) if found else None
        case inspect.ListType():
            item = _check(kind.item_type, extra)
            return _each(item) if item is not None else None
        case inspect.StructType():
            return _struct(kind.cls)
        case inspect.StrType():
            return _of_file if extra.get("text") == "file" else _of_lines if extra.get("text") == "lines" else _of_line
        case inspect.CustomType():
            return _of_instant if kind.cls is Time else None
        case inspect.EnumType() | inspect.LiteralType():
            return None  # words of a list
        case inspect.IntType() | inspect.FloatType() | inspect.BoolType() | inspect.NoneType():
            return None
        case _:
            raise TypeError(f"nobody says how the texts in a {type(kind).__name__} are checked")


def _optional(check: Check) -> Check:
    return lambda value: None if value is None or value is msgspec.UNSET else check(value)


def _each(check: Check) -> Check:
    def check_all(value: object) -> Fault | None:
        for number, one in enumerate(value if isinstance(value, list) else ()):
            if (found := check(one)) is not None:
                return _below(str(number), found)
        return None

    return check_all


def _below(name: str, found: Fault) -> Fault:
    return Fault(f"{name}.{found.field}" if found.field else name, found.problem)


def _fault(problem: str | None) -> Fault | None:
    return Fault("", problem) if problem is not None else None


def _of_line(value: object) -> Fault | None:
    return _fault(texts.fault(str(value)))


def _of_lines(value: object) -> Fault | None:
    return _fault(texts.fault(str(value), lines=True))


def _of_instant(value: object) -> Fault | None:
    if not isinstance(value, Time) or is_in_calendar(value):
        return None
    return _fault(f"must lie in the years {FIRST.year} to {END.year - 1}")


def _of_file(value: object) -> Fault | None:
    """Programs read it; people see it in an editor or in `rules show`. Windows ends its lines in CR LF, and begins with a BOM."""
    char = texts.hostile(str(value).removeprefix("\ufeff").replace("\r\n", "\n"), lines=True)
    return _fault(texts.refused(char) if char is not None else None)
