"""What rules do. Each act is one transaction, found again by its natural key."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from spacesctl.application import blocks, facts
from spacesctl.application.app import App
from spacesctl.application.evidence import CLIP_AFTER, CLIP_BEFORE, cut_clip
from spacesctl.domain import commands as c
from spacesctl.domain.ids import new_account_id
from spacesctl.domain.principals import Person, Rule
from spacesctl.domain.sanctions import is_exempt
from spacesctl.domain.speech import Word
from spacesctl.domain.words import RuleMode
from spacesctl.live.transaction import Transaction
from spacesctl.store import accounts
from spacesctl.store import acts as act_store
from spacesctl.store.acts import StoredAct


@dataclass(frozen=True)
class Act:
    """An act that a bot requests. Evidence lengths are in seconds."""

    key: str
    rule_id: str
    rule_hash: str
    mode: RuleMode
    action: str
    account_id: str
    lane: int
    start_tick: int
    end_tick: int
    words: tuple[Word, ...]
    confidence: float
    engine: str
    model: str
    before: float = CLIP_BEFORE
    after: float = CLIP_AFTER
    without: tuple[tuple[int, int], ...] = ()
    """The ticks of spoken numbers."""


async def take_act(app: App, bot: Person, space_id: str, act: Act) -> StoredAct:
    """Take, or only record, what a rule decided. A repeated key returns the first result and changes nothing. Raises
    NotFound, Gone, NotAllowed or Refused.
    """
    async with app.db.read() as db:
        if (done := await act_store.get_act(db, space_id, act.key)) is not None:
            return done
    report_id = new_account_id() if act.mode == "enforce" and act.action == "report" else ""
    clip = await _clip(app, space_id, act) if report_id else None
    while True:
        host_id = (await app.registry.live_handle(space_id)).space.host_id
        async with _over(app, act, host_id, space_id) as tx:
            if tx.space(space_id).host_id == host_id:  # else it was handed over in the meantime
                return await _take(
                    app, tx, Rule(act.rule_id, host_id, bot.account_id or ""), space_id, act, report_id, clip
                )


def _over(app: App, act: Act, host_id: str, space_id: str) -> AbstractAsyncContextManager[Transaction]:
    """A block concerns all Spaces of the two, anything else this one alone."""
    if act.mode == "enforce" and act.action == "block":
        return blocks.over_all_concerned(app, host_id, act.account_id, space_id)
    return app.registry.transaction(space_id)


async def _take(
    app: App, tx: Transaction, by: Rule, space_id: str, act: Act, report_id: str, clip: str | None
) -> StoredAct:
    """Take the act in the transaction, unless another request has."""
    if (done := await act_store.get_act(tx.db, space_id, act.key)) is not None:
        return done  # the same act was requested twice at once; the first one counts
    account = await accounts.get(tx.db, act.account_id)
    kept = {name: value for name, value in vars(act).items() if name != "without"}
    stored = StoredAct(**kept, report_id=report_id or None, handle=f"@{account.handle}")
    # The words go to the act alone: what follows from its event reads them there.
    await act_store.add_act(tx.db, space_id, stored, tx.now)
    person = await facts.target(tx.db, tx.space(space_id), account)
    command = c.TakeAct(
        by, act.key, act.rule_id, act.mode, act.action, person, act.lane, act.start_tick, act.end_tick, report_id, clip
    )  # fmt: skip
    exempt = is_exempt(tx.space(space_id), person)
    await tx.ask(space_id, command)
    if act.mode == "enforce" and act.action == "block" and not exempt:
        await blocks.write_block(app, tx, by, account, act.key, removed_from=space_id)
    return stored


async def _clip(app: App, space_id: str, act: Act) -> str | None:
    handle = await app.registry.live_handle(space_id)
    host = Person(handle.space.host_id)
    return await cut_clip(app, host, handle, act.lane, act.start_tick, act.end_tick, act.before, act.after, act.without)
