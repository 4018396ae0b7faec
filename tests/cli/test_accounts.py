"""`account`, `block`, `follow`: accounts, their tokens, and whom they do not want to hear."""

from __future__ import annotations

import pytest

from tests.cli.inside import Person, refused, run


def test_an_account_gets_a_token_that_works_and_is_all_of_stdout(owner: Person, host: Person) -> None:
    handle = f"new{host.handle[1:]}"
    made = owner.run("account", "create", handle, "--name", "New One", "--kind", "brand")
    assert made.returncode == 0
    assert f"@{handle} (brand, id " in made.stderr
    token = made.stdout.strip()
    assert run(owner.server.url, token, "account", "show").stdout.startswith(f"@{handle}  New One  (brand, id ")
    refused(owner.run("account", "create", handle), 5, "exists already")
    refused(owner.run("account", "create", "not a handle"), 2, "is not a handle")


def test_a_second_token_is_revoked_by_its_label(host: Person, ann: Person) -> None:
    phone = host.says("account", "token", host.handle, "--label", "phone").strip()
    as_phone = Person(host.server, host.handle, phone)
    assert as_phone.json("account", "show")["handle"] == host.handle
    for verb in (["token", host.handle], ["tokens", host.handle], ["revoke", host.handle, "--label", "phone"]):
        refused(ann.run("account", *verb), 5, "operators")
    assert host.says("account", "revoke", host.handle, "--label", "phone") == "1 token revoked\n"
    refused(as_phone.run("account", "show"), 4, "unknown")
    refused(host.run("account", "revoke", host.handle, "--label", "phone", "--json"), 3, "token")
    assert host.json("account", "token", host.handle, "--label", "tv")["token"] != host.token
    assert host.json("account", "revoke", host.handle, "--label", "tv")["revoked"] == 1


def test_tokens_are_listed_and_revoked_one_or_all_but_the_one_in_use(host: Person) -> None:
    host.says("account", "token", host.handle, "--label", "phone", "--expires", "30d")
    host.says("account", "token", host.handle, "--label", "desk")
    shown = {one["label"]: one for one in host.json("account", "tokens")}
    assert set(shown) == {"first", "phone", "desk"}
    assert shown["first"]["current"]
    assert shown["phone"]["expires_at"] is not None
    table = host.says("account", "tokens", host.handle)
    assert [line.split()[2] for line in table.splitlines() if line.endswith(" yes")] == ["first"]
    assert shown["desk"]["id"] in table
    assert host.says("account", "revoke", host.handle, shown["desk"]["id"]) == "1 token revoked\n"
    assert host.says("account", "revoke", "me", "--others") == "1 token revoked\n"
    assert {one["label"] for one in host.json("account", "tokens")} == {"first"}
    for which in ([], ["--all", "--others"], [shown["first"]["id"], "--all"]):
        refused(host.run("account", "revoke", host.handle, *which), 2, "say which tokens")
    refused(host.run("account", "revoke", host.handle, "abc"), 3, "no token abc")
    refused(host.run("account", "token", host.handle, "--expires", "soon"), 2, "--expires")
    assert host.says("account", "revoke", host.handle, "--all") == "1 token revoked\n"
    refused(host.run("account", "show"), 4, "revoked")


def test_any_account_can_be_looked_up_by_its_handle(host: Person, ann: Person) -> None:
    assert host.json("account", "show", ann.handle)["kind"] == "person"
    refused(host.run("account", "show", "@nobody_here"), 3, "no account @nobody_here")


@pytest.mark.parametrize(
    ("verb", "said"),
    [
        ("block", "is blocked"),
        ("unblock", "is no longer blocked"),
        ("follow", "is followed"),
        ("unfollow", "is no longer followed"),
    ],
)
def test_several_accounts_in_one_command(host: Person, ann: Person, ben: Person, verb: str, said: str) -> None:
    done = host.run(verb, ann.handle, "@nobody_here", ben.handle)
    assert [line.partition("  ")[0] for line in done.stdout.splitlines()] == [
        f"{ann.handle} {said}",
        f"{ben.handle} {said}",
    ]
    assert done.stderr == "spacesctl: there is no account @nobody_here\n"
    assert done.returncode == 3


def test_whom_you_block_cannot_write_to_you_and_is_pointed_out_where_they_speak(
    host: Person, ann: Person, ben: Person
) -> None:
    assert host.json("block", ann.handle) == [{"handle": ann.handle, "blocked": True}]
    refused(ann.run("dm", host.handle, "let me in"), 5, "block")
    space = ben.live()
    ben.run("invite", space, ann.handle)
    ann.json("accept", space)
    assert f"someone you blocked is speaking: {ann.handle}" in host.says("show", space)
    host.run("follow", ben.handle)
    assert f"someone you blocked is speaking: {ann.handle}" in host.says("feed")


def test_the_bundled_bot_is_not_blocked(host: Person) -> None:
    refused(host.run("block", "@spaces_bot", "--yes"), 5, "bot")


def test_handles_on_stdin_may_begin_with_a_byte_order_mark(host: Person, ann: Person) -> None:
    space = host.live()
    done = host.run("invite", space, "-", stdin=f"\ufeff{ann.handle}\n")
    assert done.returncode == 0, done.stderr


def test_an_account_is_suspended_restored_and_deleted(owner: Person, ann: Person) -> None:
    assert owner.says("account", "suspend", ann.handle, "--for", "7d", "--reason", "spam").startswith(
        f"{ann.handle} is suspended until "
    )
    done = ann.run("account", "show")
    refused(done, 5, "this account is suspended until ")
    assert ", in 7 days: spam" in done.stderr, "the time of their own clock, in words"
    rows = {one["handle"]: one for one in owner.json("account", "list")}
    assert rows[ann.handle]["suspended_why"] == "spam"
    assert "suspended until " in owner.says("account", "list")
    assert owner.says("account", "restore", ann.handle) == f"{ann.handle} is restored\n"
    refused(owner.run("account", "restore", ann.handle), 5, "is not suspended")
    refused(owner.run("account", "suspend", ann.handle, "--for", "soon"), 2, "--for")
    refused(ann.run("account", "delete", "me"), 2, "--yes")
    assert ann.says("account", "delete", "me", "--yes") == f"{ann.handle} is deleted\n"
    refused(ann.run("account", "show"), 4, "unknown")
    refused(owner.run("account", "delete", ann.handle, "--yes"), 3, "there is no account")
