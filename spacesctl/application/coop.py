"""What Coop's moderators decide on reports and appeals that it was sent.

Each is decided there once, and only if nobody here has: a callback that comes again, or that somebody plays back, changes nothing.
"""

from __future__ import annotations

from typing import Final, Literal

from spacesctl.application import appeals
from spacesctl.application.app import App
from spacesctl.application.review import decision
from spacesctl.domain.errors import Refused
from spacesctl.domain.principals import System, described
from spacesctl.store import appeals as appeal_store
from spacesctl.store import reports as report_store

COOP: Final = System("coop")
STANDS: Final = "the moderators looked at it again and found that it stands"
"""The reason of an appeal that is denied: Coop says none, and they are told one."""


async def decide_report(app: App, report_id: str, state: Literal["upheld", "dismissed"]) -> None:
    """Uphold or dismiss a report. Raises NotFound, or Refused with reason `decided` when somebody has decided on it, or opened it again."""
    async with app.db.read() as db:
        space_id = (await report_store.get_report(db, report_id)).space_id
    async with app.registry.transaction(space_id) as tx:
        row = await report_store.get_report(tx.db, report_id)
        if row.decided_at is not None:
            if row.decided_by == described(COOP) and row.state == state:
                return
            raise Refused("decided", f"the report is {row.state}, and was decided on before")
        await tx.ask(space_id, decision(COOP, row, state, ""))


async def decide_appeal(app: App, appeal_id: str, *, granted: bool) -> None:
    """Grant or deny an appeal, also of a block. Raises NotFound, or Refused with reason `decided`."""
    async with app.db.read() as db:
        row = await appeal_store.get(db, appeal_id)
    state = "granted" if granted else "denied"
    if row.decided_by == described(COOP) and row.state == state:
        return
    await appeals.decide_appeal(app, COOP, appeal_id, granted=granted, reason="" if granted else STANDS)
