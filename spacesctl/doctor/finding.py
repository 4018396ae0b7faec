"""What a check has to say: one line, and where something is to be done, what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Finding:
    """`todo` is empty when all is well."""

    level: Level
    name: str
    said: str
    todo: str = ""


def ok(name: str, said: str) -> Finding:
    return Finding("ok", name, said)


def warn(name: str, said: str, todo: str) -> Finding:
    return Finding("warn", name, said, todo)


def fail(name: str, said: str, todo: str) -> Finding:
    return Finding("fail", name, said, todo)
