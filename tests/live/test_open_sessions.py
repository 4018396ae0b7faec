"""Who is in a Space and may no longer be there: sessions and event streams end by the rule that let them in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from spacesctl.domain.principals import ANONYMOUS, Person
from spacesctl.domain.words import Scope
from spacesctl.engine.messages import RemovePeer
from spacesctl.live.actor import SpaceActor
from spacesctl.live.event_views import View
from spacesctl.live.sessions import Session, SessionKind
from tests.api.harness import Api, As, running_api, settled

pytestmark = pytest.mark.anyio


@pytest.fixture
async def api(tmp_path: Path, anyio_backend: str) -> AsyncIterator[Api]:
    async with running_api(tmp_path / "data") as running:
        yield running


async def scene(api: Api) -> tuple[As, As, str, SpaceActor]:
    """A host, a co-host, the path of their live Space, and its actor."""
    host, cohost = await api.accounts("host", "cohost")
    space = await api.live(host)
    await host.ok("POST", f"{space}/invites", {"handles": ["@cohost"], "role": "cohost"})
    await cohost.ok("POST", f"{space}/accept")
    return host, cohost, space, await api.app.registry.actor_of(space.rsplit("/", 1)[-1])


async def test_whoever_is_kicked_or_blocked_is_out_of_everything(api: Api) -> None:
    host, _, space, actor = await scene(api)
    ann, ben = await api.accounts("ann", "ben")
    for one in (ann, ben):
        actor.connect(Session(one.handle, SessionKind.WHEP, Person(one.id)))
    streams = [actor.subscribe(View.AUDIENCE, Person(one.id)) for one in (ann, ben)]
    nobody = actor.subscribe(View.AUDIENCE, ANONYMOUS)
    await host.ok("POST", f"{space}/people/@ann/kick")
    assert [stream.closed for stream in streams] == [True, False]
    await host.ok("PUT", "/v1/accounts/me/blocks/@ben")
    assert [stream.closed for stream in streams] == [True, True]
    assert [message.peer for message in api.engine.of(RemovePeer)] == ["@ann", "@ben"]
    assert not nobody.closed


async def test_a_co_host_who_steps_down_no_longer_sees_what_staff_see(api: Api) -> None:
    host, cohost, space, actor = await scene(api)
    admin = Person(cohost.id, scopes=frozenset({Scope.ADMIN}))
    staff, as_admin = actor.subscribe(View.STAFF, Person(cohost.id)), actor.subscribe(View.STAFF, admin)
    audience = actor.subscribe(View.AUDIENCE, Person(cohost.id))
    await host.ok("POST", f"{space}/people/@cohost/demote")
    assert (staff.closed, as_admin.closed, audience.closed) == (True, False, False)


async def test_a_space_for_accounts_alone_lets_nobody_stay_who_has_none(api: Api) -> None:
    host, _, space, actor = await scene(api)
    actor.connect(Session("x", SessionKind.WHEP, ANONYMOUS))
    stream = actor.subscribe(View.AUDIENCE, ANONYMOUS)
    await host.ok("PATCH", space, {"title": "Other"})
    before = stream.closed
    await host.ok("PATCH", space, {"listeners": "accounts"})
    assert (before, stream.closed) == (False, True)
    assert actor.connected() == []


async def test_what_a_token_opened_carries_its_name_and_not_the_token(api: Api) -> None:
    host, _, space, actor = await scene(api)
    answer = await host.offer(f"{space}/whep")
    assert answer.status_code == 201
    [session] = actor.connections.sessions.values()
    credential = session.person.credential
    assert credential is not None
    assert credential.kind == "token"
    assert len(credential.id) == 16
    assert credential.id not in (host.token or "")


async def test_revoking_a_token_ends_what_it_opened_and_nothing_of_another(api: Api) -> None:
    host, _, space, actor = await scene(api)
    ann = await api.speaker(space, host, "ann")
    phone = As(api, (await ann.ok("POST", f"/v1/accounts/{ann.handle}/tokens", {"label": "phone"}))["token"])
    await phone.offer(f"{space}/whep")
    mine = {session.kind: session for session in actor.connections.sessions.values()}
    assert set(mine) == {SessionKind.WHIP, SessionKind.WHEP}
    streams = [actor.subscribe(View.AUDIENCE, session.person) for session in mine.values()]
    await ann.ok("DELETE", f"/v1/accounts/{ann.handle}/tokens?label=phone")
    assert {session.kind for session in actor.connections.sessions.values()} == {SessionKind.WHIP}
    assert [stream.closed for stream in streams] == [kind is SessionKind.WHEP for kind in mine]
    await api.owner.ok("DELETE", f"/v1/accounts/{ann.handle}/tokens?label=first")
    assert not actor.connections.sessions
    assert all(stream.closed for stream in streams)
    await settled(api)
    assert actor.space.people[ann.id].lane is None, "its microphone is closed in the store too"


async def test_a_token_without_a_scope_can_do_nothing_and_nobody_makes_one_for_the_bot(api: Api) -> None:
    ann = await api.account("ann")
    made = await ann.ok("POST", f"/v1/accounts/{ann.handle}/tokens", {"label": "none", "scopes": []})
    bare = As(api, made["token"])
    for path in ("/v1/dms", "/v1/accounts/me", "/v1/spaces", "/v1/accounts/@ann"):
        refused = await bare.refused("GET", path)
        assert (refused["status"], refused["reason"]) == (403, "scope")
    for who in (api.owner, api.bot):
        refused = await who.refused("POST", "/v1/accounts/@spaces_bot/tokens", {"label": "x"})
        assert (refused["status"], refused["reason"]) == (403, "scope")


async def test_what_is_opened_while_its_token_is_revoked_ends_at_once(api: Api) -> None:
    _, _, space, actor = await scene(api)
    ann = await api.account("ann")
    answer = await ann.offer(f"{space}/whep")
    assert answer.status_code == 201
    [checked] = [session.person for session in actor.connections.sessions.values()]
    await ann.ok("DELETE", f"/v1/accounts/{ann.handle}/tokens?label=first")
    # A request that was checked before that goes on only now.
    stream = actor.subscribe(View.AUDIENCE, checked)
    actor.connect(Session("late", SessionKind.WHEP, checked))
    await settled(api)
    assert stream.closed
    assert not actor.connections.sessions
