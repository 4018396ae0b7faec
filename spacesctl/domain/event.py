"""The base of all events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Event:
    """The base of all events. `type` is the stable name in storage and in the API."""

    type: ClassVar[str]
