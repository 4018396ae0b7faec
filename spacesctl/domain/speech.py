"""What was said."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Word:
    """A recognised word `w`, with its confidence (0 to 1) and its times in seconds on the Space clock."""

    w: str
    start: float
    end: float
    conf: float
