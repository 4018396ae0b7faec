"""What notices are made of: the outcome, and what has to be looked up for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.application.grounds import report_of
from spacesctl.domain import events as e
from spacesctl.domain.principals import Person
from spacesctl.domain.space import Space
from spacesctl.domain.words import InviteState, Role
from spacesctl.live.outcome import Outcome
from spacesctl.store import accounts, acts, attendance, sanctions, tokens
from spacesctl.store import series as series_store

TO_ALL = (e.SpaceEdited, e.SpaceCanceled, e.SpaceMissed, e.HostChanged, e.RemindersSent)
"""Events that concern everybody who waits for the Space."""
_OPEN = (InviteState.PENDING, InviteState.ACCEPTED)


@dataclass(frozen=True)
class Notice:
    """A direct message to write: to which account, what it says, and of which kind it is."""

    to: str
    text: str
    kind: str = "notice"
    across: bool = False
    """Whether a block does not keep it away: it is about the block, or says who hosts instead of the recipient."""
    act: str | None = None
    """The key of the act whose words it quotes: those are deleted with the act's."""
    quoted: str | None = None


@dataclass(frozen=True)
class Appeal:
    """An appealed sanction: the person who imposed it (None: a rule), and who had reported its target."""

    by_id: str | None
    since: datetime
    reporter_id: str | None


@dataclass(frozen=True)
class Context:
    """Made by `context_of`."""

    outcome: Outcome
    link: str
    names: dict[str, str]
    """Handles with `@`, by account id."""
    acts: dict[str, acts.StoredAct]
    """The acts of rules among the events, by key."""
    subscribers: frozenset[str]
    """Who asked to be reminded, less those who have a block with the host."""
    apart: frozenset[str]
    """Accounts that have a block with the host, or with the person who acts."""
    appealed: dict[str, Appeal] = field(default_factory=dict)
    """What the appeals among the events are about, by the id of the sanction."""
    attended: frozenset[str] = frozenset()
    """Of the targets of sanctions, those who were in the Space at some time."""
    operators: frozenset[str] = frozenset()
    """Accounts with a token of an operator, where an appeal is among the events."""

    @property
    def space(self) -> Space:
        return self.outcome.after

    @property
    def title(self) -> str:
        return f"“{self.space.title}”"

    @property
    def by(self) -> str:
        """ " by @ann" when a person did it; nothing when a rule or the server did."""
        return f" by {self.name(self.outcome.by.account_id)}" if isinstance(self.outcome.by, Person) else ""

    def name(self, account_id: str | None) -> str:
        """The handle of an account."""
        return self.names.get(account_id or "", "somebody")

    def words_to(self, account_id: str, text: str) -> str:
        """A person's own words, for whom no block keeps away: across one, only what was done is told."""
        return "" if account_id in self.apart else text

    def had_a_part(self, account_id: str) -> bool:
        """Whether an account was there at some time, on stage, had asked to speak or had an open invitation, before this."""
        before = self.outcome.before
        if before is None or account_id in self.outcome.present or account_id in self.attended:
            return before is not None
        invite = before.invites.get(account_id)
        invited = invite is not None and invite.state in _OPEN
        return before.role_of(account_id) is not Role.LISTENER or account_id in before.hands or invited

    def everybody(self) -> list[str]:
        """All that wait for this Space or have a part in it: on stage, invited, or to be reminded."""
        on_stage = {one.account_id for one in self.space.people.values() if one.role is not Role.LISTENER}
        invited = {one.account_id for one in self.space.invites.values() if one.state in _OPEN}
        return sorted((on_stage | invited | self.subscribers) - self.apart - self.space.barred.keys())


Writer = Callable[[Context, Any], list[Notice]]
"""Writes the notices of an event of its type."""


async def context_of(db: AsyncConnection, outcome: Outcome, events: Iterable[e.Event], link: str) -> Context:
    """Look up what the notices of these events need."""
    told = list(events)
    space = outcome.after
    keys = [event.key for event in told if isinstance(event, e.ActTaken)]
    keys += [event.suggestion.act for event in told if isinstance(event, e.SuggestionMade)]
    found = {key: await acts.get_act(db, space.id, key) for key in keys}
    ids = {outcome.by.account_id, space.host_id, *(getattr(event, "account_id", None) for event in told)}
    known = await accounts.by_ids(db, {one for one in ids if one})
    apart = frozenset[str]()
    for one in {space.host_id, outcome.by.account_id if isinstance(outcome.by, Person) else space.host_id}:
        mine, theirs = await accounts.blocked_ids(db, one or "")
        apart |= mine | theirs
    subscribers = frozenset[str]()
    if any(isinstance(event, TO_ALL) for event in told):
        subscribers = frozenset(await series_store.to_remind(db, space.id)) - apart
    appealed = {
        event.sanction_id: await _appeal(db, event.sanction_id)
        for event in told
        if isinstance(event, e.AppealFiled | e.AppealDecided)
    }
    targets = {event.account_id for event in told if isinstance(event, e.SanctionImposed)}
    return Context(
        appealed=appealed,
        attended=frozenset(await attendance.visits(db, targets, space.id)),
        operators=frozenset(await tokens.admins(db, outcome.at)) if appealed else frozenset(),
        outcome=outcome,
        link=link,
        names={one.id: f"@{one.handle}" for one in known.values()},
        acts={key: act for key, act in found.items() if act is not None},
        subscribers=subscribers,
        apart=apart,
    )


async def _appeal(db: AsyncConnection, sanction_id: str) -> Appeal:
    sanction = await sanctions.get(db, sanction_id)
    report = await report_of(db, sanction)
    by = sanction.principal
    by_id = by.get("id") if by["kind"] == "person" else None
    return Appeal(by_id, sanction.since, report.reporter_id if report is not None and report.rule is None else None)
