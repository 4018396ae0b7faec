"""A small API in memory: what the bots ask of the server, recorded."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Self

from spacesctl.api.captions import Assignment, BotStatus, NewCaption
from spacesctl.api.chat import NewDraftMask, NewMask
from spacesctl.api.lanes import Hello, LaneEvent, OpenLane, read_lane_event
from spacesctl.api.moderation import Act, NewAct, RuleFile
from spacesctl.api.redactions import NewRedaction, Redaction, RedactionChange
from spacesctl.api.wire import Given, dump, load, load_value
from spacesctl.audio.framing import LANES, pack
from spacesctl.domain.words import RuleMode
from spacesctl.rules.ruleset import Phrase, Rule

RULES = """schema = 1
[limits]
max_auto_actions_per_5min = {most}
[[rule]]
id = "scam-pitch"
mode = "{mode}"
when.any = [ {{ words = ["crypto giveaway"] }}, {{ regex = 'send me your (password|money)' }} ]
actions = ["mute", "report"]
"""

BY = {"kind": "rule", "id": "scam-pitch", "for_host": "host", "bot_id": "bot"}
MADE = "2026-01-01T00:00:00.000Z"


def rules(mode: str = "enforce", most: int = 5) -> str:
    return RULES.format(mode=mode, most=most)


def info(lane: int, account: str = "acc", role: str = "speaker", kind: str = "person") -> dict[str, Any]:
    return {"lane": lane, "account_id": account, "handle": account, "role": role, "kind": kind}


def lane_of(lane: int, account: str = "acc", role: str = "speaker", kind: str = "person") -> OpenLane:
    """The same, as the bot has it."""
    return load_value(info(lane, account, role, kind), OpenLane)


def assignment(space: str = "s", captions: bool = True, rules_hash: str | None = "h") -> Assignment:
    return Assignment(space_id=space, captions=captions, rules_hash=rules_hash, host_id="host", actions=[])


def sent(value: Given) -> dict[str, Any]:
    """What goes over the wire."""
    found: dict[str, Any] = json.loads(dump(value))
    return found


class FakeLanes:
    """A connection: its messages are those put into `queue`; None closes it, an exception breaks it."""

    def __init__(self, hello: list[dict[str, Any]]) -> None:
        clock = {"started_at": "2026-01-01T00:00:00.000Z", "tick": 0}
        said = {"event": "hello", "version": 1, "role": "all", "clock": clock, "lane": None, "lanes": hello}
        self.hello = load(json.dumps(said), Hello)
        self.queue: asyncio.Queue[bytes | dict[str, Any] | Exception | None] = asyncio.Queue()
        self.closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.closed = True

    async def __aiter__(self) -> AsyncIterator[bytes | LaneEvent]:
        while (message := await self.queue.get()) is not None:
            if isinstance(message, Exception):
                raise message
            if isinstance(message, bytes):
                yield message
            elif (event := read_lane_event(json.dumps(message))) is not None:
                yield event

    def say(self, tick: int, *frames: tuple[int, int, bytes]) -> None:
        self.queue.put_nowait(pack(LANES, tick, frames))


class FakeApi:
    def __init__(self, rules_text: str | None = None) -> None:
        self.rules_text = rules_text
        self.captions: list[dict[str, Any]] = []
        self.acts: list[dict[str, Any]] = []
        self.redactions: list[tuple[str, str, dict[str, Any]]] = []
        self.masks: list[tuple[int | None, dict[str, Any]]] = []
        """(`make`, `change` or `withdraw`, id, what was sent) of each call that worked."""
        self.made: dict[str, tuple[NewRedaction, Redaction]] = {}
        """What was asked and what was answered, by idempotency key."""
        self.lose_answers = 0
        """So many answers to `redact` are lost, after it was made."""
        self.statuses: list[dict[str, Any]] = []
        self.connections: list[FakeLanes] = []
        self.hello: list[dict[str, Any]] = []
        self.failures: list[Exception] = []
        """Raised by the next calls, one each."""
        self.assigned: asyncio.Queue[list[Assignment]] = asyncio.Queue()
        self.rules_asked = 0
        self.becomes: Callable[[NewAct], RuleMode] = lambda act: act.mode
        """What the server makes of an act."""
        self.blocked: asyncio.Event | None = None
        """Captions and acts wait for it."""

    def _fail(self) -> None:
        if self.failures:
            raise self.failures.pop(0)

    async def assignments(self) -> AsyncIterator[list[Assignment]]:
        self._fail()
        while True:
            yield await self.assigned.get()

    def lanes(self, space_id: str) -> FakeLanes:
        self._fail()
        self.connections.append(FakeLanes(list(self.hello)))
        return self.connections[-1]

    async def _wait(self) -> None:
        if self.blocked is not None:
            await self.blocked.wait()

    async def post_captions(self, space_id: str, captions: Sequence[NewCaption]) -> None:
        await self._wait()
        self._fail()
        self.captions += [sent(one) for one in captions]

    async def rules(self, space_id: str) -> RuleFile:
        self.rules_asked += 1
        self._fail()
        return RuleFile(hash="h", text=self.rules_text)

    async def act(self, space_id: str, act: NewAct) -> Act:
        await self._wait()
        self._fail()
        self.acts.append(sent(act))
        return load_value({**sent(act), "mode": self.becomes(act), "handle": "@x", "report_id": None}, Act)

    async def redact(self, space_id: str, new: NewRedaction, key: str) -> Redaction:
        if key not in self.made:
            redaction_id = f"r{sum(kind == 'make' for kind, _, _ in self.redactions)}"
            self.made[key] = (new, self._redaction("make", redaction_id, sent(new)))
        asked, made = self.made[key]
        assert asked == new, "a key stands for one request"
        if self.lose_answers:
            self.lose_answers -= 1
            raise OSError("the answer is lost")
        return made

    async def change_redaction(self, space_id: str, redaction_id: str, change: RedactionChange) -> Redaction:
        return self._redaction("change", redaction_id, sent(change))

    async def withdraw_redaction(self, space_id: str, redaction_id: str) -> None:
        self._redaction("withdraw", redaction_id, {})

    async def mask_text(self, space_id: str, number: int, mask: NewMask) -> None:
        self._fail()
        self.masks.append((number, sent(mask)))

    async def hide_typed(self, space_id: str, mask: NewDraftMask) -> None:
        self._fail()
        self.masks.append((None, sent(mask)))

    def _redaction(self, kind: str, redaction_id: str, body: dict[str, Any]) -> Redaction:
        self._fail()
        self.redactions.append((kind, redaction_id, body))
        said = {"id": redaction_id, "lane": 1, "from_tick": 0, "to_tick": 0, "mode": "silence", "reason": ""} | body
        said |= {"account_id": None, "cut": False, "by": BY, "state": "in_force", "missed_to": None, "created_at": MADE}
        return load_value({key: value for key, value in said.items() if key != "rule_id"}, Redaction)

    async def bot_status(self, status: BotStatus) -> None:
        self.statuses.append({"model": None, "notice": None, "reason": None} | sent(status))


class FakePipeline:
    def __init__(self) -> None:
        self.opened: list[int] = []
        self.closed: list[int] = []
        self.fed: list[tuple[int, list[tuple[int, int, bytes]]]] = []
        self.ruled: list[list[str]] = []
        self.confirms: list[bool] = []
        self.asked: list[tuple[int, int, int, tuple[str, ...], str]] = []
        """What was to be recognised once more: lane, first and last tick, phrases, what was written."""
        self.answers = asyncio.Queue[bool | None]()
        """What comes of it, one for each."""

    def open(self, space: str, lane: int) -> None:
        self.opened.append(lane)

    def frames(self, space: str, tick: int, frames: Any) -> None:
        self.fed.append((tick, [tuple(each) for each in frames]))

    def rules(
        self, space: str, rules: Sequence[Rule], exceptions: Sequence[Phrase] = (), *, confirms: bool = False
    ) -> None:
        self.ruled.append([rule.id for rule in rules])
        self.confirms.append(confirms)

    async def confirm(
        self, space: str, lane: int, first_tick: int, last_tick: int, phrases: Sequence[str], written: str
    ) -> bool | None:
        self.asked.append((lane, first_tick, last_tick, tuple(phrases), written))
        return await self.answers.get()

    def close(self, space: str, lane: int) -> None:
        self.closed.append(lane)
