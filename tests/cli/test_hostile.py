"""Text that others wrote cannot control the terminal, wherever it is shown."""

from __future__ import annotations

from tests.cli.inside import Person

EVIL = "\x1b]0;owned\x07\x9b2Jnice"


def harmless(shown: str) -> bool:
    return "nice" in shown and all(char.isprintable() or char == "\n" for char in shown)


def test_the_name_of_an_account(host: Person, owner: Person) -> None:
    with host.raw() as spaces:
        spaces.patch("/v1/accounts/me", {"name": EVIL})
    assert harmless(owner.says("account", "show", host.handle))
    assert harmless(owner.says("profile", host.handle))


def test_the_note_of_a_report(host: Person, ann: Person) -> None:
    space = host.live()
    ann.json("react", space, "clap")
    ref = ann.json("report", space, "--note", EVIL)["id"]
    assert harmless(host.says("reports", "show", ref))
    assert host.json("reports", "show", ref)["note"] == EVIL, "a program gets it as it is"


def test_a_message_and_an_invitation(host: Person, ann: Person) -> None:
    space = host.json("create", EVIL, "--start", "--no-captions")["id"]
    host.run("invite", space, ann.handle, "--message", EVIL)
    assert harmless(ann.says("inbox"))
    assert harmless(ann.says("accept", space))
