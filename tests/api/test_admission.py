"""Who may be where: every relation to a Space, at every door, lists included; and again when a relation changes. The tables are literal:
what stands here is what was meant, whatever the code says.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.application import facts
from spacesctl.domain.admission import Blocks
from spacesctl.domain.principals import Person
from spacesctl.live import recent_blocks
from spacesctl.live.event_views import View
from tests.api.admission_scene import (
    LISTS,
    PAPERS,
    PEOPLE,
    SIGNED_IN,
    SINGLE_READS,
    SOUND,
    STAFF,
    OpenThings,
    Scene,
    edits_nothing,
    reacts,
    scene,
)
from tests.api.harness import Api, As, running_api, settled
from tests.api.test_killed import COMMIT, cut_off_at

pytestmark = pytest.mark.anyio

# r: reads it, and finds it in lists; l: hears it and follows its events; s: sees what staff see; e: may change it.
PUBLIC = {
    "host": "rlse", "first": "rls", "cohost": "rls", "speaker": "rl", "listener": "rl", "stranger": "rl", "blocked": "", "blocker": "",
    "shunned": "", "disowned": "", "kicked": "", "nobody": "rl", "admin": "rls",
}  # fmt: skip
FOR_ACCOUNTS = {**PUBLIC, "nobody": ""}
OVER = {who: "r" if who in ("host", "admin") else "" for who in PEOPLE}


async def _check(here: Scene, rights: dict[str, str], *, over: bool = False) -> None:
    for who in PEOPLE:
        may = rights[who]
        for name, door in SINGLE_READS.items():
            expected = "r" in may and not (who == "nobody" and name in SIGNED_IN)
            assert await door(here, who) is expected, (who, name)
        for name, door in LISTS.items():
            expected = "r" in may and not over and not (who == "nobody" and name in SIGNED_IN)
            assert await door(here, who) is expected, (who, name)
        for name, door in SOUND.items():
            assert await door(here, who) is ("l" in may), (who, name)
        assert await reacts(here, who) is ("l" in may and who != "nobody"), who
        for name, door in STAFF.items():
            assert await door(here, who) is ("s" in may), (who, name)
        assert await edits_nothing(here, who) is ("e" in may), who


async def _papers(here: Scene) -> dict[str, str]:
    return {who: "".join([name[0] for name, door in PAPERS.items() if await door(here, who)]) for who in PEOPLE}


async def test_each_relation_at_each_door_of_a_live_space(api: Api) -> None:
    here = await scene(api)
    await _check(here, PUBLIC)
    assert await _papers(here) == {who: "rsh" if "s" in PUBLIC[who] else "" for who in PEOPLE}


@pytest.mark.slow
async def test_each_relation_at_each_door_of_a_space_for_accounts(api: Api) -> None:
    await _check(await scene(api, listeners="accounts"), FOR_ACCOUNTS)


@pytest.mark.parametrize(
    ("listeners", "rights"),
    [pytest.param("everyone", PUBLIC, marks=pytest.mark.slow), ("accounts", FOR_ACCOUNTS)],
)
async def test_each_relation_at_each_door_of_a_planned_space(api: Api, listeners: str, rights: dict[str, str]) -> None:
    await _check(await scene(api, live=False, listeners=listeners), rights)


@pytest.mark.parametrize("live", [True, pytest.param(False, marks=pytest.mark.slow)])
async def test_what_is_over_is_for_its_host(api: Api, live: bool) -> None:
    here = await scene(api, live=live)
    await here.people["host"].ok("POST", f"{here.space}/{'end' if live else 'cancel'}")
    await _check(here, OVER, over=True)
    assert await _papers(here) == {who: "rsh" if who in ("host", "admin") else "" for who in PEOPLE}, (
        "rights of staff end with it"
    )


async def test_a_calendar_shows_what_is_public(api: Api) -> None:
    for listeners, status in (("everyone", 200), ("accounts", 403)):
        host = await api.account(f"of_{listeners}")
        body = {"title": "Sesame", "listeners": listeners, "scheduled_start": "2036-12-01T18:00:00Z"}
        made = await host.ok("POST", "/v1/spaces", body)
        assert (await host.call("GET", f"/v1/spaces/{made['id']}.ics")).status_code == status
        feed = (await host.call("GET", f"/v1/accounts/@of_{listeners}/calendar.ics")).text
        assert ("Sesame" in feed) is (status == 200)


ALL, SOUND_AND_EVENTS = {"audience", "staff", "sound"}, {"audience", "sound"}


@pytest.mark.parametrize(
    ("who", "change", "left"),
    [
        ("listener", "host blocks listener", set()),
        ("listener", "listener blocks host", set()),
        ("listener", "cohost blocks listener", set()),
        ("listener", "first blocks listener", set()),
        ("listener", "listener blocks cohost", SOUND_AND_EVENTS),
        ("listener", "stranger blocks listener", SOUND_AND_EVENTS),
        ("speaker", "host blocks speaker", set()),
        ("speaker", "cohost blocks speaker", set()),
        ("cohost", "host blocks cohost", set()),
        ("cohost", "cohost blocks host", set()),
        ("cohost", "first blocks cohost", ALL),
        ("first", "cohost blocks first", ALL),
        ("host", "cohost blocks host", ALL),
        ("listener", "kick", set()),
        ("cohost", "kick", set()),
        ("cohost", "demote", SOUND_AND_EVENTS),
        ("nobody", "accounts only", set()),
        ("listener", "accounts only", SOUND_AND_EVENTS),
        ("cohost", "end", set()),
        ("host", "end", set()),
    ],
)
async def test_what_is_open_ends_when_its_person_may_no_longer(api: Api, who: str, change: str, left: set[str]) -> None:
    here = await scene(api)
    things = await OpenThings(here, who, staff=who in ("host", "first", "cohost")).open(here, who)
    others = await OpenThings(here, "stranger").open(here, "stranger")
    assert things.left() >= SOUND_AND_EVENTS
    match change.split():
        case [blocker, "blocks", blocked]:
            await here.block(blocker, blocked)
        case ["accounts", "only"]:
            await here.people["host"].ok("PATCH", here.space, {"listeners": "accounts"})
        case ["end"]:
            await here.people["host"].ok("POST", f"{here.space}/end")
        case [sanction]:
            await here.staff(who, sanction)
    if change == "end":
        things.close()
        left = set()
        assert things.left() & {"sound"} == set()
        return
    assert things.left() == left
    assert others.left() == SOUND_AND_EVENTS, "of nobody else"
    again = await here.people[who].offer(f"{here.space}/whep")
    assert again.is_success is ("sound" in left)


@pytest.mark.parametrize("way", ["hand over", "promote"])
async def test_who_comes_to_the_staff_brings_their_blocks(api: Api, way: str) -> None:
    here = await scene(api)
    host, speaker, listener = (here.people[one] for one in ("host", "speaker", "listener"))
    ann = await api.speaker(here.space, host, "ann")
    await ann.ok("PUT", "/v1/accounts/me/blocks/@speaker")
    await ann.ok("PUT", "/v1/accounts/me/blocks/@listener")
    assert (await speaker.offer(f"{here.space}/whip")).status_code == 201
    things = await OpenThings(here, "listener").open(here, "listener")
    await here.staff("cohost", "demote")
    await here.staff("ann", "promote")
    if way == "hand over":
        await here.staff("ann", "host")
    assert things.left() == set()
    shown = await host.ok("GET", f"{here.space}/people")
    assert "@speaker" not in {one["handle"] for one in shown["data"] if one["role"] != "listener"}, "and off the stage"
    for one in (speaker, listener):
        assert (await one.refused("GET", here.space))["reason"] == "blocked"
        assert (await one.refused("POST", f"{here.space}/requests"))["reason"] == "blocked"
    await ann.ok("DELETE", "/v1/accounts/me/blocks/@listener")
    await listener.ok("GET", here.space)


async def test_a_co_host_who_blocks_the_host_has_nothing_to_say_any_more(api: Api) -> None:
    here = await scene(api)
    assert (await here.people["cohost"].offer(f"{here.space}/whip")).status_code == 201
    await here.block("cohost", "host")
    for what in ("mute", "demote", "kick"):
        assert (await here.people["cohost"].refused("POST", f"{here.space}/people/@speaker/{what}"))[
            "reason"
        ] == "blocked"
    assert (await here.people["cohost"].refused("PATCH", here.space, {"speakers": "everyone"}))["reason"] == "blocked"
    await here.people["cohost"].ok("DELETE", "/v1/accounts/me/blocks/@host")
    await here.people["cohost"].ok("GET", here.space)
    assert (await here.people["cohost"].refused("POST", f"{here.space}/people/@speaker/mute"))["reason"] == "mute", (
        "the seat is lost"
    )


async def test_who_was_removed_comes_back_when_that_is_taken_back(api: Api) -> None:
    here = await scene(api)
    for who, method, path in (
        ("shunned", "DELETE", "/v1/accounts/me/blocks/@shunned"),
        ("disowned", "DELETE", "/v1/accounts/me/blocks/@disowned"),
    ):
        by = "cohost" if who == "shunned" else "first"
        await here.people[by].ok(method, path)
        assert (await here.people[who].offer(f"{here.space}/whep")).is_success
    [kick] = [
        one
        for one in (await here.people["host"].ok("GET", f"{here.space}/sanctions"))["data"]
        if one["action"] == "kick"
    ]
    await here.people["host"].ok("POST", f"{here.space}/sanctions/{kick['id']}/undo")
    assert (await here.people["kicked"].offer(f"{here.space}/whep")).is_success


async def test_an_admin_whom_the_host_blocked_still_sees_and_ends(api: Api) -> None:
    here = await scene(api)
    await here.people["host"].ok("PUT", "/v1/accounts/me/blocks/@owner")
    await api.owner.ok("GET", here.space)
    assert (await api.owner.call("HEAD", f"{here.space}/events?view=staff")).is_success
    assert (await api.owner.offer(f"{here.space}/whep")).status_code == 403, "the host's ear is the host's"
    await api.owner.ok("POST", f"{here.space}/end")


async def test_bots_do_not_speak(api: Api) -> None:
    host, bot = await api.account("host"), await api.account("radio", "bot")
    space = await api.live(host, speakers="everyone")
    await api.listener(space, bot)
    assert (await bot.offer(f"{space}/whip")).status_code == 403
    assert (await bot.refused("POST", f"{space}/requests"))["reason"] == "raise"
    assert (await host.refused("POST", f"{space}/invites", {"handles": ["@radio"]}))["reason"] == "bot"


async def test_a_session_ends_by_its_own_path_only(api: Api) -> None:
    host = await api.account("host")
    space = await api.live(host)
    location = (await host.offer(f"{space}/whip")).headers["location"]
    other = location.replace("/whip/", "/whep/")
    assert (await host.http.delete(other)).status_code == 404
    trickle = {"Content-Type": "application/trickle-ice-sdpfrag"}
    assert (await host.http.patch(other, content="a=ice-ufrag:x\r\n", headers=trickle)).status_code == 404
    assert (await host.http.delete(location)).status_code == 200


async def test_who_was_let_in_a_moment_before_the_block_is_sent_out(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    host, ann = await api.accounts("host", "ann")
    space = await api.live(host)
    ask = facts.blocks
    turns = iter([True])

    async def blocked_just_now(db: AsyncConnection, account_id: str | None) -> Blocks:
        found = await ask(db, account_id)
        if next(turns, False):
            await host.ok("PUT", "/v1/accounts/me/blocks/@ann")
        return found

    monkeypatch.setattr(facts, "blocks", blocked_just_now)
    answer = await ann.offer(f"{space}/whep")
    await settled(api)
    actor = api.app.registry.actors[space.rsplit("/", 1)[-1]]
    assert answer.status_code == 201, "it was checked before"
    assert actor.session(answer.headers["location"].rsplit("/", 1)[-1]) is None
    assert actor.subscribe(View.AUDIENCE, Person(ann.id)).closed


async def test_a_block_that_could_not_be_stored_keeps_nobody_out(api: Api) -> None:
    host, ann = await api.accounts("host", "ann")
    space = await api.live(host)
    with cut_off_at(api, COMMIT):
        assert (await host.call("PUT", "/v1/accounts/me/blocks/@ann")).status_code == 500
    assert not api.app.registry.blocks.pairs
    await api.listener(space, ann)
    await settled(api)
    assert [one.account_id for one in api.app.registry.live()[0].connections.sessions.values()] == [ann.id]


def test_of_many_blocks_the_newest_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent_blocks, "MOST", 3)
    blocks = recent_blocks.RecentBlocks()
    for number in range(5):
        blocks.add("host", str(number))
    assert set(blocks.pairs) == {("host", "2"), ("host", "3"), ("host", "4")}


async def test_who_comes_in_while_their_blocker_comes_to_the_staff_is_sent_out(tmp_path: Path) -> None:
    """With a block that is older than the server's start."""
    async with running_api(tmp_path / "data") as api:
        host, ann, ben = await api.accounts("host", "ann", "ben")
        space = await api.live(host)
        await ann.ok("PUT", "/v1/accounts/me/blocks/@ben")
        await host.ok("POST", f"{space}/invites", {"handles": ["@ann"]})
        await ann.ok("POST", f"{space}/accept")
    async with running_api(tmp_path / "data", first=False) as again:
        host, ben = As(again, host.token), As(again, ben.token, account_id=ben.id)
        [actor] = again.app.registry.live()
        decided = actor.present
        came: list[str] = []

        def just_then() -> frozenset[str]:
            """Who is there when it is decided; a moment later somebody comes in."""
            found = decided()
            if not came:
                came.append("ben")
                actor.subscribe(View.AUDIENCE, Person(ben.id))
            return found

        actor.present = just_then  # type: ignore[method-assign]
        await host.ok("POST", f"{space}/people/@ann/promote")
        await settled(again)
        assert came
        assert all(one.closed for one in actor.hub.subscribers if one.person.account_id == ben.id)


