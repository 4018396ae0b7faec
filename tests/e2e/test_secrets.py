"""What must not leak: tokens, words that were said, messages and names, in logs, in processes, in the store."""

from __future__ import annotations

import asyncio
import hashlib
import re
import sqlite3
import stat
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from bots import casts
from spacesctl.audio.ogg import read_packets
from spacesctl.domain.errors import NotSignedIn, SpacesError
from tests.e2e.peers import LaneListener, LaneSpeaker, LightPeer, post_offer
from tests.e2e.rawsocket import RawSocket
from tests.e2e.scene import Scene, run, scene
from tests.raw import AsyncRaw

WRONG = "spx_" + "wrong0token0" * 4
MESSAGE = "meet me behind the zeppelin hangar"
REASON = "quacked like a marmoset"
TITLE = "Philately by candlelight"
HOOK_PATH, OUTLET = "T0PsecretHookPath42", "V3rysecretOutlet43"
HANDLES = ("zz_ringo", "zz_paul", "zz_john")


def family(pid: int) -> list[psutil.Process]:
    parent = psutil.Process(pid)
    return [parent, *parent.children(recursive=True)]


def what_a_process_shows(one: psutil.Process) -> str:
    """What `ps` and /proc tell of it: name, title, arguments, surroundings, open files."""
    with suppress(psutil.NoSuchProcess):
        opened = [each.path for each in one.open_files()]
        return "\n".join([one.name(), *one.cmdline(), *(f"{k}={v}" for k, v in one.environ().items()), *opened])
    return ""


async def busy_evening(room: Scene, trouble: list[bytes], talk: list[bytes]) -> dict[str, str]:
    """Everything that has to do with secrets, once. Returns all tokens by what they are."""
    tokens = {**room.tokens, "owner": room.server.owner_token, "wrong": WRONG}
    speaker, kicked, talker = HANDLES
    for scopes in (None, ["use"]):
        made = await room.as_(kicked).call("POST", f"/v1/accounts/@{kicked}/tokens", {"scopes": scopes})
        tokens[f"another {scopes}"] = made["token"]
    await room.as_host.call("POST", "/v1/dms", {"to": f"@{kicked}", "text": MESSAGE})
    await room.as_host.call("POST", f"{room.place}/invites", {"handles": [f"@{kicked}"], "message": MESSAGE})
    tokens |= await outside(room)
    report = {"space_id": room.space, "account": f"@{speaker}", "category": "other", "note": MESSAGE}
    async with (
        LaneSpeaker(room, speaker, trouble),
        LaneSpeaker(room, talker, talk),
        LaneListener(room, kicked),
    ):
        async with asyncio.timeout(40):
            while len((await room.as_host.call("GET", f"{room.place}/captions"))["data"]) < 4:
                await asyncio.sleep(0.2)
        await room.as_(kicked).call("POST", "/v1/reports", report)
        for what in ("mute", "kick"):
            await room.as_host.call("POST", f"{room.place}/people/@{kicked}/{what}", {"reason": REASON})
        await wrong_ways(room)
    return tokens


async def outside(room: Scene) -> dict[str, str]:
    """A webhook and a notification address, both of which lead nowhere, so that there is a failure to log. Their secrets."""
    hook = await room.as_host.call("POST", "/v1/webhooks", {"url": f"http://127.0.0.1:9/{HOOK_PATH}"})
    await room.as_host.call("POST", f"/v1/webhooks/{hook['id']}/test")
    address = {"url": f"json://user:{OUTLET}@127.0.0.1:9/{OUTLET}"}
    outlet = await room.as_(HANDLES[1]).call("POST", "/v1/notifications", address)
    assert (await room.as_(HANDLES[1]).call("POST", f"/v1/notifications/{outlet['id']}/test"))["delivered"] is False
    return {"signing secret": hook["secret"], "address of a webhook": HOOK_PATH, "notification address": OUTLET}


