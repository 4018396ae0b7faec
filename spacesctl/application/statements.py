"""What a sanction is said to stand on, for its target and for those who review it: the rule, the words, the sound, the appeal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from spacesctl.application import grounds
from spacesctl.application.app import App
from spacesctl.domain.appeals import WITHIN
from spacesctl.domain.errors import NotFound
from spacesctl.domain.permissions import Action, require
from spacesctl.domain.principals import Person
from spacesctl.domain.rule_text import text_of
from spacesctl.domain.speech import Word
from spacesctl.store import appeals, rulesets, sanctions
from spacesctl.store.acts import StoredAct
from spacesctl.store.appeals import KeptAppeal
from spacesctl.store.reports import KeptReport
from spacesctl.store.sanctions import KeptSanction


@dataclass(frozen=True)
class Statement:
    """`act` and `rule_text` are those of a rule's sanction; `report` goes with it, and is never shown to its target; `clip` is the SHA-256
    of what the target said, and nobody else."""

    sanction: KeptSanction
    act: StoredAct | None
    rule_text: str | None
    report: KeptReport | None
    appeal: KeptAppeal | None

    @property
    def words(self) -> tuple[Word, ...]:
        """Those that the rule heard, or that the report has."""
        if self.act is not None:
            return self.act.words
        return self.report.body.words if self.report is not None else ()

    @property
    def clip(self) -> str | None:
        """Only a report about the same account has sound of it."""
        one = self.report
        return one.clip if one is not None and one.target_id == self.sanction.target_id else None

    @property
    def appeal_until(self) -> datetime:
        """The end of the time in which it can be appealed."""
        return self.sanction.since + WITHIN


async def statement(app: App, person: Person, sanction_id: str) -> Statement:
    """For the target, for the staff of the Space, and for whose block it is. Raises NotFound or NotAllowed."""
    async with app.db.read() as db:
        sanction = await sanctions.get(db, sanction_id)
    await _require_reader(app, person, sanction)
    async with app.db.read() as db:
        found = await grounds.act_of(db, sanction)
        act = None if found is None else found[1]
        report = await grounds.report_of(db, sanction)
        appeal = await appeals.of_sanction(db, sanction_id)
        text = None
        if act is not None:
            try:
                text = text_of(await rulesets.get_rules(db, act.rule_hash), act.rule_id)
            except NotFound:
                text = None  # the bot had a file that the server has not stored
    return Statement(sanction, act, text, report, appeal)


async def _require_reader(app: App, person: Person, sanction: KeptSanction) -> None:
    if sanction.target_id is not None and sanction.target_id == person.account_id:
        return
    if sanction.space_id is not None:
        require(await app.registry.space(sanction.space_id), person, Action.SEE_REPORTS)
    elif sanction.host_id != person.account_id:
        raise NotFound("sanction", sanction.id)
