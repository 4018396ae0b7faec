"""What the server and its compiling processes say to each other."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

LONGEST: Final = 2 << 20
"""Bytes of the longest message: a rule file of 1 MiB and its name."""
MEMORY: Final = 768 << 20
"""Bytes of address space of a compiling process. A file of 1 MiB needs some 200 MiB; Python and its libraries take some 100."""
PROCESSOR: Final = 5
"""Seconds of processor time for one file, after which the system kills the process. A file of 1 MiB takes 1 to 3 s."""


class Compile(Struct, frozen=True, tag=True):
    """Compile this rule file; `filename` is for the messages about it."""

    text: str
    filename: str


class Compiled(Struct, frozen=True, tag=True):
    """The file is good: its hash, the ids of its rules in their order, what they may do, sorted, how many sanctions they may take, and how
    severe the worst offence is that has one."""

    hash: str
    ids: list[str]
    actions: list[str]
    most: int
    severest: int


class Rejected(Struct, frozen=True, tag=True):
    """The file has these errors and warnings: its name, the line, and what to do, in one sentence each."""

    problems: list[str]


class OutOfMemory(Struct, frozen=True, tag=True):
    """The file needs more memory than a compiling process has."""


Verdict = Compiled | Rejected
Answer = Verdict | OutOfMemory
