"""What rules do. Each act is one transaction, found again by its natural key or by what it is about."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace

from spacesctl.application import blocks, facts
from spacesctl.application.app import App
from spacesctl.application.evidence import CLIP_AFTER, CLIP_BEFORE, around, cut_clip, expect_more
from spacesctl.application.later_cuts import Cut, LaterCut
from spacesctl.domain import commands as c
from spacesctl.domain.actions import LADDER
from spacesctl.domain.acts import judged
from spacesctl.domain.ids import new_account_id
from spacesctl.domain.ladder import Ladder
from spacesctl.domain.ladders import resolved
from spacesctl.domain.offence import AT_ONCE, Terms
from spacesctl.domain.principals import Person, Rule
from spacesctl.domain.sanctions import is_exempt
from spacesctl.domain.space import Space
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
    terms: Terms = AT_ONCE
    ladder: Ladder | None = None
    found: str = ""
    """The facts by which a rule without words decided."""

    @property
    def asked(self) -> str:
        """The action, with the name of its ladder."""
        return self.action if self.ladder is None else LADDER + self.ladder.name


async def take_act(app: App, bot: Person, space_id: str, act: Act) -> StoredAct:
    """Take, count or only record what a rule decided. A repeated act (`same_act`) returns the first result and changes nothing, unless
    that one waited. Raises
    NotFound, Gone, NotAllowed or Refused.
    """
    async with app.db.read() as db:
        if (done := await act_store.same_act(db, space_id, act)) is not None and not _answers(act, done):
            return done
    report_id, cut = "", None
    while True:
        host_id = (await app.registry.live_handle(space_id)).space.host_id
        by = Rule(act.rule_id, host_id, bot.account_id or "")
        handle = await app.registry.live_handle(space_id)
        if not report_id and await _reports(app, by, space_id, act):
            report_id, cut = new_account_id(), _cut(handle.space, act)
        async with cut_clip(app, handle, cut) as clip, _over(app, act, host_id, space_id) as tx:
            if tx.space(space_id).host_id != host_id:
                continue  # it was handed over in the meantime
            taken = await _take(app, tx, by, space_id, act, report_id, clip)
        if taken is not None:
            if cut is not None and taken.report_id == report_id != "":
                expect_more(app, handle, LaterCut(report_id, clip, cut, by_rule=True))
            return taken


def _over(app: App, act: Act, host_id: str, space_id: str) -> AbstractAsyncContextManager[Transaction]:
    """A block concerns all Spaces of the two, anything else this one alone."""
    blocks_by_step = act.ladder is not None and any(step.do == "block" for step in act.ladder.steps)
    if act.mode == "enforce" and (act.action == "block" or blocks_by_step):
        return blocks.over_all_concerned(app, host_id, act.account_id, space_id)
    return app.registry.transaction(space_id)


async def _take(
    app: App, tx: Transaction, by: Rule, space_id: str, act: Act, report_id: str, clip: str | None
) -> StoredAct | None:
    """Take the act in the transaction, unless another request has. None: it is to file a report, and there is no evidence yet."""
    if (done := await act_store.same_act(tx.db, space_id, act)) is not None:
        if not _answers(act, done):
            return done  # the same act was requested twice at once; the first one counts
        act = replace(act, key=done.key)
    account = await accounts.get(tx.db, act.account_id) if act.account_id else None
    person = c.THE_SPACE if account is None else await facts.target(tx.db, tx.space(space_id), account)
    here = tx.here(space_id)
    command = replace(_command(by, act, person), report_id=report_id, clip=clip, inside=here)
    step = resolved(tx.space(space_id), command, tx.now)
    mode = judged(tx.space(space_id), step, tx.now).mode
    if (mode, act.action) == ("enforce", "report") and not report_id:
        return None
    kept = {name: value for name, value in vars(act).items() if name not in ("without", "terms", "ladder")}
    kept |= {"mode": mode, "action": step.action}
    stored = StoredAct(**kept, report_id=report_id or None, handle=f"@{account.handle}" if account is not None else "")
    if (act.mode, mode) == ("waiting", "counted"):
        return stored  # it is counted when it is known, and nothing before
    # The words go to the act alone: what follows from its event reads them there.
    if done is not None:
        await act_store.change_act(tx.db, space_id, stored)
    else:
        await act_store.add_act(tx.db, space_id, stored, act.asked, tx.now)
    exempt = is_exempt(tx.space(space_id), person)
    await tx.ask(space_id, command)
    if account is not None and mode == "enforce" and step.action == "block" and not exempt:
        await blocks.write_block(app, tx, by, account, act.key, removed_from=space_id)
    return stored


def _answers(act: Act, done: StoredAct) -> bool:
    """Whether it says what became of an act that waited for its second recognition."""
    return done.mode == "waiting" != act.mode


def _command(by: Rule, act: Act, person: c.Target) -> c.TakeAct:
    return c.TakeAct(
        by,
        act.key,
        act.rule_id,
        act.mode,
        act.action,
        person,
        act.lane,
        act.start_tick,
        act.end_tick,
        terms=act.terms,
        ladder=act.ladder,
    )


async def _reports(app: App, by: Rule, space_id: str, act: Act) -> bool:
    """Whether the act files a report, as far as one can see before its transaction: of what only counts no evidence is cut."""
    if act.mode != "enforce" or act.action != "report":
        return False
    space = (await app.registry.live_handle(space_id)).space
    async with app.db.read() as db:
        person = await facts.target(db, space, await accounts.get(db, act.account_id))
    return judged(space, _command(by, act, person), app.clock.now()).mode == "enforce"


def _cut(space: Space, act: Act) -> Cut:
    """What is kept of an act, on the host's account."""
    host = Person(space.host_id)
    return around(host, space.id, act.account_id, act.start_tick, act.end_tick, act.before, act.after, act.without)
