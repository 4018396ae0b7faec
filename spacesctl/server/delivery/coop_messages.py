"""What Coop gets: its report and appeal calls (`docs/operate.md` lists the fields of our item types). No sound is among it, only the
address where reviewers with a token find it."""

from __future__ import annotations

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.application import grounds
from spacesctl.application.coop import COOP
from spacesctl.domain.accounts import Account
from spacesctl.domain.clock import rfc3339
from spacesctl.domain.principals import described
from spacesctl.server.delivery.coop_settings import Coop
from spacesctl.store import accounts, appeals, reports, sanctions
from spacesctl.store import spaces as space_store
from spacesctl.store.appeals import KeptAppeal
from spacesctl.store.reports import KeptReport
from spacesctl.store.sanctions import KeptSanction


class Sent(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The base: names as Coop spells them, and no nulls."""


class ReportData(Sent, frozen=True, kw_only=True):
    """Of an item of our type for reports, also for what an appeal is about without one. Ticks are of 20 ms on the Space clock."""

    link: str
    space_id: str
    space_title: str
    account: str | None = None
    category: str | None = None
    rule: str | None = None
    action: str | None = None
    words: str | None = None
    first_tick: int | None = None
    last_tick: int | None = None
    sound: str | None = None


class SpaceData(Sent, frozen=True, kw_only=True):
    """Of an item of our type for Spaces."""

    title: str
    link: str


class UserData(Sent, frozen=True, kw_only=True):
    """Of an item of our type for accounts."""

    handle: str
    name: str


class Ref(Sent, frozen=True, kw_only=True):
    """Names an item."""

    id: str
    type_id: str


class Item(Ref, frozen=True, kw_only=True):
    """An item with its content."""

    data: ReportData | SpaceData | UserData


class Reporter(Ref, frozen=True, kw_only=True):
    """Coop takes accounts alone, so the bundled bot reports what a rule found."""

    kind: str


class Reason(Sent, frozen=True, kw_only=True):
    """Why it was reported."""

    policy_id: str | None = None
    reason: str | None = None


class Policy(Sent, frozen=True, kw_only=True):
    """A policy that was violated."""

    id: str


class ReportCall(Sent, frozen=True, kw_only=True):
    """`POST /api/v1/report`."""

    reporter: Reporter
    reported_at: str
    reported_item: Item
    reported_for_reason: Reason
    additional_items: list[Item]


class AppealCall(Sent, frozen=True, kw_only=True):
    """`POST /api/v1/report/appeal`."""

    appeal_id: str
    appealed_by: Ref
    appealed_at: str
    actioned_item: Item
    actions_taken: list[str]
    appeal_reason: str | None = None
    violating_policies: list[Policy] = []
    additional_items: list[Item]


class CoopMessages:
    """Makes bodies from what is stored now. `base_url` is the server's public address."""

    def __init__(self, coop: Coop, base_url: str) -> None:
        self._coop, self._base = coop, base_url

    async def report(self, db: AsyncConnection, report_id: str) -> ReportCall:
        """Raises NotFound."""
        row = await reports.get_report(db, report_id)
        target = await _account(db, row.target_id)
        title = await _title(db, row.space_id)
        return ReportCall(
            reporter=Reporter(kind="user", id=row.reporter_id, type_id=self._coop.user_type),
            reported_at=rfc3339(row.at),
            reported_item=self._item_of_report(row, target, title),
            reported_for_reason=Reason(policy_id=self._coop.policy(row.category), reason=row.body.note or None),
            additional_items=self._around(row.space_id, title, target),
        )

    async def appeal(self, db: AsyncConnection, appeal_id: str) -> AppealCall:
        """Raises NotFound."""
        row = await appeals.get(db, appeal_id)
        sanction = await sanctions.get(db, row.sanction_id)
        report = await grounds.report_of(db, sanction)
        target = await _account(db, row.target_id)
        title = await _title(db, row.space_id or "")
        upheld_there = report is not None and report.state == "upheld" and report.decided_by == described(COOP)
        policy = self._coop.policy(report.category) if report is not None else None
        return AppealCall(
            appeal_id=row.id,
            appealed_by=Ref(id=row.target_id, type_id=self._coop.user_type),
            appealed_at=rfc3339(row.at),
            actioned_item=self._item_of_sanction(row, sanction, target, title)
            if report is None
            else self._item_of_report(report, target, title),
            actions_taken=[self._coop.uphold] if upheld_there else [],
            appeal_reason=row.text or None,
            violating_policies=[Policy(id=policy)] if policy is not None else [],
            additional_items=self._around(row.space_id or "", title, target),
        )

    def _item_of_report(self, row: KeptReport, target: Account | None, title: str) -> Item:
        found, link = row.body, f"{self._base}/v1/reports/{row.id}"
        data = ReportData(
            link=link,
            space_id=row.space_id,
            space_title=title,
            account=f"@{target.handle}" if target is not None else None,
            category=row.category,
            rule=row.rule,
            words=" ".join(word.w for word in found.words) or None,
            first_tick=found.start_tick,
            last_tick=found.end_tick,
            sound=f"{link}/clip" if row.clip is not None else None,
        )
        return Item(id=row.id, type_id=self._coop.report_type, data=data)

    def _item_of_sanction(self, row: KeptAppeal, sanction: KeptSanction, target: Account | None, title: str) -> Item:
        data = ReportData(
            link=f"{self._base}/v1/sanctions/{sanction.id}",
            space_id=row.space_id or "",
            space_title=title,
            account=f"@{target.handle}" if target is not None else None,
            action=sanction.action,
        )
        return Item(id=sanction.id, type_id=self._coop.report_type, data=data)

    def _around(self, space_id: str, title: str, target: Account | None) -> list[Item]:
        place = SpaceData(title=title, link=f"{self._base}/s/{space_id}")
        found = [Item(id=space_id, type_id=self._coop.space_type, data=place)]
        if target is not None:
            who = UserData(handle=f"@{target.handle}", name=target.name)
            found.append(Item(id=target.id, type_id=self._coop.user_type, data=who))
        return found


async def _account(db: AsyncConnection, account_id: str | None) -> Account | None:
    return (await accounts.by_ids(db, {account_id})).get(account_id) if account_id is not None else None


async def _title(db: AsyncConnection, space_id: str) -> str:
    return next((one.title for one in await space_store.by_ids(db, [space_id])), "")
