"""The result of a check: one line, and what to do if something is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Finding:
    """`said` is what was found; `todo` is what to do, empty when all is well."""

    level: Level
    name: str
    said: str
    todo: str = ""


def ok(name: str, said: str) -> Finding:
    """All is well."""
    return Finding("ok", name, said)


def warn(name: str, said: str, todo: str) -> Finding:
    """The server works, but something should be improved."""
    return Finding("warn", name, said, todo)


def fail(name: str, said: str, todo: str) -> Finding:
    """The server does not work like this."""
    return Finding("fail", name, said, todo)