async def test_a_co_hosts_block_counts_in_spaces_that_nobody_has_asked_for_since_the_start(tmp_path: Path) -> None:
    async with running_api(tmp_path / "data") as api:
        host, ann, ben = await api.accounts("host", "ann", "ben")
        space = "/v1/spaces/" + (await host.ok("POST", "/v1/spaces", {"title": "T"}))["id"]
        for who, role in (("ann", "cohost"), ("ben", "speaker")):
            await host.ok("POST", f"{space}/invites", {"handles": [f"@{who}"], "role": role})
            await {"ann": ann, "ben": ben}[who].ok("POST", f"{space}/accept")
    async with running_api(tmp_path / "data", first=False) as again:
        assert not again.app.registry.actors
        await As(again, ann.token).ok("PUT", "/v1/accounts/me/blocks/@ben")
        people = (await As(again, host.token).ok("GET", f"{space}/people"))["data"]
        assert {one["handle"] for one in people} == {"@host", "@ann"}


async def test_co_hosts_see_no_invitations_after_the_end(api: Api) -> None:
    here = await scene(api)
    await here.people["cohost"].ok("GET", f"{here.space}/invites")
    await here.people["host"].ok("POST", f"{here.space}/end")
    assert (await here.people["cohost"].refused("GET", f"{here.space}/invites"))["status"] == 403


async def test_the_feed_shows_what_one_may_read(api: Api) -> None:
    host, ann, ben = await api.accounts("host", "ann", "ben")
    space = await api.live(host)
    for one in (ann, ben):
        await one.ok("PUT", "/v1/accounts/me/following/@host")
    await host.ok("POST", f"{space}/people/@ben/kick")
    shown = {one.handle: [row["id"] for row in (await one.ok("GET", "/v1/feed"))["spaces"]] for one in (ann, ben)}
    assert shown == {"@ann": [space.rsplit("/", 1)[-1]], "@ben": []}
