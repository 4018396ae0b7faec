"""What a sanction stands on: the rule's act that led to it, and the report that goes with it."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.store import acts
from spacesctl.store import reports as report_store
from spacesctl.store.acts import StoredAct
from spacesctl.store.reports import KeptReport
from spacesctl.store.sanctions import KeptSanction


async def act_of(db: AsyncConnection, sanction: KeptSanction) -> tuple[str, StoredAct] | None:
    """The act of a rule that led to a sanction, and its Space; None where a person imposed it."""
    if not sanction.evidence:
        return None
    return await acts.find(db, sanction.evidence, sanction.space_id)


async def report_of(db: AsyncConnection, sanction: KeptSanction) -> KeptReport | None:
    """The report that goes with a sanction: that which staff named, or that of the same rule about the same words."""
    report_id = sanction.report_id
    if report_id is None and (found := await act_of(db, sanction)) is not None:
        report_id = await acts.report_beside(db, *found)
    return None if report_id is None else await report_store.get_report(db, report_id)
