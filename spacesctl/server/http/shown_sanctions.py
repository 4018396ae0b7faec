"""Sanctions as the wire has them."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.api import people as api
from spacesctl.api.wire import Time, time
from spacesctl.domain.accounts import Account
from spacesctl.domain.principals import Person
from spacesctl.server.http.serializers import by, who
from spacesctl.store import accounts
from spacesctl.store.sanctions import KeptSanction


async def shown_sanctions(db: AsyncConnection, viewer: Person, found: list[KeptSanction]) -> list[api.Sanction]:
    """As `viewer` may see them: why somebody blocked somebody is for the blocker."""
    known = await accounts.by_ids(db, {one for row in found for one in _named(row)})
    return [_sanction(row, viewer, known) for row in found]


def _named(row: KeptSanction) -> set[str]:
    """The accounts that a sanction names."""
    actors = [one["id"] for one in (row.principal, row.lifted_by) if one is not None and one["kind"] == "person"]
    return {one for one in (row.target_id, row.host_id, *actors) if one is not None}


def _sanction(row: KeptSanction, viewer: Person, known: Mapping[str, Account]) -> api.Sanction:
    by_person = row.action == "block" and row.principal["kind"] == "person"
    hidden = by_person and row.target_id == viewer.account_id
    return api.Sanction(
        id=row.id,
        action=row.action,
        space_id=row.space_id,
        target=who(known[row.target_id]) if row.target_id is not None else None,
        host=who(known[row.host_id]),
        by=by(row.principal, known),
        reason="" if hidden else row.reason,
        evidence=row.evidence or None,
        since=Time.of(row.since),
        until=time(row.until),
        lifted_at=time(row.lifted_at),
        lifted_by=by(row.lifted_by, known) if row.lifted_by is not None else None,
        how=row.how,
        lift_reason=row.lift_reason,
        every=row.every,
        erases=row.erases,
        mutes_dms=row.mutes_dms,
    )
