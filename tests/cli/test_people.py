"""`people`, hands and invitations as people read them, and what the server refuses."""

from __future__ import annotations

import asyncio

import pytest

from spacesctl.client.lanes import Lanes
from tests.cli.inside import Person, refused


def test_hands_go_up_and_down(host: Person, ann: Person) -> None:
    space = host.live()
    assert host.run("hands", space).stderr == "no hands are up\n"
    assert ann.says("raise", space) == "your hand is up\n"
    assert ann.handle in host.says("hands", space)
    assert ann.says("raise", space, "--lower") == "your hand is down\n"
    assert host.json("hands", space) == []
    host.json("policy", space, "everyone")
    assert ann.says("raise", space) == "you may speak\n"


def test_each_step_on_stage_is_told(host: Person, ann: Person) -> None:
    space = host.live()
    ann.run("raise", space)
    steps = {
        "approve": "now a speaker",
        "mute": "muted",
        "unmute": "may open the microphone again",
        "promote": "now a co-host",
        "demote": "now a listener",
        "kick": "removed",
    }
    for verb, said in steps.items():
        shown, _, undone = host.says(verb, space, ann.handle).partition("  (spacesctl undo ")
        assert shown.removesuffix("\n") == f"{ann.handle}: {said}"
        assert bool(undone) == (verb in ("mute", "demote", "kick"))
    refused(ann.run("raise", space), 5, "removed from this Space")


def test_a_request_is_denied_and_the_host_handed_over(host: Person, ann: Person, ben: Person) -> None:
    space = host.live()
    for one in (ann, ben):
        one.run("raise", space)
    assert host.says("deny", space, ben.handle) == f"{ben.handle}: request denied\n"
    host.run("approve", space, ann.handle)
    host.run("promote", space, ann.handle)
    assert host.says("promote", space, ann.handle, "--host") == f"{ann.handle}: now the host\n"
    assert host.run("end", space, "--yes").returncode == 5
    assert ann.json("end", space, "--yes")["state"] == "ended"


def test_everybody_is_muted_at_once_but_not_the_host(host: Person, ann: Person, ben: Person) -> None:
    space = host.live("--speakers", "everyone")
    for one in (ann, ben):
        one.run("raise", space)
    shown = host.says("mute", space, "--all")
    assert shown.startswith("all below you are muted, and who comes on stage, too  (spacesctl undo ")
    assert [row["muted"] for row in host.json("people", space)] == [False, True, True]
    refused(host.run("mute", space), 2, "PERSON: say who")
    refused(host.run("mute", space, ann.handle, "--all"), 2, "--all, PERSON: give only one of them")
    host.says("unmute", space, "--all")
    assert [row["muted"] for row in host.json("people", space)] == [False, False, False]


@pytest.mark.parametrize("verb", ["approve", "deny", "mute", "unmute", "demote", "promote", "kick"])
def test_only_the_host_moves_others_and_nothing_is_said_to_be_done(host: Person, ann: Person, verb: str) -> None:
    space = host.live()
    ann.run("raise", space)
    done = ann.run(verb, space, host.handle)
    assert done.returncode == 5
    assert done.stdout == ""
    assert done.stderr.startswith(f"spacesctl: {host.handle}: ")


def test_listeners_without_an_account_are_counted(host: Person, nobody: Person) -> None:
    space = host.live()

    async def while_somebody_listens() -> str:
        async with Lanes(host.server.url, None, space, "listen"):
            return await asyncio.to_thread(nobody.says, "people", space)

    shown = asyncio.run(while_somebody_listens()).splitlines()
    assert shown[0].split() == ["HANDLE", "ROLE", "MIC", "MUTED", "HAND", "HERE"]
    assert shown[1].split() == [host.handle, "host", "closed", "-", "-", "-"]
    assert shown[2] == "and 1 anonymous"


def test_invitations_are_sent_answered_and_withdrawn(host: Person, ann: Person, ben: Person) -> None:
    space = host.live()
    sent = host.says("invite", space, ann.handle, ben.handle, "--message", "come\nand talk")
    assert sent == f"{ann.handle}: pending\n{ben.handle}: pending\n"
    read = ann.says("inbox")
    assert f"(spacesctl accept {space})" in read
    assert "and talk" in read
    assert ann.says("accept", space) == "you are a speaker in “T”\n"
    assert ben.says("decline", space) == "you declined “T”\n"
    done = host.run("uninvite", space, ann.handle, "@nobody_here")
    assert done.stdout == ""
    first, second = done.stderr.splitlines()
    assert first.startswith(f"spacesctl: {ann.handle} has no open invitation")
    assert second == "spacesctl: there is no account @nobody_here"
    assert done.returncode == 5, "that of the first refusal"
    refused(host.run("invite", space, "@nobody_here"), 3, "no account")
    refused(ann.run("accept", host.live()), 5, "invit")


def test_an_invitation_that_is_not_answered_is_withdrawn(host: Person, ann: Person) -> None:
    space = host.live()
    host.run("invite", space, ann.handle)
    assert host.says("uninvite", space, ann.handle) == f"{ann.handle}: revoked\n"
    assert ann.run("accept", space).returncode == 5


def test_who_accepts_is_told_what_listens(host: Person, ann: Person) -> None:
    space = host.json("create", "T", "--start")["id"]
    host.run("invite", space, ann.handle)
    assert "captions" in ann.run("accept", space).stderr


def test_a_message_is_sent_and_read(host: Person, ann: Person) -> None:
    assert host.says("dm", ann.handle, "one\ntwo") == f"sent to {ann.handle}\n"
    lines = ann.says("inbox").splitlines()
    assert host.handle in lines[0]
    assert lines[1:3] == ["  one", "  two"]
    refused(host.run("dm", "@nobody_here", "hi"), 3, "no account")


def test_a_reaction_is_echoed(host: Person) -> None:
    assert host.says("react", host.live(), "wave") == "👋\n"
