"""Invites, requests, mute, kick and block through the API, and what the engine is told of them."""

from __future__ import annotations

import pytest

from spacesctl.engine.messages import AddPeer, CloseLane, MovePeer, OpenLane, OpenSpace, RemovePeer, SetLaneOpen
from tests.api.harness import Api, As

pytestmark = pytest.mark.anyio


async def names(who: As, space: str) -> dict[str, dict[str, object]]:
    return {row["handle"]: row for row in (await who.ok("GET", f"{space}/people"))["data"]}


async def test_an_invitation_is_a_direct_message_with_the_link_and_accepting_it_gives_the_stage(api: Api) -> None:
    host, ann = await api.accounts("host", "ann")
    space = await api.live(host)
    await host.ok("POST", f"{space}/invites", {"handles": ["@Ann"], "message": "bring your guitar"})
    [message] = (await ann.ok("GET", "/v1/dms"))["data"]
    assert message["kind"] == "invite"
    assert message["by"]["handle"] == "@host"
    assert message["link"] in message["text"]
    assert "bring your guitar" in message["text"]
    assert (await ann.offer(f"{space}/whip")).status_code == 403
    accepted = await ann.ok("POST", f"{space}/accept")
    assert accepted["me"]["role"] == "speaker"
    assert (await ann.offer(f"{space}/whip")).status_code == 201


async def test_who_is_invited_lists_the_invitations_to_what_is_not_over(api: Api) -> None:
    host, ann = await api.accounts("host", "ann")
    spaces = [await api.live(host, title=title) for title in ("First", "Second", "Over", "Canceled for me")]
    for space in spaces:
        await host.ok("POST", f"{space}/invites", {"handles": ["@ann"]})
    await ann.ok("POST", f"{spaces[0]}/accept")
    await host.ok("POST", f"{spaces[2]}/end")
    await host.ok("DELETE", f"{spaces[3]}/invites/@ann")
    rows = (await ann.ok("GET", "/v1/accounts/me/invites"))["data"]
    assert [(row["title"], row["state"]) for row in rows] == [
        ("Canceled for me", "revoked"),
        ("Second", "pending"),
        ("First", "accepted"),
    ]
    assert rows[1]["host"]["handle"] == "@host"
    assert (rows[1]["space_state"], rows[1]["role"]) == ("live", "speaker")
    assert rows[1]["link"].endswith(rows[1]["space_id"])
    assert (await host.ok("GET", "/v1/accounts/me/invites"))["data"] == []
    assert (await api.nobody.refused("GET", "/v1/accounts/me/invites"))["status"] == 401


async def test_a_message_is_unread_until_its_reader_says_so(api: Api) -> None:
    host, ann, ben = await api.accounts("host", "ann", "ben")
    for text in ("one", "two", "three"):
        await host.ok("POST", "/v1/dms", {"to": "@ann", "text": text})

    async def unread() -> list[str]:
        rows = (await ann.ok("GET", "/v1/dms", params={"unread": "true"}))["data"]
        assert all(row["unread"] for row in rows)
        return [row["text"] for row in rows]

    assert await unread() == ["three", "two", "one"]
    ids = [row["id"] for row in (await ann.ok("GET", "/v1/dms"))["data"]]
    await ben.ok("POST", "/v1/dms/read", {"ids": ids})
    assert await unread() == ["three", "two", "one"], "only who they are to reads them"
    await ann.ok("POST", "/v1/dms/read", {"ids": [ids[0], ids[2], "none", "9" * 18]})
    await ann.ok("POST", "/v1/dms/read", {"ids": [ids[0]]})
    assert await unread() == ["two"]
    assert [row["unread"] for row in (await ann.ok("GET", "/v1/dms"))["data"]] == [False, True, False]
    assert (await ann.refused("POST", "/v1/dms/read", {"ids": []}))["field"] == "ids"
    assert (await ann.refused("POST", "/v1/dms/read", {"ids": ["1"] * 101}))["field"] == "ids"
    assert (await api.nobody.refused("POST", "/v1/dms/read", {"ids": ids}))["status"] == 401


async def test_asking_somebody_twice_sends_one_message(api: Api) -> None:
    host, ann = await api.accounts("host", "ann")
    space = await api.live(host)
    for _ in range(2):
        await host.ok("POST", f"{space}/invites", {"handles": ["@ann"]})
    assert len((await ann.ok("GET", "/v1/dms"))["data"]) == 1


