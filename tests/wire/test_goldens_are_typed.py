"""The golden events, webhook messages and lane messages against the types of the wire: every field, and no other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from spacesctl.api.captions import Assignments
from spacesctl.api.events import EPHEMERAL, EVENTS
from spacesctl.api.lanes import LaneEvent
from spacesctl.api.webhook_messages import MESSAGES, WebhookMessage, WebhookPing
from spacesctl.api.wire import decoded, dump

GOLDEN = Path(__file__).parent / "golden"
FILLED = {"<time>": "2026-01-01T00:00:00.000Z", "<integer>": 1, "<hash>": "0" * 64}
"""What stands for facts that differ in each run."""


def filled(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: filled(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner) for inner in value]
    return FILLED.get(value, value) if isinstance(value, str) else value


def found(value: Any, key: str) -> Iterator[dict[str, Any]]:
    """Every object with this key."""
    if isinstance(value, dict):
        if isinstance(value.get(key), str):
            yield value
        else:
            for inner in value.values():
                yield from found(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from found(inner, key)


def agrees(value: object, kind: object) -> None:
    text = json.dumps(value)
    made = msgspec.json.decode(text, type=kind, dec_hook=decoded)
    assert json.loads(dump(made)) == json.loads(text)


def files(folder: str) -> list[Any]:
    return [pytest.param(path, id=path.stem) for path in sorted((GOLDEN / folder).glob("*.json"))]


@pytest.mark.parametrize("path", files("events"))
def test_an_event(path: Path) -> None:
    told = list(found(filled(json.loads(path.read_text())), "type"))
    assert told
    for event in told:
        name = event["type"]
        agrees(event["data"], {**EVENTS, **EPHEMERAL}[name])
        assert set(event) == {"type", "data"} | ({"seq", "at", "tick"} if name in EVENTS else set())


@pytest.mark.parametrize("path", files("webhooks"))
def test_a_webhook_message(path: Path) -> None:
    told = [one for one in found(filled(json.loads(path.read_text())), "type") if "timestamp" in one]
    assert told or path.stem == "failed_delivery"
    for message in told:
        agrees(message["data"], MESSAGES[message["type"]])
        agrees({**message, "data": {"webhook_id": "1"}}, WebhookMessage[WebhookPing])


@pytest.mark.parametrize("path", files("lanes"))
def test_a_lane_message(path: Path) -> None:
    told = list(found(filled(json.loads(path.read_text())), "event"))
    assert told
    for message in told:
        agrees(message, LaneEvent)


def test_the_assignments() -> None:
    whole = json.loads((GOLDEN / "get.bots.assignments.json").read_text())
    told = [one for one in found(filled(whole), "type") if one["type"] == "assignments"]
    assert told
    for one in told:
        agrees(one, Assignments)
