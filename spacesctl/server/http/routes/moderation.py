"""Rules, acts of rules, and the audit log."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter

from spacesctl.api import moderation as api
from spacesctl.api.wire import Time, load_value
from spacesctl.application import acts, verifying
from spacesctl.application.rulesets import set_rules
from spacesctl.domain.accounts import Account
from spacesctl.domain.actions import ABOUT_A_SPACE, BY_RULES, BY_STEPS
from spacesctl.domain.clock import TICKS_PER_SECOND
from spacesctl.domain.errors import Gone, Invalid, NotAllowed, NotFound, Refused, TooMany
from spacesctl.domain.ladder import Ladder, Step
from spacesctl.domain.offence import Terms
from spacesctl.domain.permissions import Action, require
from spacesctl.server.http import serializers
from spacesctl.server.http.cursors import number
from spacesctl.server.http.limited import limited, rule_blocks
from spacesctl.server.http.routes.events import spoken
from spacesctl.server.http.serializers import by, who
from spacesctl.server.http.services import Here, ServiceBot, SignedIn
from spacesctl.server.http.wire_route import WireRoute, may_fail
from spacesctl.store import accounts, audit, audit_check
from spacesctl.store import rulesets as ruleset_store
from spacesctl.store import spaces as space_store
from spacesctl.store.acts import StoredAct
from spacesctl.store.audit_check import Broken

router = APIRouter(prefix="/v1", tags=["moderation"], route_class=WireRoute)
PAGE = 100


@router.put("/spaces/{space_id}/rules")
@may_fail(NotFound, Gone, NotAllowed)
@limited("change")
@limited("rule_file", cost=rule_blocks)
async def put_rules(app: Here, caller: SignedIn, space_id: str, body: api.NewRules) -> api.SetRules:
    """Set the rule file of a Space; `text` null removes it. An invalid file is refused, and the old one stays.

    This grants the bundled bot the actions of the file's rules, in the host's name.
    """
    rules = await set_rules(app, caller, space_id, body.text, body.filename, with_numbers=body.with_numbers)
    ids, actions = (rules.ids, rules.actions) if rules is not None else ((), ())
    return serializers.set_rules(app, await app.registry.space(space_id), ids, actions)


@router.get("/spaces/{space_id}/rules")
@may_fail(NotFound, NotAllowed)
async def get_rules(app: Here, caller: SignedIn, space_id: str) -> api.RuleFile:
    """The rule file of a Space. For the host, co-hosts, admins and the bot."""
    space = await app.registry.space(space_id)
    require(space, caller, Action.SEE_STAFF)
    if space.rules_hash is None:
        return serializers.rule_file(space, None)
    async with app.db.read() as db:
        return serializers.rule_file(space, await ruleset_store.get_rules(db, space.rules_hash))


@router.post("/spaces/{space_id}/acts", status_code=201)
@may_fail(NotFound, Gone, Refused)
@limited("change")
async def take_act(app: Here, caller: ServiceBot, space_id: str, body: api.NewAct) -> api.Act:
    """A rule acts in the host's name, within the host's grant. A repeated key changes nothing and returns the first answer."""
    _require_action(body)
    act = acts.Act(
        body.key,
        body.rule_id,
        body.rule_hash,
        body.mode,
        body.action,
        body.account_id,
        body.lane,
        body.start_tick,
        body.end_tick,
        spoken(body.words),
        body.confidence,
        body.engine,
        body.model,
        body.evidence.before,
        body.evidence.after,
        tuple((one.from_tick, one.to_tick) for one in body.evidence.without),
        _terms(body),
        _ladder(body.ladder),
        body.found,
    )
    return _act(await acts.take_act(app, caller, space_id, act))


def _require_action(body: api.NewAct) -> None:
    """Raises Invalid."""
    if body.action not in (*BY_RULES, "ladder"):
        raise Invalid("action", f"is one of {', '.join(BY_RULES)}, ladder")
    if not body.account_id and body.action not in ABOUT_A_SPACE:
        raise Invalid("account_id", f"is needed but for {', '.join(ABOUT_A_SPACE)}")
    if (body.action == "ladder") is not (body.ladder is not None):
        raise Invalid("ladder", "goes with the action `ladder`")
    if body.ladder is not None and any(step.do not in BY_STEPS for step in body.ladder.steps):
        raise Invalid("ladder", f"leads to one of {', '.join(BY_STEPS)}")


def _ladder(given: api.Ladder | None) -> Ladder | None:
    if given is None:
        return None
    return Ladder(given.name, tuple(Step(one.points, one.do, one.seconds) for one in given.steps), given.expire)


def _terms(body: api.NewAct) -> Terms:
    within, cooldown = (round(seconds * TICKS_PER_SECOND) for seconds in (body.repeat.within, body.cooldown))
    return Terms(body.repeat.times, within, cooldown, body.severity)


def _act(one: StoredAct) -> api.Act:
    return load_value({**vars(one), "words": serializers.spoken_words(one.words)}, api.Act)


@router.get("/audit")
async def list_audit(app: Here, caller: SignedIn, cursor: str | None = None) -> api.AuditLog:
    """What the caller did and what was done in their Spaces, newest first; admins see all."""
    before = number(cursor)
    async with app.db.read() as db:
        mine = None if caller.is_admin else set(await space_store.hosted(db, caller.account_id or "", over=True))
        rows = await audit.page(db, space_ids=mine, actor_id=caller.account_id, before=before, limit=PAGE)
        known = await accounts.by_ids(db, {i for row in rows for i in (row.actor_id, row.target_id) if i})
        head = await audit_check.head(db)
    more = str(rows[-1].id) if len(rows) == PAGE else None
    return api.AuditLog(data=[_entry(row, known) for row in rows], head=head, next=more)


def _entry(row: audit.KeptEntry, known: Mapping[str, Account]) -> api.AuditEntry:
    target = known.get(row.target_id or "")
    return api.AuditEntry(
        id=str(row.id),
        created_at=Time.of(row.at),
        by=by(row.principal or {"kind": "person", "id": row.actor_id}, known),
        action=row.action,
        space_id=None if row.space_id == audit.SERVER else row.space_id,
        target=who(target) if target else None,
        details=dict(row.body),
        count=row.count,
        hash=row.hash,
    )


@router.get("/audit/verify")
@may_fail(TooMany)
@limited("verify")
async def verify_audit(app: Here, caller: SignedIn, head: str | None = None) -> api.AuditCheck:
    """Check the hash chains of all Spaces and of the server, the signed checkpoints, and a `head` that somebody wrote down: `COUNT:HASH` or
    `SPACE:COUNT:HASH`. Only who hosts or hosted a Space may.
    """
    one = await verifying.verify(app, caller, head)
    bad = one.found.broken
    if bad is None and one.bad_line is not None:
        bad = Broken("file", "checkpoints", None, one.bad_line)
    return api.AuditCheck(
        problem=bad.problem if bad else None,
        chain=bad.chain if bad else None,
        first_bad=str(bad.entry_id) if bad and bad.entry_id is not None else None,
        count=bad.count if bad else None,
        entries=one.found.entries,
        checkpoints=one.checkpoints,
        head=one.found.head,
    )
