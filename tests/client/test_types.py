"""What a type checker makes of the client. mypy checks it with the rest: a wrong `assert_type` and an `ignore` for nothing are errors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import assert_type

from spacesctl.api.accounts import Account, Me
from spacesctl.api.captions import Caption
from spacesctl.api.events import Event
from spacesctl.api.moderation import AuditEntry, NewReport
from spacesctl.api.people import Invitation, Member, Members, NewInvites
from spacesctl.api.spaces import NewSpace, Space
from spacesctl.api.wire import Time
from spacesctl.client import AsyncClient, Client
from spacesctl.domain.words import Role, State


def synchronous(client: Client) -> None:
    space = client.spaces.create(NewSpace(title="Office hours"))
    assert_type(space, Space)
    assert_type(space.state, State)
    assert_type(space.created_at, Time)
    assert_type(client.accounts.me(), Me)
    assert_type(client.spaces.list([State.LIVE]), Iterator[Space])
    assert_type(client.accounts.following(), Iterator[Account])
    assert_type(client.moderation.audit(), Iterator[AuditEntry])
    assert_type(client.people.list(space.id), Members)
    assert_type(client.people.invite(space.id, NewInvites(handles=["@ann"])), list[Invitation])
    assert_type(client.people.mute(space.id, "@ann"), Member)
    assert_type(client.people.mute(space.id, "@ann").role, Role)
    assert_type(client.spaces.events(space.id, "staff", last_event_id="7"), Iterator[Event])
    client.spaces.create(NewSpace(titel="Office hours"))  # type: ignore[call-arg]
    client.spaces.create(NewReport(space_id=space.id))  # type: ignore[arg-type]
    client.spaces.events(space.id, "everybody")  # type: ignore[arg-type]
    client.people.mute(space.id)  # type: ignore[call-arg]
    space.title = "Other"  # type: ignore[misc]


async def asynchronous(client: AsyncClient) -> None:
    assert_type(asyncio.create_task(client.spaces.create(NewSpace(title="Office hours"))), asyncio.Task[Space])
    assert_type(await client.spaces.get("x"), Space)
    assert_type(await client.spaces.captions("x"), list[Caption])
    assert_type(client.spaces.list(), AsyncIterator[Space])
    assert_type(client.spaces.events("x"), AsyncIterator[Event])
    client.spaces.get("x").title  # type: ignore[attr-defined]  # noqa: B018


def test_the_names_of_the_package_are_those_that_are_documented() -> None:
    import spacesctl.client

    assert spacesctl.client.Client is Client
    assert spacesctl.client.AsyncClient is AsyncClient
    assert not hasattr(spacesctl.client, "Session")