async def test_an_open_invitation_can_be_taken_back_and_an_accepted_one_not(api: Api) -> None:
    host, ann = await api.accounts("host", "ann")
    space = await api.live(host)
    await host.ok("POST", f"{space}/invites", {"handles": ["@ann"]})
    assert (await host.ok("DELETE", f"{space}/invites/@ann"))["state"] == "revoked"
    assert (await ann.refused("POST", f"{space}/accept"))["status"] == 403
    await host.ok("POST", f"{space}/invites", {"handles": ["@ann"]})
    await ann.ok("POST", f"{space}/accept")
    assert (await host.refused("DELETE", f"{space}/invites/@ann"))["reason"] == "no_invite"


async def test_at_most_two_speakers_are_promoted(api: Api) -> None:
    host = await api.account("host")
    space = await api.live(host)
    for handle in ("ann", "ben", "cid"):
        await api.speaker(space, host, handle)
    for handle in ("ann", "ben"):
        assert (await host.ok("POST", f"{space}/people/@{handle}/promote"))["role"] == "cohost"
    assert (await host.refused("POST", f"{space}/people/@cid/promote"))["reason"] == "cohosts_full"


async def test_the_host_hands_over_to_a_cohost_and_stays_as_one(api: Api) -> None:
    host = await api.account("host")
    space = await api.live(host)
    ann = await api.speaker(space, host, "ann")
    assert (await host.refused("POST", f"{space}/people/@ann/host"))["reason"] == "not_cohost"
    await host.ok("POST", f"{space}/people/@ann/promote")
    assert (await host.ok("POST", f"{space}/people/@ann/host"))["role"] == "host"
    roles = {name: row["role"] for name, row in (await names(ann, space)).items()}
    assert roles == {"@ann": "host", "@host": "cohost"}
    assert (await ann.ok("POST", f"{space}/end"))["state"] == "ended"


async def test_an_unknown_name_in_an_invitation_invites_nobody(api: Api) -> None:
    host, ann = await api.accounts("host", "ann")
    space = await api.live(host)
    problem = await host.refused("POST", f"{space}/invites", {"handles": ["@ann", "@nobody"]})
    assert (problem["status"], problem["code"]) == (404, "not_found")
    assert (await ann.ok("GET", "/v1/dms"))["data"] == []


async def test_the_queue_of_hands_is_ordered_and_answered(api: Api) -> None:
    host, ann, ben = await api.accounts("host", "ann", "ben")
    space = await api.live(host)
    for who in (ben, ann):
        await who.ok("POST", f"{space}/requests")
    queue = (await host.ok("GET", f"{space}/requests"))["data"]
    assert [(row["position"], row["handle"]) for row in queue] == [(1, "@ben"), (2, "@ann")]
    approved = await host.ok("POST", f"{space}/requests/@ann/approve")
    assert approved["role"] == "speaker"
    await host.ok("POST", f"{space}/requests/@ben/deny")
    assert (await host.ok("GET", f"{space}/requests"))["data"] == []
    problem = await host.refused("POST", f"{space}/requests/@ben/approve")
    assert problem["reason"] == "no_request"


async def test_a_mute_shuts_the_gate_and_its_target_cannot_open_it(api: Api) -> None:
    host = await api.account("host")
    space = await api.live(host)
    ann = await api.speaker(space, host, "ann")
    api.engine.sent.clear()
    muted = await host.ok("POST", f"{space}/people/@ann/mute")
    assert (muted["muted"], muted["mic"]) == (True, "closed")
    assert [gate.heard for gate in api.engine.of(SetLaneOpen)] == [False]
    assert (await ann.refused("PUT", f"{space}/mic", {"open": True}))["reason"] == "muted"
    await ann.offer(f"{space}/whip")
    assert not any(gate.heard for gate in api.engine.of(SetLaneOpen))
    assert [lane.heard for lane in api.engine.of(OpenLane)] == [False], "a new microphone is born gagged"
    await host.ok("POST", f"{space}/people/@ann/unmute")
    assert (await names(host, space))["@ann"]["heard"] is False, "the gag is lifted, the microphone still closed"
    await ann.ok("PUT", f"{space}/mic", {"open": True})
    assert (await names(host, space))["@ann"]["heard"] is True


