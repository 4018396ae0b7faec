"""Erasing a person: what deleting the account does, and the words that others' records have of them. See docs/decisions/0056 and 0061.

The account goes first, in one transaction that also notes that its words are to go; then these, a bounded number in each transaction. A
server that is killed in between goes on after its next start.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.application import purging
from spacesctl.application.app import App
from spacesctl.application.deletion import delete_account, require_deletable
from spacesctl.application.holding import require_free
from spacesctl.domain.accounts import Account
from spacesctl.domain.errors import NotAllowed, NotFound
from spacesctl.domain.principals import Person
from spacesctl.live.recording_keeper import RecordingKeeper
from spacesctl.store import accounts, audit, erasures, forgetting, holds, quotes
from spacesctl.store import purging as old

AT_ONCE: Final = 200
"""Rows that one transaction erases."""
MOST: Final = 10_000
"""Reports and acts that a plan counts."""


@dataclass(frozen=True)
class Thing:
    """One kind of data: how many are erased, how many are kept, why, and until when, in words."""

    what: str
    erased: int = 0
    kept: int = 0
    why: str = ""
    until: str = ""


@dataclass(frozen=True)
class Erased:
    """What was erased of an account and what is kept."""

    account: Account
    things: Sequence[Thing]


async def plan(app: App, person: Person, ref: str) -> Erased:
    """What `erase` would do now. Raises NotFound, NotAllowed, or Refused as a deletion does."""
    async with app.db.read() as db:
        target = await _target(db, person, ref)
        if target.deleted_at is None:
            await require_deletable(app, db, target, app.clock.now())
        else:
            require_free(await holds.on_account(db, target.id))
        return Erased(target, await _things(db, target, app.clock.now()))


async def erase(app: App, person: Person, ref: str, recordings: RecordingKeeper) -> Erased:
    """Erase the person's own words and account, or as an operator any; also the words of an account that is deleted. Raises NotFound,
    NotAllowed, or Refused as a deletion does, and with reason `held` while the account is on legal hold."""
    planned = await plan(app, person, ref)
    target = planned.account
    if target.deleted_at is None:
        await delete_account(app, person, target.id, erases=True)
    else:
        async with app.begin(person) as db:
            require_free(await holds.on_account(db, target.id))
            await erasures.add(db, target.id, person.account_id or "", app.clock.now())
    await app.registry.tasks.insist("erase an account", partial(finish, app, target.id, recordings))
    return planned


async def resume(app: App, recordings: RecordingKeeper) -> None:
    """Finish what a server that was killed has begun, and what a hold that is released held back."""
    async with app.db.read() as db:
        unfinished = await erasures.unfinished(db)
    for account_id in unfinished:
        await finish(app, account_id, recordings)


async def finish(app: App, account_id: str, recordings: RecordingKeeper) -> None:
    """Erase what others' records have of what a deleted account said, but what is needed or held, and enter it in the audit log. Nothing
    happens when it is done already. It can be stopped at any moment and be called again."""
    async with app.db.read() as db:
        if (one := await erasures.find(db, account_id)) is None:
            return
    for each in one.recordings:
        await recordings.delete_files(each)
    for erase_some in (_captions, _reports, _acts, _messages):
        await erase_some(app, account_id)
    async with app.db.begin() as db:
        if (one := await erasures.find(db, account_id)) is None:
            return  # another call was faster
        waits = bool(
            await forgetting.count_captions(db, account_id, held=True)
            + await forgetting.count_messages(db, account_id, held=True)
        )
        entry = audit.Entry("account.erase", Person(one.by_id), None, account_id, dict(one.gone))
        await audit.append(db, entry, app.clock.now())
        await erasures.done(db, account_id, waits=waits)
    await app.registry.tasks.insist("forget what was erased", app.db.forget_deleted)


async def _target(db: AsyncConnection, person: Person, ref: str) -> Account:
    found = await accounts.get(db, person.account_id or "" if ref == "me" else ref)
    if found.id != person.account_id and not person.is_admin:
        raise NotAllowed("accounts of others are for operators", reason="scope")
    if found.deleted_at is not None and not person.is_admin:
        raise NotFound("account", ref)
    return found


async def _captions(app: App, account_id: str) -> None:
    while True:
        async with app.db.read() as db:
            found = await forgetting.some_captions(db, account_id, AT_ONCE)
        if not found:
            return
        async with app.db.begin() as db:
            gone = await forgetting.drop_captions(db, found)
            await erasures.note(db, account_id, purging.counted(captions=gone))


async def _reports(app: App, account_id: str) -> None:
    while True:
        now = app.clock.now()
        async with app.db.read() as db:
            if not await old.old_reports(db, now, None, old.AT_ANY_TIME, AT_ONCE, about=account_id):
                return
        async with app.db.begin() as db:
            found = await old.old_reports(db, now, None, old.AT_ANY_TIME, AT_ONCE, about=account_id)
            await erasures.note(db, account_id, await purging.empty_reports(db, found, now))
        for one in found:
            if one.clip is not None:
                await app.clip_files.drop(app.db, one.clip)


async def _acts(app: App, account_id: str) -> None:
    while True:
        now = app.clock.now()
        async with app.db.read() as db:
            if not await old.old_acts(db, now, old.AT_ANY_TIME, AT_ONCE, about=account_id):
                return
        async with app.db.begin() as db:
            found = await old.old_acts(db, now, old.AT_ANY_TIME, AT_ONCE, about=account_id)
            await erasures.note(db, account_id, await purging.empty_acts(db, found, now))


async def _messages(app: App, account_id: str) -> None:
    async with app.db.read() as db:
        if not await forgetting.count_messages(db, account_id):
            return
    async with app.db.begin() as db:
        gone = await forgetting.erase_messages(db, account_id)
        await erasures.note(db, account_id, purging.counted(messages=gone))


NEEDED = "a report is open or upheld, or a sanction stands on it or can be appealed"
HELD = "it is held for a legal reason"


async def _things(db: AsyncConnection, target: Account, now: datetime) -> list[Thing]:
    one = target.id
    captions, held_captions = [await forgetting.count_captions(db, one, held=which) for which in (False, True)]
    evidence, acts = await forgetting.count_evidence(db, one), await forgetting.count_acts(db, one)
    reports = [each.id for each in await old.old_reports(db, now, None, old.AT_ANY_TIME, MOST, about=one)]
    found_acts = await old.old_acts(db, now, old.AT_ANY_TIME, MOST, about=one, without=reports)
    free = {(act.space_id, act.key) for act in found_acts}
    quoting = await quotes.of_words_of(db, one)
    free_notices = sum(each in free for each in quoting)
    messages, held_messages = [await forgetting.count_messages(db, one, held=which) for which in (False, True)]
    until, released = "until that is over and `evidence_days` have passed", "until it is released"
    found = [
        Thing("words in captions", captions, held_captions, HELD if held_captions else "", released),
        Thing("evidence of reports about them", len(reports), evidence - len(reports), NEEDED, until),
        Thing("words in acts of rules", len(free), acts - len(free), NEEDED, until),
        Thing(
            "these words in messages of the server to others", free_notices, len(quoting) - free_notices, NEEDED, until
        ),
        Thing("texts of messages sent", messages, held_messages, HELD if held_messages else "", released),
        Thing(
            "name, handle, description, ways to sign in, follows, blocks, posts, voice clips, own recordings, series, messages received",
            1,
        ),
    ]
    return [*found, *await _others(db, one)]


async def _others(db: AsyncConnection, account_id: str) -> list[Thing]:
    """What stays of every person, since it is others', too."""
    elsewhere = await forgetting.count_recordings_elsewhere(db, account_id)
    filed, hosted = await forgetting.count_filed(db, account_id), await forgetting.count_hosted(db, account_id)
    return [
        Thing("their voice in recordings of others", 0, elsewhere, "they agreed to it; it is the host's", "`recordings_days`"),
        Thing("what they wrote in reports", 0, filed, "staff decide on it", "`evidence_days`"),
        Thing("titles of Spaces they hosted, and rules", 0, hosted, "others were there; operators alone see it", "for good"),
        Thing("reports, sanctions, appeals, audit log, without words and with an id", 0, 1, "what was done can be checked", "for good"),
        Thing("what others wrote", 0, 1, "it is theirs", "until they delete it"),
        Thing("backups", 0, 1, "they are the operator's", "until they are deleted"),
    ]  # fmt: skip
