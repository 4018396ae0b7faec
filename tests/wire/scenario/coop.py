"""Coop decides on a report."""

from __future__ import annotations

from types import SimpleNamespace

from spacesctl.server.delivery.answers import Answer
from tests.api.coop_receiver import sign
from tests.api.test_coop import action, settings
from tests.wire import drive
from tests.wire.wire import Wire


async def _try_now() -> tuple[str, Answer]:
    return "test-1", Answer(400, "it answered 400: Invalid input")


async def play(wire: Wire) -> None:
    app = wire.api.app
    app.coop = SimpleNamespace(settings=settings("http://coop.example"), try_now=_try_now)  # type: ignore[assignment]  # nothing is sent
    second = await wire.person("reporter")
    room = await wire.live(wire.people["host"], "reviewed elsewhere", captions=False)
    await second.prepare("POST", f"{room}/reactions", {"reaction": "clap"})
    filed = await second.prepare("POST", "/v1/reports", {"space_id": drive.id_of(room)})
    body = action(filed["id"], "act-uphold")
    headers = {"Content-Type": "application/json", "Coop-Signature": sign(body)}
    await wire.nobody.ok("POST", "/v1/coop/actions", content=body, headers=headers, status=204)
    await wire.owner.ok("GET", "/v1/coop")
    await wire.owner.ok("POST", "/v1/coop/test")
    app.coop = None
