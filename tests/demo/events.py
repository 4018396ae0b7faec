"""Events of a Space as the demo gets them, and the picture that it draws of them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from rich.console import Console

from spacesctl.demo.state import State
from spacesctl.demo.view import render


class Followed(State):
    """A run, and what was said of it."""

    lines: list[str]


def event(kind: str, seq: int | None = None, tick: int = 500, **data: Any) -> dict[str, Any]:
    return {"type": kind, "tick": tick, "data": data} | ({"seq": seq, "id": str(seq)} if seq else {})


def caption(
    text: str,
    lane: int = 2,
    account: str = "2",
    start: int = 480,
    final: bool = True,
    words: Sequence[dict[str, Any]] = (),
) -> dict[str, Any]:
    data: dict[str, Any] = {
        "account_id": account,
        "speaker": "@rex",
        "lane": lane,
        "utterance": start,
        "text": text,
        "words": words,
    }
    return event("caption" if final else "caption.partial", 7 if final else None, start_tick=start, **data)


def act(action: str = "mute", mode: str = "enforce") -> dict[str, Any]:
    data: dict[str, Any] = {
        "rule_id": "scam",
        "mode": mode,
        "action": action,
        "account_id": "2",
        "lane": 2,
        "start_tick": 500,
        "end_tick": 549,
    }
    return event("act.taken", 9, 580, **data)


def drawn(state: State, height: int = 24, width: int = 80) -> str:
    picture = io.StringIO()
    Console(file=picture, width=width, height=height, force_terminal=False).print(render(state, height))
    return picture.getvalue()
