"""The block lists that somebody follows: where they are, whose key was believed at first, and what was taken over.

They are kept beside the profile (mode 0600), as the own key is: no server is told which lists one follows.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import structs
from platformdirs import user_config_path

from spacesctl.api.accounts import BlockEffect
from spacesctl.api.wire import Given, Meta, Time, dump, load
from spacesctl.client.blocklists import MOST_ENTRIES, BlockList, Entry, Key
from spacesctl.domain.errors import Invalid, Refused

SCHEMA = 1
MOST_LISTS = 50
MOST_BYTES = 16 << 20
Handles = Annotated[list[str], Meta(max_length=MOST_ENTRIES)]


class Followed(Given, frozen=True, kw_only=True):
    """A list that the account `by_whom` of `here` follows. `taken` are the handles that were decided on: blocked, or left alone; `waiting`
    those that a person is to decide on."""

    source: Annotated[str, Meta(max_length=4_096)]
    here: str
    by_whom: str
    by: str
    server: str
    key: Key
    made_at: Time
    taken: Handles = []
    waiting: Handles = []


class _Kept(Given, frozen=True, kw_only=True):
    schema: int
    lists: Annotated[list[Followed], Meta(max_length=MOST_LISTS)] = []


def path() -> Path:
    """Where they are kept."""
    return user_config_path("spacesctl") / "followed-blocklists.json"


def kept() -> list[Followed]:
    """All of them, of every server. Raises Invalid when the file cannot be read."""
    hint = "remove it, and follow the lists again"
    try:
        with path().open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        found = load(content, _Kept)
    except FileNotFoundError:
        return []
    except (OSError, ValueError, RecursionError) as error:
        raise Invalid(str(path()), "cannot be read", hint=hint) from error
    if found.schema != SCHEMA:
        raise Invalid(str(path()), f"is of version {found.schema}", hint=hint)
    return found.lists


def keep(one: Followed, *, only_again: bool = False) -> None:
    """Keep it, in place of an earlier state; `only_again`: only if there is one. Raises Refused when there are too many, or it is not
    followed any more, Invalid when it cannot be written."""
    with _alone():
        if only_again:
            require_kept(one)
        others = [each for each in kept() if not _is_same(each, one)]
        if len(others) >= MOST_LISTS:
            raise Refused(
                "too_many_lists", f"you follow {MOST_LISTS} lists, which is the most", hint="`blocklist unfollow` one"
            )
        _write([*others, one])


def require_kept(one: Followed) -> None:
    """Raise Refused when it is not followed any more."""
    if not any(_is_same(each, one) for each in kept()):
        raise Refused("unfollowed", f"{one.source} is not followed any more: nothing was changed")


def forget(one: Followed) -> None:
    """Follow it no longer."""
    with _alone():
        _write([each for each in kept() if not _is_same(each, one)])


@contextmanager
def _alone() -> Iterator[None]:
    """Read and write them while no other command does: of two that end at once neither forgets what the other one keeps."""
    lock = path().with_suffix(".lock")
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(lock, os.O_RDWR | os.O_CREAT, 0o600), "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
    except OSError as error:
        raise Invalid(str(lock), f"cannot be written: {error.strerror or error}") from error


def require_same(found: BlockList, before: Followed) -> None:
    """Raise Refused when a list has another signer than at first, or is older than what was taken over."""
    if found.key != before.key:
        text = f"{before.source} is signed by {found.key[:16]} now, and was by {before.key[:16]}: nothing was changed"
        raise Refused(
            "another_signer", text, hint="ask who makes it; `blocklist unfollow` and `follow` believe the new key"
        )
    if found.made_at < before.made_at:
        raise Refused("older", f"{before.source} is older than what was taken over: nothing was changed")


def additions(found: BlockList, before: Followed) -> list[Entry]:
    """What nobody has decided on yet."""
    known = {handle.lower() for handle in (*before.taken, *before.waiting)}
    return [one for one in found.entries if one.handle.lower() not in known]


def removals(found: BlockList, before: Followed) -> list[str]:
    """The handles that were taken over and are no longer in the list."""
    listed = {one.handle.lower() for one in found.entries}
    return [handle for handle in before.taken if handle.lower() not in listed]


def parted(effects: Iterable[BlockEffect]) -> tuple[list[str], list[str], list[str]]:
    """The handles to block, those that wait for a person, and those that are blocked already; who is not on this server is none of them."""
    harmless, waiting, blocked = list[str](), list[str](), list[str]()
    for one in effects:
        if one.handle is None:
            continue
        matters = one.follows_you or one.you_follow or one.hosts or one.speaks
        (blocked if one.blocked else waiting if matters else harmless).append(one.handle)
    return harmless, waiting, blocked


def changed(before: Followed, found: BlockList, taken: Iterable[str], waiting: Iterable[str]) -> Followed:
    """Its state after these were decided on, and these are to be. What is no longer in the list is forgotten."""
    listed = {one.handle.lower() for one in found.entries}
    decided = [each for each in dict.fromkeys((*before.taken, *taken)) if each.lower() in listed]
    waits = [
        each for each in dict.fromkeys((*before.waiting, *waiting)) if each.lower() in listed and each not in decided
    ]
    return structs.replace(before, made_at=found.made_at, taken=decided, waiting=waits)


def with_none_waiting(one: Followed) -> Followed:
    """The same when somebody has decided on all who waited."""
    return structs.replace(one, waiting=[])


def _is_same(one: Followed, other: Followed) -> bool:
    return (one.source, one.here, one.by_whom) == (other.source, other.here, other.by_whom)


def _write(lists: list[Followed]) -> None:
    there, new = path(), path().with_suffix(".new")
    try:
        there.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(msgspec.json.format(dump(_Kept(schema=SCHEMA, lists=lists)), indent=1) + b"\n")
        new.replace(there)
    except OSError as error:
        raise Invalid(str(there), f"cannot be written: {error.strerror or error}") from error
