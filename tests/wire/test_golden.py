"""What the server sends, compared with what it sent before: each operation, event, webhook, lane message and problem.

Renew the files after a change of the wire, and read what changed: `pytest tests/wire --renew-wire`.
"""

from __future__ import annotations

import asyncio
import difflib
import json
import random
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from spacesctl.domain.events import BY_TYPE, HIDDEN_FROM_AUDIENCE
from spacesctl.domain.webhook_types import PING, TYPES
from spacesctl.server.http.rates import NO_LIMITS, Rates
from spacesctl.support.clock import VirtualClock
from tests.api.harness import running_api
from tests.wire.scenario import play
from tests.wire.wire import START, Wire, by_literal, page_of

pytestmark = pytest.mark.timeout(60)  # the scenario takes 5 s, and more on a busy machine
GOLDEN = Path(__file__).parent / "golden"
MOST_SHOWN = 10
"""Files whose differences a failure shows."""
LIVE_ONLY = frozenset(
    {"hello", "reset", "reactions", "presence", "levels", "caption.partial", "captions.status", "delay"}
)
"""Events that are sent and not stored."""
PROBLEMS = frozenset(
    {
        "invalid", "not_signed_in", "not_allowed", "not_found", "method_not_allowed", "refused", "conflict", "gone",
        "not_acceptable", "precondition_failed", "precondition_required", "too_large", "unsupported_media_type", "too_many",
        "error", "unavailable",
    }
)  # fmt: skip
LANES = frozenset(
    {
        "hello", "refused", "ended", "gap", "recorded", "muted", "unmuted", "lane_opened", "lane_closed", "lane_changed",
        "rules_changed", "moved", "levels", "conduct", "text",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Played:
    """What one run of the scenario gave: golden files by name, and the operations of the API."""

    pages: dict[str, str]
    operations: frozenset[tuple[str, str]]


def written(page: Any) -> str:
    return json.dumps(page, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


async def _play(folder: Path) -> Played:
    clock = VirtualClock(START)
    async with running_api(folder, clock=clock) as api:
        await api.app.alarm.stop()  # its clock is the machine's; the scenario itself does what is due
        api.app.rates = Rates(NO_LIMITS, clock.monotonic)
        paths = (await api.nobody.ok("GET", "/openapi.json"))["paths"]
        wire = Wire(api, clock, by_literal(paths))
        await play(wire)
        pages = {name: written(page) for name, page in (await wire.finish()).items()}
    return Played(pages, frozenset((method.upper(), path) for path in paths for method in paths[path]))


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Played:
    """The scenario, with ids whose order is that of their creation."""
    drawn, numbers = random.Random(1), iter(range(1, 1 << 40))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(secrets, "choice", drawn.choice)
        patch.setattr(secrets, "randbits", lambda bits: next(numbers))
        found = asyncio.run(_play(tmp_path_factory.mktemp("wire") / "data"))
    if request.config.getoption("--renew-wire"):
        shutil.rmtree(GOLDEN, ignore_errors=True)
        for name, text in found.pages.items():
            path = GOLDEN / f"{name}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    return found


def kept() -> dict[str, str]:
    return {path.relative_to(GOLDEN).with_suffix("").as_posix(): path.read_text() for path in GOLDEN.rglob("*.json")}


def difference(name: str, before: str, now: str) -> str:
    lines = list(
        difflib.unified_diff(before.splitlines(), now.splitlines(), f"golden/{name}.json", "now", "", "", 2, "")
    )
    more = [f"... {len(lines) - 40} more lines"] if len(lines) > 40 else []
    return "\n".join([*lines[:40], *more])


def test_the_server_sends_what_it_sent_before(played: Played) -> None:
    before = kept()
    changed = [name for name in sorted({*before, *played.pages}) if before.get(name) != played.pages.get(name)]
    if changed:
        shown = [difference(name, before.get(name, ""), played.pages.get(name, "")) for name in changed[:MOST_SHOWN]]
        names = "\n".join(f"golden/{name}.json" for name in changed)
        advice = "the wire changed; read how, then: pytest tests/wire --renew-wire"
        pytest.fail("\n\n".join([advice, names, *shown]), pytrace=False)


def test_each_operation_has_a_golden_success(played: Played) -> None:
    missing = [f"{method} {path}" for method, path in sorted(played.operations) if not succeeds(method, path)]
    assert not missing, "operations without a golden answer"


def succeeds(method: str, path: str) -> bool:
    file = GOLDEN / f"{page_of(method, path)}.json"
    return file.exists() and any(answer["status"] < 400 for answer in json.loads(file.read_text()))


def test_each_type_of_event_has_a_golden(played: Played) -> None:
    of_one = {"you"}  # told to the streams that one person follows as audience
    known = {name.removeprefix("events/") for name in kept() if name.startswith("events/")}
    assert known == {*BY_TYPE, *LIVE_ONLY, *of_one}
    for kind in known - of_one:
        views = json.loads((GOLDEN / f"events/{kind}.json").read_text())
        assert views["staff"], kind
        assert bool(views["audience"]) is (kind in HIDDEN_FROM_AUDIENCE or kind in LIVE_ONLY), kind


def test_each_webhook_problem_and_lane_message_has_a_golden(played: Played) -> None:
    names = set(kept())
    assert {f"webhooks/{kind}" for kind in (PING, *TYPES)} <= names
    assert {f"problems/{code}" for code in PROBLEMS} <= names
    lanes = [message for name in names if name.startswith("lanes/") for message in json.loads(kept()[name])]
    assert {message["event"] for message in lanes if "event" in message} == LANES