async def wrong_ways(room: Scene) -> None:
    """Wrong tokens at every kind of door, tokens where they do not belong, and requests that make no sense."""
    url, place = room.server.url, room.place
    async with AsyncRaw(url, WRONG) as wrong:
        for path in ("/v1/accounts/me", place, f"{place}/events", "/v1/audit"):
            with pytest.raises(NotSignedIn):
                await wrong.call("GET", path)
        with pytest.raises(SpacesError):
            await wrong.call("GET", f"{place}?token={room.tokens['host']}")
        with pytest.raises(SpacesError):
            await post_offer(url, f"{place}/whip", WRONG, LightPeer("x", up=True).offer())
    with pytest.raises(SpacesError):
        await post_offer(url, f"{place}/whip", room.tokens["host"], "v=0 nonsense")
    async with RawSocket(url, WRONG, place, "listen") as socket:
        assert (await socket.read_json())["event"] == "refused"
    await room.as_host.call("GET", f"{place}?token={room.tokens['host']}")
    for body in ({"text": MESSAGE}, {"to": "@nobody_here", "text": MESSAGE}, [MESSAGE]):
        with pytest.raises(SpacesError):
            await room.as_host.call("POST", "/v1/dms", body)


@pytest.mark.timeout(120)
def test_a_busy_evening_leaves_no_secret_in_the_log_in_the_processes_and_in_the_store(tmp_path: Path) -> None:
    cast = casts.load("cast_a")
    trouble = list(read_packets(cast.troublemaker.clip.read_bytes()))
    talk = list(read_packets(cast.host.clip.read_bytes()))
    config = tmp_path / "secrets.toml"
    config.write_text('webhooks_allow_private = true\nnotify_schemes = ["json"]\n')
    flags = ("--log-level", "debug", "--config", str(config))

    async def body() -> None:
        async with scene(tmp_path, *HANDLES, flags=flags, captions=True, title=TITLE) as room:
            await room.as_host.call("PUT", f"{room.place}/rules", {"text": cast.rules})
            tokens = await busy_evening(room, trouble, talk)
            captions = (await room.as_host.call("GET", f"{room.place}/captions"))["data"]
            seen = [what_a_process_shows(one) for one in family(room.server.process.pid)]
            assert len(seen) >= 4, "server, engine, bots, hearing"
            worker = next(one for one in family(room.server.process.pid) if "bots.hearing" in one.cmdline())
            worker.kill()  # whoever starts another has something to log
            await asyncio.sleep(2.0)
        log = (tmp_path / "serve.log").read_text()
        words = [word["w"] for caption in captions for word in caption["words"]]
        assert len(words) > 15, "there was something to leak"
        assert log.strip(), "something was logged, else this says little"
        for text in (log, *seen):
            for name, token in tokens.items():
                assert token not in text, name
                assert token.removeprefix("spx_")[:12] not in text, f"a part of {name}"
            assert not re.search(r"spx_\w{8}", text), "nor any other token, as the bot's"
            for secret in (MESSAGE, REASON, TITLE, *HANDLES):
                assert secret not in text
        for pair in pairwise(words):
            assert " ".join(pair) not in log.lower(), pair

    run(body)


def account_once(room: Scene) -> str:
    """Make an account in a request whose answer is kept, in case it is sent again; its token."""
    with room.server.client(room.server.owner_token) as owner:
        made = owner.post("/v1/accounts", {"handle": "once"}, idempotency_key="the-key")
        assert owner.post("/v1/accounts", {"handle": "once"}, idempotency_key="the-key")["token"] is None
    return str(made["token"])


def test_the_store_has_hashes_of_tokens_alone_and_nothing_in_the_folder_is_for_others(tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path, "ann") as room:
            made = await room.as_("ann").call("POST", "/v1/accounts/@ann/tokens", {})
            once = await asyncio.to_thread(account_once, room)
            tokens = [*room.tokens.values(), made["token"], once, room.server.owner_token]
        data = tmp_path / "data"
        for path in data.rglob("*"):
            content = path.read_bytes() if path.is_file() else b""
            for token in tokens:
                found = token.encode() in content
                assert found == (path.name == "owner.token" and token == tokens[-1]), path
        with sqlite3.connect(data / "spaces.db") as db:
            tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            rows = [row for table in tables if "token" in table for row in db.execute(f"SELECT * FROM {table}")]
        db.close()
        stored = {value.hex() if isinstance(value, bytes) else value for row in rows for value in row}
        assert {hashlib.sha256(token.encode()).hexdigest() for token in tokens} <= stored
        assert stat.S_IMODE(data.stat().st_mode) == 0o700
        assert stat.S_IMODE((data / "owner.token").stat().st_mode) == 0o600

    run(body)
