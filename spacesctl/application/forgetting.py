"""Erasing a person: what deleting the account does, and the words that others' records have of them. See docs/decisions/0056.

The words go first, a bounded number in each transaction; then the account. Who stops in between, such as a server that is killed, is asked
again and goes on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.application import purging
from spacesctl.application.app import App
from spacesctl.application.deletion import delete_account, require_deletable
from spacesctl.domain.accounts import Account
from spacesctl.domain.errors import NotAllowed, NotFound
from spacesctl.domain.principals import Person
from spacesctl.store import accounts, audit, forgetting, holds
from spacesctl.store import purging as old
from spacesctl.store.recordings import KeptRecording

AT_ONCE: Final = 200
"""Rows that one transaction erases."""
MOST: Final = 100_000
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
    """What was erased of an account and what is kept. `files` are the recordings whose files are to be deleted."""

    account: Account
    things: Sequence[Thing]
    files: Sequence[KeptRecording] = ()


async def plan(app: App, person: Person, ref: str) -> Erased:
    """What `erase` would do now. Raises NotFound, NotAllowed, or Refused as a deletion does."""
    async with app.db.read() as db:
        target = await _target(db, person, ref)
        if target.deleted_at is None:
            await require_deletable(app, db, target, app.clock.now())
        return Erased(target, await _things(db, target, app.clock.now()))


async def erase(app: App, person: Person, ref: str) -> Erased:
    """Erase the person's own words and account, or as an operator any; also the words of an account that is deleted. What is on legal hold
    stays, and the account is closed. Raises NotFound, NotAllowed, or Refused as a deletion does."""
    planned = await plan(app, person, ref)
    target, files = planned.account, list[KeptRecording]()
    async with app.db.read() as db:
        is_held = bool(await holds.on_account(db, target.id))
    gone = Counter[str]()
    if not is_held:
        gone = await _words(app, target.id)
    if target.deleted_at is None:
        files = await delete_account(app, person, target.id)
    if not is_held:
        gone += await _words(app, target.id)  # what was said meanwhile
    async with app.db.begin() as db:
        await audit.append(db, audit.Entry("account.erase", person, None, target.id, dict(gone)), app.clock.now())
    await app.registry.tasks.insist("forget what was erased", app.db.forget_deleted)
    return replace(planned, files=files)


async def _target(db: AsyncConnection, person: Person, ref: str) -> Account:
    found = await accounts.get(db, person.account_id or "" if ref == "me" else ref)
    if found.id != person.account_id and not person.is_admin:
        raise NotAllowed("accounts of others are for operators", reason="scope")
    if found.deleted_at is not None and not person.is_admin:
        raise NotFound("account", ref)
    return found


async def _words(app: App, account_id: str) -> Counter[str]:
    """Erase what others' records have of what it said, but what is needed or held."""
    return (
        await _captions(app, account_id)
        + await _reports(app, account_id)
        + await _acts(app, account_id)
        + await _messages(app, account_id)
    )


async def _captions(app: App, account_id: str) -> Counter[str]:
    gone = Counter[str]()
    while True:
        async with app.db.read() as db:
            found = await forgetting.some_captions(db, account_id, AT_ONCE)
        if not found:
            return gone
        async with app.db.begin() as db:
            gone += Counter(captions=await forgetting.drop_captions(db, found))


async def _reports(app: App, account_id: str) -> Counter[str]:
    gone = Counter[str]()
    while True:
        now = app.clock.now()
        async with app.db.read() as db:
            if not await old.old_reports(db, now, None, old.AT_ANY_TIME, AT_ONCE, about=account_id):
                return gone
        async with app.db.begin() as db:
            found = await old.old_reports(db, now, None, old.AT_ANY_TIME, AT_ONCE, about=account_id)
            gone += await purging.empty_reports(db, found, now)
        for one in found:
            if one.clip is not None:
                await app.clip_files.drop(app.db, one.clip)


async def _acts(app: App, account_id: str) -> Counter[str]:
    gone = Counter[str]()
    while True:
        now = app.clock.now()
        async with app.db.read() as db:
            if not await old.old_acts(db, now, old.AT_ANY_TIME, AT_ONCE, about=account_id):
                return gone
        async with app.db.begin() as db:
            found = await old.old_acts(db, now, old.AT_ANY_TIME, AT_ONCE, about=account_id)
            gone += await purging.empty_acts(db, found, now)


async def _messages(app: App, account_id: str) -> Counter[str]:
    async with app.db.read() as db:
        if not await forgetting.count_messages(db, account_id):
            return Counter()
    async with app.db.begin() as db:
        return purging.counted(messages=await forgetting.erase_messages(db, account_id))


NEEDED = "a report is open or upheld, or a sanction stands on it or can be appealed"
HELD = "it is held for a legal reason"


async def _things(db: AsyncConnection, target: Account, now: datetime) -> list[Thing]:
    one = target.id
    held = bool(await holds.on_account(db, one))
    captions, held_captions = [await forgetting.count_captions(db, one, held=which) for which in (False, True)]
    evidence, acts = await forgetting.count_evidence(db, one), await forgetting.count_acts(db, one)
    free_reports = len(await old.old_reports(db, now, None, old.AT_ANY_TIME, MOST, about=one))
    free_acts = len(await old.old_acts(db, now, old.AT_ANY_TIME, MOST, about=one))
    until = "until that is over and `evidence_days` have passed"
    found = [
        Thing("words in captions", captions, held_captions, HELD if held_captions else "", "until it is released"),
        Thing("evidence of reports about them", free_reports, evidence - free_reports, NEEDED, until),
        Thing("words in acts of rules", free_acts, acts - free_acts, NEEDED, until),
        Thing("texts of messages sent", await forgetting.count_messages(db, one)),
        Thing(
            "name, handle, description, tokens, follows, blocks, posts, voice clips, own recordings, series, messages received",
            1,
        ),
    ]
    if held:
        found = [Thing(thing.what, 0, thing.erased + thing.kept, HELD, "until it is released") for thing in found]
        found.append(Thing("tokens, webhooks, notification addresses", 1))
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
        Thing("what others wrote, and notices that quote what a rule heard", 0, 1, "they are of those who got them", "for good"),
        Thing("backups", 0, 1, "they are the operator's", "until they are deleted"),
    ]  # fmt: skip
