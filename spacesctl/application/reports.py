"""Reports and acts: what is stored, with evidence, and who is notified. Each act is stored in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain import commands as c
from spacesctl.domain.accounts import Account
from spacesctl.domain.clock import TICKS_PER_SECOND
from spacesctl.domain.errors import Conflict, Invalid
from spacesctl.domain.ids import new_account_id
from spacesctl.domain.principals import Person
from spacesctl.domain.space import Space
from spacesctl.live import evidence
from spacesctl.live.actor import Outcome, SpaceActor
from spacesctl.live.registry import SpaceRegistry
from spacesctl.store import accounts, direct_messages
from spacesctl.store import acts as act_store
from spacesctl.store import reports as report_store

CLIP_BEFORE = 10.0
CLIP_AFTER = 4.0
REPORT_BEFORE = 30.0
"""Seconds of evidence before a person's report. (`CLIP_BEFORE` and `CLIP_AFTER` are those around an act, unless its
rule says otherwise.)
"""
CATEGORIES = (
    "abuse",
    "harassment",
    "hate",
    "threat",
    "spam",
    "scam",
    "self_harm",
    "minor_safety",
    "impersonation",
    "other",
)
_TOLD = ("report", "mute", "kick", "block")
_DONE = {"report": "reported", "mute": "muted", "kick": "removed", "block": "removed and blocked"}


@dataclass(frozen=True)
class Act:
    """An act that a bot requests. `words` are {w, start, end, conf} with times in seconds on the Space clock; evidence
    lengths are in seconds.
    """

    key: str
    rule_id: str
    rule_hash: str
    mode: str
    action: str
    account_id: str
    lane: int
    start_tick: int
    end_tick: int
    words: list[dict[str, Any]]
    confidence: float
    engine: str
    model: str
    before: float = CLIP_BEFORE
    after: float = CLIP_AFTER


async def take_act(registry: SpaceRegistry, clips: Path, caller: Person, space_id: str, act: Act) -> dict[str, Any]:
    """Take, or only record, what a rule decided. A repeated key returns the first result and changes nothing. Raises
    NotFound, Gone, NotAllowed or Refused.
    """
    async with registry.db.read() as connection:
        if (done := await act_store.get_act(connection, space_id, act.key)) is not None:
            return done
        target = await accounts.get(connection, act.account_id)
    actor = await registry.live_actor(space_id)
    space = await registry.space(space_id)
    enforced = act.mode == "enforce"
    report_id = new_account_id() if enforced and act.action == "report" else ""
    clip = (
        await cut_clip(actor, clips, act.lane, act.start_tick, act.end_tick, act.before, act.after)
        if report_id
        else None
    )
    body = {**vars(act), "report_id": report_id or None, "handle": f"@{target.handle}"}

    async def projection(connection: AsyncConnection, outcome: Outcome) -> None:
        if await act_store.get_act(connection, space_id, act.key) is not None:
            raise Conflict("act", act.key)
        await act_store.add_act(connection, space_id, act.key, body, outcome.at)
        if report_id:
            row = _rule_report_row(report_id, caller, outcome.after, act, clip)
            await report_store.add_report(connection, {**row, "at": outcome.at})
        if enforced and act.action == "block":
            await accounts.block(connection, space.host_id, target.id, by=f"rule {act.rule_id}", now=outcome.at)
        if enforced and act.action in _TOLD:
            await _tell(connection, caller, outcome, act, target)

    person = await registry.person(space, target)
    command = c.TakeAct(
        caller, act.key, act.rule_id, act.mode, act.action, person, act.lane, act.start_tick, act.end_tick, report_id
    )
    try:
        await actor.ask(command, projection)
    except Conflict:  # the same act was requested twice at once; the first one counts
        return body
    if enforced and act.action == "block":
        await registry.remove_blocked(Person(space.host_id), target)
    return body


async def file_report(
    registry: SpaceRegistry,
    clips: Path,
    caller: Person,
    space_id: str,
    target: Account | None,
    category: str,
    note: str,
    keep: Callable[[AsyncConnection, dict[str, Any]], Awaitable[None]],
) -> dict[str, Any]:
    """A person reports somebody, or (`target` None) the Space. The evidence clip is the target's last 30 s.

    `keep` is called with the answer in the report's own transaction. Raises Invalid, NotFound or NotSignedIn.
    """
    if category not in CATEGORIES:
        raise Invalid("category", f"is one of {', '.join(CATEGORIES)}")
    actor = await registry.actor(space_id)
    space = await registry.space(space_id)
    now_tick = actor.now_tick()
    accused = space.people.get(target.id) if target else None
    lane = accused.lane if accused else None
    clip = None if lane is None else await cut_clip(actor, clips, lane, now_tick, now_tick, REPORT_BEFORE, 0.0)
    row: dict[str, Any] = {
        "id": new_account_id(),
        "space_id": space_id,
        "reporter_id": caller.account_id,
        "target_id": target.id if target else None,
        "category": category,
        "rule": None,
        "body": {"note": note, "lane": lane, "start_tick": now_tick, "words": [], "room": _room(space)},
        "clip": clip,
    }
    answer = {"id": row["id"], "category": category, "target": f"@{target.handle}" if target else None}

    async def projection(connection: AsyncConnection, outcome: Outcome) -> None:
        await report_store.add_report(connection, {**row, "at": outcome.at})
        await keep(connection, answer)

    await actor.ask(c.FileReport(caller, row["id"], category, row["target_id"]), projection)
    return answer


async def cut_clip(
    actor: SpaceActor, clips: Path, lane: int, start_tick: int, end_tick: int, before: float, after: float
) -> str | None:
    """Write a clip of this lane alone from the evidence ring; `before` and `after` are in seconds. Returns the file's
    SHA-256, or None when the ring holds nothing of it.
    """
    first = start_tick - round(before * TICKS_PER_SECOND)
    data = actor.ring.cut(lane, first, end_tick + round(after * TICKS_PER_SECOND))
    return await asyncio.to_thread(evidence.keep, clips, data) if data else None


def _rule_report_row(report_id: str, caller: Person, space: Space, act: Act, clip: str | None) -> dict[str, Any]:
    return {
        "id": report_id,
        "space_id": space.id,
        "reporter_id": caller.account_id,
        "target_id": act.account_id,
        "category": f"rule:{act.rule_id}",
        "rule": act.rule_id,
        "body": {**vars(act), "note": "", "room": _room(space)},
        "clip": clip,
    }


def _room(space: Space) -> dict[str, Any]:
    """The state of the Space at that moment, as part of the evidence."""
    people = [
        {
            "account_id": p.account_id,
            "role": p.role.value,
            "mic_open": p.mic_open,
            "gagged": p.server_muted,
            "lane": p.lane,
        }
        for p in space.people.values()
    ]
    return {"state": space.state.value, "policy": space.policy.value, "people": people}


async def _tell(connection: AsyncConnection, caller: Person, outcome: Outcome, act: Act, target: Account) -> None:
    """Notify the person and the host: the action, the rule, the words, that it was automatic, and how to appeal."""
    space = outcome.after
    said = " ".join(word["w"] for word in act.words)
    done = _DONE[act.action]
    at = f"{act.start_tick / TICKS_PER_SECOND:.1f} s"
    to_target = (
        f"You were {done} in “{space.title}” at {at}: rule {act.rule_id} heard “{said}”. This was automatic, "
        "in the host's name. To appeal, answer the host by direct message."
    )
    to_host = f"Rule {act.rule_id} heard “{said}” in “{space.title}” at {at}: @{target.handle} was {done}."
    sender = caller.account_id or ""
    for account_id, text in ((act.account_id, to_target), (space.host_id, to_host)):
        await direct_messages.send_dm(
            connection, sender, account_id, text, outcome.at, kind="notice", space_id=space.id
        )