async def test_a_kick_closes_everything_and_every_door_stays_shut(api: Api) -> None:
    host = await api.account("host")
    space = await api.live(host)
    ann = await api.speaker(space, host, "ann")
    await ann.offer(f"{space}/whep")
    later = As(api, (await ann.ok("POST", "/v1/accounts/@ann/tokens", {"label": "phone"}))["token"])
    api.engine.sent.clear()
    await host.ok("POST", f"{space}/people/@ann/kick", {"reason": "shouting"})
    assert len(api.engine.of(CloseLane)) == 1
    assert len(api.engine.of(RemovePeer)) == 2
    newest = As(api, (await ann.ok("POST", "/v1/accounts/@ann/tokens", {"label": "tablet"}))["token"])
    for token in (ann, later, newest):
        for path in ("whip", "whep"):
            assert (await token.offer(f"{space}/{path}")).status_code == 403
        for method, path in (
            ("POST", "accept"), ("POST", "requests"), ("GET", "events"), ("GET", "captions"), ("GET", "people"), ("GET", ""),
        ):  # fmt: skip
            problem = await token.refused(method, f"{space}/{path}".rstrip("/"))
            assert problem["reason"] == "barred", (method, path)
    problem = await host.refused("POST", f"{space}/invites", {"handles": ["@ann"]})
    assert problem["reason"] == "barred"
    assert "@ann" not in await names(host, space)
    assert "shouting" in (await ann.ok("GET", "/v1/dms"))["data"][1]["text"], "the newest tells of the token"
    assert (await api.nobody.offer(f"{space}/whep")).status_code == 201, "a public Space stays public"


async def test_a_block_removes_from_every_live_space_of_the_blocker_and_from_messages(api: Api) -> None:
    host, other = await api.accounts("host", "other")
    first, second, foreign = await api.live(host), await api.live(host), await api.live(other)
    ann = await api.speaker(first, host, "ann")
    for space in (second, foreign):
        assert (await ann.offer(f"{space}/whep")).status_code == 201
    await host.ok("PUT", "/v1/accounts/me/blocks/@ann")
    for space in (first, second):
        assert "@ann" not in await names(host, space)
        assert (await ann.offer(f"{space}/whep")).status_code == 403
    assert (await ann.offer(f"{foreign}/whep")).status_code == 201
    assert (await ann.refused("POST", "/v1/dms", {"to": "@host", "text": "hi"}))["reason"] == "blocked"
    assert (await host.refused("POST", f"{first}/invites", {"handles": ["@ann"]}))["reason"] == "blocked"
    await host.ok("DELETE", "/v1/accounts/me/blocks/@ann")
    assert (await ann.offer(f"{first}/whep")).status_code == 201, "a block is no kick: lifted, the door is open"


async def test_listeners_move_between_mixes_as_their_role_changes(api: Api) -> None:
    host, ann = await api.accounts("host", "ann")
    space = await api.live(host)
    await ann.offer(f"{space}/whep")
    [down] = api.engine.of(AddPeer)
    assert down.group == 0, "the audience mix"
    await host.ok("POST", f"{space}/invites", {"handles": ["@ann"]})
    await ann.ok("POST", f"{space}/accept")
    await ann.offer(f"{space}/whip")
    assert [(move.peer, move.group) for move in api.engine.of(MovePeer)] == [(down.peer, 0xFFFF), (down.peer, 1)]
    await host.ok("POST", f"{space}/people/@ann/demote")
    assert api.engine.of(MovePeer)[-1].group == 0


async def test_a_session_ends_by_its_own_path_once(api: Api) -> None:
    host = await api.account("host")
    space = await api.live(host)
    answer = await api.nobody.offer(f"{space}/whep")
    assert answer.status_code == 201
    assert answer.headers["content-type"] == "application/sdp"
    place = answer.headers["location"]
    assert (await api.nobody.call("DELETE", place)).status_code == 200
    assert (await api.nobody.call("DELETE", place)).status_code == 404
    assert [gone.peer for gone in api.engine.of(RemovePeer)] == [place.rsplit("/", 1)[-1]]


async def test_what_is_no_offer_is_refused_and_leaves_no_microphone_behind(api: Api) -> None:
    host = await api.account("host")
    space = await api.live(host)
    wrong_type = await host.http.post(f"{space}/whip", content="v=0", headers={"Content-Type": "text/plain"})
    assert wrong_type.status_code == 415
    no_offer = await host.http.post(f"{space}/whip", content="hello", headers={"Content-Type": "application/sdp"})
    assert no_offer.json()["code"] == "invalid"
    too_long = await host.http.post(f"{space}/whip", content="v" * 70_000, headers={"Content-Type": "application/sdp"})
    assert too_long.status_code == 413
    assert api.engine.of(OpenLane) == []
    assert len(api.engine.of(OpenSpace)) == 1


async def test_accounts_only_keeps_strangers_out(api: Api) -> None:
    host, ann = await api.accounts("host", "ann")
    space = await api.live(host, listeners="accounts")
    assert (await api.nobody.offer(f"{space}/whep")).status_code == 401
    assert (await ann.offer(f"{space}/whep")).status_code == 201
