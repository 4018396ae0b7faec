"""The permission table over HTTP, against a literal one: what stands here is what was meant, whatever the code says."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.api.harness import Api, As, running_api

pytestmark = pytest.mark.anyio

WHO = ("host", "cohost", "speaker", "listener", "invited", "anonymous", "admin", "bot")

# "+" may; "-" may not (401 for nobody, 403 for the rest); "." may, but the state refuses it (409). Columns as WHO.
TABLE = {
    "start": "+-----+-",
    "end": "+-----+-",
    "cancel": "+-----+-",
    "edit": "+-------",
    "change policy": "++------",
    "switch captions": "+-------",
    "change the chat": "++------",
    "write": ".....-.-",
    "speak by typing": "+++-----",
    "erase a text": "++----+-",
    "mask a text": "++----+-",
    "set rules": "+-------",
    "see rules": "++----++",
    "invite speaker": "++------",
    "invite cohost": "+-------",
    "uninvite": "++------",
    "promote": "+-------",
    "hand over": "+-------",
    "react": "+++++-++",
    "share": "+++-----",
    "unshare": "++----+-",
    "record": "+-------",
    "redact": "..----.-",
    "see redactions": "++----++",
    "dump": "..----.-",
    "cough": ".....-..",
    "panic": "++----+-",
    "calm": "++----+-",
    "list invites": "++------",
    "accept": "-++-+---",
    "raise hand": "...++-+-",
    "see hands": "++----+-",
    "approve": "++------",
    "deny": "++------",
    "warn speaker": "++----+-",
    "lock": "++----+-",
    "slow": "++----+-",
    "hold": "++----+-",
    "mute all": "++----+-",
    "demote all": "++----+-",
    "unlock": "++----+-",
    "mute speaker": "++----+-",
    "unmute speaker": "++----+-",
    "demote speaker": "++----+-",
    "kick speaker": "++----+-",
    "see connections": "++----+-",
    "kick cohost": "+-----+-",
    "mute host": "--------",
    "kick host": "--------",
    "open microphone": "++++----",
    "listen": "++++++++",
    "see people": "++++++++",
    "staff events": "++----++",
    "post captions": "-------+",
    "take act": "-------+",
    "see suggestions": "++----+-",
    "confirm": "++----+-",
    "dismiss": "++----+-",
    "report": "+++---+-",
    "see an appeal": "++----+-",
    "deny an appeal": "++----+-",
    "see what a sanction stands on": "++----+-",
    "create account": "------+-",
    "see what the server runs with": "------+-",
    "suspend account": "------+-",
    "restore account": "------.-",
    "delete account": "------+-",
    "make a link for somebody": "------+-",
    "recover an account": "------+-",
    "invite to sign up": "------+-",
    "plan an erasure": "------+-",
    "erase": "------+-",
    "export": "------+-",
    "place a hold": "------+-",
    "list holds": "------+-",
    "assignments status": "-------+",
}

CAPTION = {"lane": 1, "utterance": 1, "text": "hi", "final": True, "start_tick": 0, "end_tick": 5, "words": []}


def _act(account_id: str, action: str, mode: str) -> dict[str, Any]:
    return {
        "key": "k", "rule_id": "r", "rule_hash": "h", "mode": mode, "action": action, "account_id": account_id, "lane": 1,
        "start_tick": 0, "end_tick": 1, "words": [], "confidence": 1.0, "engine": "e", "model": "m",
    }  # fmt: skip


def _calls(space: str, ids: dict[str, str]) -> dict[str, tuple[str, str, Any]]:
    act = _act(ids["speaker"], "log", "shadow")
    return {
        "start": ("POST", f"{space}/start", None),
        "end": ("POST", f"{space}/end", None),
        "cancel": ("POST", f"{space}/cancel", None),
        "edit": ("PATCH", space, {"title": "Other"}),
        "change policy": ("PATCH", space, {"speakers": "following"}),
        "switch captions": ("PATCH", space, {"captions": False}),
        "change the chat": ("PATCH", space, {"chat": "everyone"}),
        "write": ("POST", f"{space}/chat", {"text": "hi"}),
        "speak by typing": ("POST", f"{space}/typed", {"text": "hi", "final": True}),
        "erase a text": ("DELETE", f"{space}/chat/{ids['text']}", None),
        "mask a text": ("POST", f"{space}/chat/{ids['text']}/mask", {"words": [[0, 0]]}),
        "set rules": ("PUT", f"{space}/rules", {"text": None}),
        "record": ("POST", f"{space}/recording", {"kind": "mix"}),
        "redact": ("POST", f"{space}/redactions", {"account": "@talker", "last": 1}),
        "see redactions": ("GET", f"{space}/redactions", None),
        "dump": ("POST", f"{space}/dump", None),
        "cough": ("POST", f"{space}/cough", None),
        "panic": ("POST", f"{space}/panic", None),
        "calm": ("DELETE", f"{space}/panic", None),
        "see rules": ("GET", f"{space}/rules", None),
        "invite speaker": ("POST", f"{space}/invites", {"handles": ["@spare"]}),
        "invite cohost": ("POST", f"{space}/invites", {"handles": ["@spare"], "role": "cohost"}),
        "uninvite": ("DELETE", f"{space}/invites/@invited", None),
        "promote": ("POST", f"{space}/people/@talker/promote", None),
        "hand over": ("POST", f"{space}/people/@cohost2/host", None),
        "react": ("POST", f"{space}/reactions", {"reaction": "clap"}),
        "share": ("POST", f"{space}/pins", {"url": "https://example.org/shared"}),
        "unshare": ("DELETE", f"{space}/pins/{ids['pin']}", None),
        "list invites": ("GET", f"{space}/invites", None),
        "accept": ("POST", f"{space}/accept", None),
        "raise hand": ("POST", f"{space}/requests", None),
        "see hands": ("GET", f"{space}/requests", None),
        "approve": ("POST", f"{space}/requests/@asker/approve", None),
        "deny": ("POST", f"{space}/requests/@asker/deny", None),
        "warn speaker": ("POST", f"{space}/people/@talker/warn", {"reason": "loud"}),
        "lock": ("PUT", f"{space}/measures/lock", None),
        "slow": ("PUT", f"{space}/measures/slow", {"every": 10}),
        "hold": ("PUT", f"{space}/measures/hold", None),
        "mute all": ("PUT", f"{space}/measures/mute", None),
        "demote all": ("PUT", f"{space}/measures/demote", None),
        "unlock": ("DELETE", f"{space}/measures/lock", None),
        "mute speaker": ("POST", f"{space}/people/@talker/mute", None),
        "unmute speaker": ("POST", f"{space}/people/@talker/unmute", None),
        "demote speaker": ("POST", f"{space}/people/@talker/demote", None),
        "kick speaker": ("POST", f"{space}/people/@talker/kick", None),
        "see connections": ("GET", f"{space}/connections", None),
        "kick cohost": ("POST", f"{space}/people/@cohost2/kick", None),
        "mute host": ("POST", f"{space}/people/@host/mute", None),
        "kick host": ("POST", f"{space}/people/@host/kick", None),
        "open microphone": ("POST", f"{space}/whip", "offer"),
        "listen": ("POST", f"{space}/whep", "offer"),
        "see people": ("GET", f"{space}/people", None),
        "staff events": ("HEAD-EVENTS", f"{space}/events", None),
        "post captions": ("POST", f"{space}/captions", {"captions": [CAPTION]}),
        "take act": ("POST", f"{space}/acts", act),
        "see suggestions": ("GET", f"{space}/suggestions", None),
        "confirm": ("POST", f"{space}/suggestions/{space[-13:]}-s1/confirm", None),
        "dismiss": ("POST", f"{space}/suggestions/{space[-13:]}-s1/dismiss", None),
        "report": ("POST", "/v1/reports", {"space_id": space.rsplit("/", 1)[-1], "account": "@talker"}),
        "see an appeal": ("GET", f"/v1/appeals/{ids['appeal']}", None),
        "deny an appeal": ("PATCH", f"/v1/appeals/{ids['appeal']}", {"state": "denied", "reason": "no"}),
        "see what a sanction stands on": ("GET", f"/v1/sanctions/{ids['sanction']}", None),
        "create account": ("POST", "/v1/accounts", {"handle": "another"}),
        "see what the server runs with": ("GET", "/v1/server", None),
        "suspend account": ("PUT", "/v1/accounts/@spare/suspension", {"reason": "spam"}),
        "restore account": ("DELETE", "/v1/accounts/@spare/suspension", None),
        "delete account": ("DELETE", "/v1/accounts/@spare", None),
        "make a link for somebody": ("POST", "/v1/accounts/@spare/links", None),
        "recover an account": ("POST", "/v1/accounts/@spare/recovery", None),
        "invite to sign up": ("POST", "/v1/sign-up/invitations", None),
        "plan an erasure": ("GET", "/v1/accounts/@spare/erasure", None),
        "erase": ("POST", "/v1/accounts/@spare/erasure", None),
        "place a hold": ("POST", "/v1/holds", {"subject": "@spare", "reason": "x"}),
        "list holds": ("GET", "/v1/holds", None),
        "export": ("GET", "/v1/accounts/@spare/export", None),
        "assignments status": ("PUT", "/v1/bots/status", {"ready": True}),
    }


RULES = 'schema = 1\n[[rule]]\nid = "r"\nwhen.any = [ { words = ["scam"] } ]\nactions = ["log"]\n'


async def _stage(api: Api, what: str) -> tuple[str, dict[str, As], dict[str, str]]:
    """A Space with somebody of every standing. The listener and nobody else is let speak by the policy `everyone`."""
    host, cohost, cohost2, speaker, listener, invited, asker, _spare, talker = await api.accounts(
        "host", "cohost", "cohost2", "speaker", "listener", "invited", "asker", "spare", "talker"
    )
    made = await host.ok("POST", "/v1/spaces", {"title": "T"})
    space = f"/v1/spaces/{made['id']}"
    await host.ok("PUT", f"{space}/rules", {"text": RULES})
    pinned = await host.ok("POST", f"{space}/pins", {"url": "https://example.org/"})
    roles = [(cohost, "cohost"), (cohost2, "cohost"), (speaker, "speaker"), (talker, "speaker")]
    for who, role in roles[:1] + roles[2:] if what == "promote" else roles:  # a co-host's seat is kept free
        await host.ok("POST", f"{space}/invites", {"handles": [who.handle], "role": role})
        await who.ok("POST", f"{space}/accept")
    text = 1
    if what not in ("start", "cancel"):
        await host.ok("POST", f"{space}/start")
        text = (await talker.ok("POST", f"{space}/typed", {"text": "hello", "final": True}))["seq"]
        await asker.ok("POST", f"{space}/requests")
        await api.bot.ok(
            "POST",
            f"{space}/acts",
            {**_act(talker.id, "kick", "suggest"), "key": "suggested", "start_tick": 9, "end_tick": 9},
        )
    await host.ok("POST", f"{space}/invites", {"handles": [invited.handle]})
    appealed = {"sanction": "", "appeal": ""}
    if what not in ("start", "cancel", "promote"):
        await cohost2.ok("POST", f"{space}/people/@asker/warn", {"reason": "loud"})
        [sanction] = (await asker.ok("GET", "/v1/accounts/me/sanctions"))["data"]
        made = await asker.ok("POST", f"/v1/sanctions/{sanction['id']}/appeal")
        appealed = {"sanction": sanction["id"], "appeal": made["id"]}
    if what == "open microphone":
        await host.ok("PATCH", space, {"speakers": "following"})
        await host.ok("PUT", f"/v1/accounts/me/following/{listener.handle}")
    people = {
        "host": host, "cohost": cohost, "speaker": speaker, "listener": listener, "invited": invited, "anonymous": api.nobody,
        "admin": api.owner, "bot": api.bot,
    }  # fmt: skip
    return space, people, {"speaker": talker.id, "pin": pinned["pinned"][0]["id"], "text": str(text), **appealed}


@dataclass(frozen=True)
class Stage:
    """A Space with everybody on it, as a database that can be started from again and again."""

    database: Path
    space: str
    tokens: dict[str, str | None]
    ids: dict[str, str]

    @asynccontextmanager
    async def running(self, folder: Path) -> AsyncIterator[dict[str, As]]:
        """A server of its own on a copy; everybody by their standing."""
        folder.mkdir()
        shutil.copy(self.database, folder / "spaces.db")
        async with running_api(folder, first=False) as api:
            people = {who: As(api, token) for who, token in self.tokens.items()}
            yield people | {"bot": api.bot}  # whose token is new at each start


_STAGES: dict[str, Stage] = {}


async def _stage_for(what: str, folder: Path) -> Stage:
    """Made once for all rows that need the same."""
    kind = what if what in ("promote", "open microphone") else "scheduled" if what in ("start", "cancel") else "live"
    if kind not in _STAGES:
        kept = Path(tempfile.mkdtemp(prefix="spacesctl-stage-"))
        atexit.register(shutil.rmtree, kept, ignore_errors=True)
        async with running_api(folder / "made") as api:
            space, people, ids = await _stage(api, what)
            tokens = {who: one.token for who, one in people.items() if who != "bot"}
        shutil.copy(folder / "made" / "spaces.db", kept)
        _STAGES[kind] = Stage(kept / "spaces.db", space, tokens, ids)
    return _STAGES[kind]


@pytest.mark.parametrize("what", TABLE)
async def test_each_standing_may_do_what_the_table_says(tmp_path: Path, what: str) -> None:
    """A refusal changes nothing, so all of a row share one server; each permitted call gets one of its own."""
    stage = await _stage_for(what, tmp_path)
    call = _calls(stage.space, stage.ids)[what]
    async with stage.running(tmp_path / "refused") as people:
        for who, mark in zip(WHO, TABLE[what], strict=True):
            if mark == "-":
                status = await _status(people[who], *call)
                assert status == (401 if who == "anonymous" else 403), (what, who, status)
    for who, mark in zip(WHO, TABLE[what], strict=True):
        if mark != "-":
            async with stage.running(tmp_path / who) as people:
                status = await _status(people[who], *call)
                assert status == 409 if mark == "." else status < 400, (what, who, status)


async def _status(one: As, method: str, path: str, body: Any) -> int:
    if body == "offer":
        return (await one.offer(path)).status_code
    if method == "HEAD-EVENTS":
        # An open stream never ends in process; a bad Last-Event-ID is looked at after the permission.
        answer = await one.call("GET", path, params={"view": "staff"}, headers={"Last-Event-ID": "x"})
        return 200 if answer.status_code == 400 else answer.status_code
    return (await one.call(method, path, body)).status_code
