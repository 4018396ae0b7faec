"""What an empty data folder is given and each start ensures: the accounts of the owner and the bot, and their tokens."""

from __future__ import annotations

import fcntl
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.application.tokens import add_token
from spacesctl.domain.accounts import OWNER, Account
from spacesctl.domain.errors import NotFound, Refused
from spacesctl.domain.ids import new_account_id, new_token
from spacesctl.domain.principals import System
from spacesctl.domain.words import Kind, Scope
from spacesctl.store import accounts, audit, private_files, tokens
from spacesctl.store.folder import CLIPS, DATABASE, EVIDENCE, KEY, RECORDINGS
from spacesctl.store.ports import Database
from spacesctl.store.tokens import NewToken
from spacesctl.support.clock import REAL, Clock

_log = structlog.get_logger()
BOT = "spaces_bot"
BOT_LABEL = "bundled bot"
OWNER_TOKEN = "owner.token"
TRUSTED = timedelta(days=2)
"""Between two starts. After a longer time nothing is deleted for a day, which does no harm where the clock is right."""
_FIRST = {OWNER: ("Owner", Kind.PERSON), BOT: ("Moderation bot", Kind.BOT)}


def open_folder(data: Path) -> IO[str]:
    """Create the folder (mode 0700) and lock it for this process; keep the returned file open. Raises Refused when
    another server has it, or it has lost its database.
    """
    data.mkdir(parents=True, exist_ok=True)
    data.chmod(0o700)
    private_files.keep_private()
    _check_losses(data)
    lock = (data / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise Refused("in_use", f"another server uses the data folder {data}") from error
    if mended := private_files.shut(data):
        _log.warning(
            "files of the data folder were open to other users of this machine, and are not any more", files=mended
        )
    return lock


def _check_losses(data: Path) -> None:
    """A folder that was used before and has lost its database is not taken for a new one: its sound files would be nobody's, and be
    deleted. Raises Refused. A lost key is replaced, and that is said."""
    used = [name for name in (OWNER_TOKEN, KEY, RECORDINGS, CLIPS, EVIDENCE) if (data / name).exists()]
    database = data / DATABASE
    if used and (not database.exists() or not database.stat().st_size):
        raise Refused(
            "no_database",
            f"{data} was used before ({', '.join(used)}) and its {DATABASE} is missing or empty",
            hint="put it back, restore a backup into a new folder, or start with an empty folder",
        )
    if database.exists() and database.stat().st_size and not (data / KEY).exists():
        _log.warning(
            "the folder has lost its key: secrets of webhooks change, notification addresses are lost", key=KEY
        )


async def ensure_accounts(db: Database, clock: Clock = REAL) -> tuple[str | None, Account, str]:
    """Returns the owner's token if it was just created, the bot's account, and a fresh token for the bot, whose older
    ones are deleted.
    """
    now = clock.now()
    owner_token = None
    bot_token = NewToken(new_token(), frozenset({Scope.USE, Scope.BOT}), BOT_LABEL)
    async with db.begin() as connection:
        for handle, (name, kind) in _FIRST.items():
            try:
                await accounts.get(connection, handle)
            except NotFound:
                await accounts.add(connection, Account(new_account_id(), handle, name, kind, now))
                await audit.append(connection, audit.Entry("account.create", System("first_start"), None, handle), now)
                if handle == OWNER:
                    owner_token = await _add_owner_token(connection, "first", now)
        bot = await accounts.get(connection, BOT)
        await tokens.drop_labelled(connection, bot.id, BOT_LABEL)
        await add_token(connection, System("start"), bot.id, bot_token, now)
    return owner_token, bot, bot_token.text


async def add_profile_token(db: Database, clock: Clock = REAL) -> str:
    """A token of the owner for daily use. That of the first start is kept for emergencies: either can be revoked without the other."""
    async with db.begin() as connection:
        return await _add_owner_token(connection, "profile", clock.now())


async def _add_owner_token(db: AsyncConnection, label: str, now: datetime) -> str:
    made = NewToken(new_token(), frozenset({Scope.USE, Scope.ADMIN}), label)
    await add_token(db, System("first_start"), (await accounts.get(db, OWNER)).id, made, now)
    return made.text


async def is_time_doubtful(db: Database, clock: Clock = REAL) -> bool:
    """Whether the wall clock is days after the last start, or before it: it may be wrong. To be asked before `ensure_accounts`."""
    async with db.read() as connection:
        try:
            bot = await accounts.get(connection, BOT)
        except NotFound:
            return False
        last = await tokens.made_at(connection, bot.id, BOT_LABEL)
    return last is not None and not timedelta(0) <= clock.now() - last <= TRUSTED


def keep_owner_token(data: Path, token: str) -> Path:
    """Write the owner's token to a file that only this user can read; returns its path."""
    path = data / OWNER_TOKEN
    write_private(path, token + "\n")
    return path


def write_private(path: Path, text: str) -> None:
    """Create or replace a file with mode 0600. It is never readable by others, not even briefly."""
    temporary = path.with_name(path.name + ".part")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    temporary.replace(path)
