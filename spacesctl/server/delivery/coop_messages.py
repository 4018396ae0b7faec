"""What Coop gets: its report and appeal calls (`docs/operate.md` lists the fields of our item types). No sound is among it, only the
address where reviewers with a token find it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

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

TEST_SAYS: Final = "A test by an operator: there is nothing to review"


class Sent(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The base: names as Coop spells them, and no nulls."""


class ReportData(Sent, frozen=True, kw_only=True):
    """Of an item of our type for reports, also for what an appeal is about without one. Ticks are of 20 ms on the Space clock. A block is
    of no Space; `blocked_by` is whose it is."""

    link: str
    space_id: str | None = None
    space_title: str | None = None
    account: str | None = None
    category: str | None = None
    rule: str | None = None
    action: str | None = None
    blocked_by: str | None = None
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
    """Makes bodies from what is stored now. `base_url` is the server's public address, `bot_id` the bundled bot's account."""

    def __init__(self, coop: Coop, base_url: str, bot_id: str) -> None:
        self._coop, self._base, self._bot_id = coop, base_url, bot_id

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
        blocker = await _account(db, row.host_id) if row.space_id is None else None
        title = await _title(db, row.space_id or "")
        upheld_there = report is not None and report.state == "upheld" and report.decided_by == described(COOP)
        policy = self._coop.policy(report.category) if report is not None else None
        return AppealCall(
            appeal_id=row.id,
            appealed_by=Ref(id=row.target_id, type_id=self._coop.user_type),
            appealed_at=rfc3339(row.at),
            actioned_item=self._item_of_sanction(row, sanction, target, title, blocker)
            if report is None
            else self._item_of_report(report, target, await _title(db, report.space_id)),
            actions_taken=[self._coop.uphold] if upheld_there else [],
            appeal_reason=row.text or None,
            violating_policies=[Policy(id=policy)] if policy is not None else [],
            additional_items=self._around(row.space_id, title, target, blocker),
        )

    def test(self, test_id: str, at: datetime) -> ReportCall:
        """A report of nothing by the bundled bot, which says so and is decided on by nobody here."""
        data = ReportData(link=self._base, space_title=TEST_SAYS, category="other")
        return ReportCall(
            reporter=Reporter(kind="user", id=self._bot_id, type_id=self._coop.user_type),
            reported_at=rfc3339(at),
            reported_item=Item(id=test_id, type_id=self._coop.report_type, data=data),
            reported_for_reason=Reason(reason=TEST_SAYS),
            additional_items=[],
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

    def _item_of_sanction(
        self, row: KeptAppeal, sanction: KeptSanction, target: Account | None, title: str, blocker: Account | None
    ) -> Item:
        data = ReportData(
            link=f"{self._base}/v1/sanctions/{sanction.id}",
            space_id=row.space_id,
            space_title=title or None,
            blocked_by=f"@{blocker.handle}" if blocker is not None else None,
            account=f"@{target.handle}" if target is not None else None,
            action=sanction.action,
        )
        return Item(id=sanction.id, type_id=self._coop.report_type, data=data)

    def _around(
        self, space_id: str | None, title: str, target: Account | None, blocker: Account | None = None
    ) -> list[Item]:
        found = list[Item]()
        if space_id is not None:
            place = SpaceData(title=title, link=f"{self._base}/s/{space_id}")
            found.append(Item(id=space_id, type_id=self._coop.space_type, data=place))
        for one in (target, blocker):
            if one is not None:
                who = UserData(handle=f"@{one.handle}", name=one.name)
                found.append(Item(id=one.id, type_id=self._coop.user_type, data=who))
        return found


async def _account(db: AsyncConnection, account_id: str | None) -> Account | None:
    return (await accounts.by_ids(db, {account_id})).get(account_id) if account_id is not None else None


async def _title(db: AsyncConnection, space_id: str) -> str:
    return next((one.title for one in await space_store.by_ids(db, [space_id])), "")
