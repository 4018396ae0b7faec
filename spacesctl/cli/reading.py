"""Reads the usual arguments without pydantic: Typer imports it to read even a text, which takes longer than most commands."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, get_args, get_origin

from typer.core import TyperArgument, TyperOption

if TYPE_CHECKING:
    from typer._click import Context, Parameter


MOST_DIGITS = 15


class _Reader(Protocol):
    def coerce(self, value: object, param: TyperOption | TyperArgument, ctx: Context) -> object:
        """The value of a parameter from what was given for it."""


def read_quickly(params: list[Parameter]) -> list[Parameter]:
    """Let these parameters read texts, numbers, paths, words of an enumeration and lists of these. Typer still reads everything else."""
    for param in params:
        if isinstance(param, TyperOption | TyperArgument) and "get_runtime_param" not in vars(param):
            reader = _Quick(param.get_runtime_param)
            setattr(param, "get_runtime_param", lambda reader=reader: reader)  # noqa: B010  # a method for mypy
    return params


class _Quick:
    """Reads what is simple; for the rest, also for every error, `slow` makes Typer's own reader."""

    def __init__(self, slow: Callable[[], _Reader]) -> None:
        self._slow = slow

    def coerce(self, value: object, param: TyperOption | TyperArgument, ctx: Context) -> object:
        """The value of a parameter from what was given for it."""
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        kind: object = param.type_descriptor.annotation
        value = split(value) if get_origin(kind) is list else value
        found = _read(value, kind)
        if isinstance(found, int | float) and not _in_range(found, param):
            found = None
        return self._slow().coerce(value, param=param, ctx=ctx) if found is None else found


def _number(value: object, kind: type[int] | type[float]) -> int | float | None:
    """None for what has another form than the usual one, such as `1e3` or `-1`."""
    if isinstance(value, kind) and not isinstance(value, bool):
        return value
    usual = isinstance(value, str) and value.isascii() and value.replace(".", "" if kind is float else ".", 1).isdigit()
    return kind(str(value)) if usual and len(str(value)) <= MOST_DIGITS else None


def _in_range(value: float, param: TyperOption | TyperArgument) -> bool:
    return (param.min is None or value >= param.min) and (param.max is None or value <= param.max)


def split(value: object) -> object:
    """A list whose items may be several with commas between them. What is empty stays empty, since it may mean none."""
    if not isinstance(value, list | tuple):
        return value
    return [part for item in value for part in _parts(item)]


def _parts(item: object) -> list[object]:
    return [part for one in item.split(",") if (part := one.strip())] or [item] if isinstance(item, str) else [item]


def _read(value: object, kind: object) -> object:
    """None when it is not simple, or not valid."""
    if kind is str:
        return value if isinstance(value, str) else None
    if kind is int or kind is float:
        return _number(value, int if kind is int else float)
    if kind is Path:
        return Path(value) if isinstance(value, str | Path) else None
    if isinstance(kind, type) and issubclass(kind, Enum):
        return value if isinstance(value, kind) else next((one for one in kind if one.value == value), None)
    if get_origin(kind) is list and isinstance(value, list | tuple):
        items = [_read(item, get_args(kind)[0]) for item in value]
        return None if None in items else items
    return None
