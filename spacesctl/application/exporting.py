"""Everything that is kept about a person, as one archive for them: lists as NDJSON, their own voice, what sanctions on them stand on.

It is written as it is sent: nothing of it is kept on the server, and never more than a page of it is in memory.
"""

from __future__ import annotations

import asyncio
import json
import zipfile
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final

from spacesctl.application.app import App
from spacesctl.application.statements import Statement, statement
from spacesctl.domain.accounts import Account
from spacesctl.domain.clock import rfc3339
from spacesctl.domain.errors import NotAllowed
from spacesctl.domain.principals import Person
from spacesctl.store import accounts, audit, exporting, sanctions
from spacesctl.store.exporting import Row
from spacesctl.store.folder import CLIPS

MOST_SANCTIONS: Final = 10_000
_CHUNK: Final = 256 << 10
README: Final = """What this server keeps about {handle}, on {at}.

*.ndjson: one JSON value a line. Beside the id of an account stands its handle, beside that of a Space its title, as they are now. account:
the account. tokens: labels of its tokens and sessions, and where they were last used; their secrets are not kept. password: when it was
set; it is not kept, either. passkeys: their labels, and when they were used. identities: at providers that sign it in. follows, blocks:
those that it made. posts. messages: sent and received, with notices. voice_clips: the files are in clips/. spaces: hosted or created.
recordings: `spacesctl recordings get` fetches the files. attendance: who was where, 30 days. captions: what it said, as speech recognition
wrote it, what it typed, and what it wrote in chats. sanctions: those on it, with the words and the rule that they stand on; the sound of it
is in evidence/. reports_filed, appeals, webhooks, notifications.

Not in here, since it is about others, too: who reported it, what staff noted, who follows or blocks it, what others said.
"""


class _Sink:
    """A file that cannot be sought: what was written to it waits until it is taken."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def write(self, data: bytes, /) -> int:
        self._waiting += data
        return len(data)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass

    def take(self) -> bytes:
        """What was written since."""
        taken = bytes(self._waiting)
        self._waiting.clear()
        return taken


async def account_to_export(app: App, person: Person, ref: str) -> Account:
    """The person's own account, or for an operator any; that an operator asked is noted. Raises NotFound or NotAllowed."""
    async with app.db.read() as db:
        account = await accounts.present(db, person.account_id or "" if ref == "me" else ref)
    if account.id != person.account_id:
        if not person.is_admin:
            raise NotAllowed("what is kept about others is for them and for operators", reason="scope")
        async with app.begin(person) as db:
            await audit.append(db, audit.Entry("account.export", person, None, account.id), app.clock.now())
    return account


async def export(app: App, account: Account) -> AsyncIterator[bytes]:
    """The archive (ZIP), piece by piece."""
    sink, now = _Sink(), app.clock.now()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:

        def entry(name: str, how: int = zipfile.ZIP_DEFLATED) -> zipfile.ZipInfo:
            made = zipfile.ZipInfo(name, (now.year, now.month, now.day, now.hour, now.minute, now.second))
            made.compress_type, made.external_attr = how, 0o600 << 16
            return made

        archive.writestr(entry("README.txt"), README.format(handle=f"@{account.handle}", at=rfc3339(now)))
        for name, pages in _lists(app, account):
            with archive.open(entry(f"{name}.ndjson"), "w") as file:
                async for page in pages:
                    file.write(_lines(page))
                    yield sink.take()
        async for name, path in _sounds(app, account):
            if (size := await asyncio.to_thread(_size, path)) is None:
                continue  # it was deleted since
            made = entry(name, zipfile.ZIP_STORED)
            made.file_size = size
            with archive.open(made, "w") as file:
                async for piece in _pieces(path):
                    file.write(piece)
                    yield sink.take()
    yield sink.take()


def _lists(app: App, account: Account) -> Iterator[tuple[str, AsyncIterator[list[Row]]]]:
    for part in exporting.parts(account.id):
        yield part.name, exporting.rows(app.db, part)
    yield "captions", exporting.captions(app.db, account.id)
    yield "sanctions", _sanctions(app, account)


def _lines(rows: Iterable[Row]) -> bytes:
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows).encode()


async def _statements(app: App, account: Account) -> AsyncIterator[Statement]:
    """As the person reads them: of each sanction what it stands on, and never who reported."""
    async with app.db.read() as db:
        found = await sanctions.on(db, account.id, limit=MOST_SANCTIONS)
    for one in found:
        yield await statement(app, Person(account.id, account.handle), one.id)


async def _sanctions(app: App, account: Account) -> AsyncIterator[list[Row]]:
    async with app.db.read() as db:
        found = await sanctions.on(db, account.id, limit=MOST_SANCTIONS)
        titles = await exporting.titles(db, {one.space_id for one in found if one.space_id is not None})
    async for one in _statements(app, account):
        kept = one.sanction
        by_rule = kept.principal["kind"] == "rule"
        yield [
            {
                "id": kept.id,
                "action": kept.action,
                "space_id": kept.space_id,
                "space_title": titles.get(kept.space_id or ""),
                "rule": kept.principal["id"] if by_rule else None,
                "rule_text": one.rule_text,
                # Why somebody blocked somebody is for the blocker.
                "reason": kept.reason if by_rule or kept.action != "block" else "",
                "words": [asdict(word) for word in one.words],
                "since": rfc3339(kept.since),
                "until": None if kept.until is None else rfc3339(kept.until),
                "lifted_at": None if kept.lifted_at is None else rfc3339(kept.lifted_at),
                "how": kept.how,
                "sound": None if one.clip is None else f"evidence/{kept.id}.ogg",
            }
        ]


async def _sounds(app: App, account: Account) -> AsyncIterator[tuple[str, Path]]:
    """The files of the archive: its voice clips, and what it said in evidence that sanctions on it stand on."""
    [part] = [one for one in exporting.parts(account.id) if one.name == "voice_clips"]
    async for page in exporting.rows(app.db, part):
        for row in page:
            yield f"clips/{row['id']}.ogg", app.data / CLIPS / f"{row['id']}.ogg"
    async for one in _statements(app, account):
        if one.clip is not None:
            yield f"evidence/{one.sanction.id}.ogg", app.clip_files.path(one.clip)


def _size(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    file = await asyncio.to_thread(path.open, "rb")
    try:
        while piece := await asyncio.to_thread(file.read, _CHUNK):
            yield piece
    finally:
        file.close()
