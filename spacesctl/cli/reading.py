"""Reads the usual arguments without pydantic: Typer imports it to read even a text, which takes longer than most commands."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, get_args, get_origin

from typer.core import TyperArgument, TyperOption

if TYPE_CHECKING:
    from typer._click import Context, Parameter


class _Reader(Protocol):
    def coerce(self, value: object, param: TyperOption | TyperArgument, ctx: Context) -> object:
        """The value of a parameter from what was given for it."""


def read_quickly(params: list[Parameter]) -> list[Parameter]:
    """Let these parameters read texts, paths, words of an enumeration and lists of these. Typer still reads everything else."""
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
        found = _read(value, param.type_descriptor.annotation)
        return self._slow().coerce(value, param=param, ctx=ctx) if found is None else found


def _read(value: object, kind: object) -> object:
    """None when it is not simple, or not valid."""
    if kind is str:
        return value if isinstance(value, str) else None
    if kind is Path:
        return Path(value) if isinstance(value, str | Path) else None
    if isinstance(kind, type) and issubclass(kind, Enum):
        return value if isinstance(value, kind) else next((one for one in kind if one.value == value), None)
    if get_origin(kind) is list and isinstance(value, list | tuple):
        items = [_read(item, get_args(kind)[0]) for item in value]
        return None if None in items else items
    return None
