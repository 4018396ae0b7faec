"""Lists: their order, what is left out, and how far they go; and what takes several with commas."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from spacesctl.cli.listing import _turn
from spacesctl.cli.output import clock
from spacesctl.domain.words import State
from tests.cli.inside import Person, refused
from tests.cli.samples import AT, space

LATER = (datetime.now(UTC) + timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M:%SZ")
SOONER = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_live_spaces_come_first_then_the_next_then_the_past() -> None:
    at = type(AT)
    times = [at.of(AT + timedelta(hours=hours)) for hours in range(4)]
    rows = [
        space(title="canceled", state=State.CANCELED, started_at=None, scheduled_start=times[2]),
        space(title="some day", state=State.SCHEDULED, started_at=None),
        space(title="over", state=State.ENDED, ended_at=times[3]),
        space(title="tomorrow", state=State.SCHEDULED, started_at=None, scheduled_start=times[3]),
        space(title="soon", state=State.SCHEDULED, started_at=None, scheduled_start=times[1]),
        space(title="live", state=State.LIVE, started_at=times[0]),
        space(title="newly live", state=State.LIVE, started_at=times[1]),
    ]
    order = [one.title for one in sorted(rows, key=_turn)]
    assert order == ["newly live", "live", "soon", "tomorrow", "some day", "over", "canceled"]


def test_a_list_of_one_host_by_words_and_of_so_many(host: Person, ann: Person) -> None:
    host.json("create", "Later care", "--at", LATER)
    host.json("create", "Soon", "--at", SOONER, "--topic", "care,news")
    live = host.live()
    mine = host.json("list", "--mine")
    assert [one["title"] for one in mine] == ["T", "Soon", "Later care"]
    assert [one["id"] for one in ann.json("list", "--host", host.handle)] == [one["id"] for one in mine]
    assert [one["id"] for one in ann.json("list", "--host", host.handle, "--limit", "1")] == [live]
    assert [one["title"] for one in ann.json("list", "--host", host.handle, "--search", "CARE")] == [
        "Soon",
        "Later care",
    ]
    assert mine[1]["topic_ids"] == ["care", "news"]
    assert ann.json("list", "--mine") == []
    refused(host.run("list", "--mine", "--host", "@x"), 2, "--mine, --host: give only one of them")
    host.run("end", live, "--yes")
    states = [one["state"] for one in host.json("list", "--mine", "--state", "ended,scheduled")]
    assert states == ["scheduled", "scheduled", "ended"]


def test_several_people_are_named_with_commas(host: Person, ann: Person, ben: Person) -> None:
    space_id = host.live()
    both = f"{ann.handle},{ben.handle}"
    assert [one["handle"] for one in host.json("invite", space_id, both)] == [ann.handle, ben.handle]
    assert {one["handle"] for one in host.json("invites", "--space", space_id)} == {ann.handle, ben.handle}
    assert [one["handle"] for one in host.json("uninvite", space_id, f"{both},")] == [ann.handle, ben.handle]
    assert [one["handle"] for one in host.json("block", both)] == [ann.handle, ben.handle]


def test_ones_own_invitations_are_listed(host: Person, ann: Person) -> None:
    space_id = host.json("create", "Hours", "--start", "--no-captions", "--invite", ann.handle)["id"]
    [row] = ann.json("invites")
    assert (row["space_id"], row["title"], row["state"], row["role"]) == (space_id, "Hours", "pending", "speaker")
    assert f"{space_id}  live   Hours  {host.handle}" in ann.says("invites")
    assert ann.handle in host.says("invites", "--space", space_id)
    assert ann.handle in host.says("invites", space_id)
    refused(ann.run("invites", "--space", space_id), 5, "may do this here")
    assert host.run("invites").stderr == "no invitations\n"


def test_an_inbox_is_read_in_pieces(host: Person, ann: Person) -> None:
    for number in range(3):
        host.json("dm", ann.handle, f"message {number}")
    first = ann.json("inbox", "--limit", "2")
    assert [one["text"] for one in first] == ["message 2", "message 1"]
    [last] = ann.json("inbox", "--cursor", first[-1]["id"])
    assert last["text"] == "message 0"
    done = ann.run("inbox", "--limit", "2")
    assert done.stderr == f"more: spacesctl inbox --cursor {first[-1]['id']}\n"


def test_what_was_printed_is_read(host: Person, ann: Person) -> None:
    for number in range(3):
        host.json("dm", ann.handle, f"message {number}")
    tried = ann.run("inbox", "--unread", "--dry-run")
    assert tried.stdout.count("  new\n") == 3
    assert [one["text"] for one in ann.json("inbox", "--unread", "--limit", "2")] == ["message 2", "message 1"]
    assert "[message]  new\n  message 0" in ann.says("inbox", "--unread")
    assert ann.run("inbox", "--unread").stderr == "no unread messages\n"
    shown = ann.says("inbox")
    assert "message 2" in shown
    assert "  new" not in shown


def test_a_token_may_have_fewer_scopes(owner: Person) -> None:
    made = owner.json("account", "token", "me", "--label", "two", "--scope", "use,admin")
    assert made["scopes"] == ["admin", "use"]
    assert owner.json("account", "token", "me", "--scope", "use")["scopes"] == ["use"]


def test_an_operator_lists_accounts(owner: Person, host: Person) -> None:
    known = owner.json("account", "list")
    assert host.handle in {one["handle"] for one in known}
    assert owner.json("account", "list", "--limit", "1") == known[:1]
    assert host.handle in owner.says("account", "list")
    assert host.run("account", "list").returncode == 5


def test_one_is_oneself(host: Person) -> None:
    mine = host.json("account", "show")
    assert host.json("account", "show", "@me") == host.json("account", "show", "me") == mine
    assert mine["scopes"]
    assert host.json("profile", "@me") == host.json("profile")


def test_a_new_token_is_told_with_its_id_and_end(host: Person) -> None:
    done = host.run("account", "token", "@me", "--label", "phone", "--expires", "30d")
    [row] = [one for one in host.json("account", "tokens") if one["label"] == "phone"]
    assert (
        f"; token {row['id']}, it ends {clock(datetime.fromisoformat(row['expires_at']))}; this token is shown once:"
        in done.stderr
    )
    assert "it does not end" in host.run("account", "token", "me").stderr
    host.run("account", "token", "me", "--label", "phone")
    assert host.says("account", "revoke", "me", "--label", "phone") == "2 tokens revoked\n"


def test_an_edit_has_what_create_has(host: Person, ann: Person, tmp_path: str) -> None:
    made = host.json("create", "T", "--at", LATER, "--topic", "a")["id"]
    edited = host.json(
        "edit", made, "--title", "New", "--speakers", "everyone", "--listeners", "accounts", "--topic", "x,y",
        "--no-captions", "--record-lanes", "--invite", ann.handle,
    )  # fmt: skip
    assert (edited["title"], edited["speakers"], edited["listeners"]) == ("New", "everyone", "accounts")
    assert (edited["topic_ids"], edited["captions"], edited["record"]) == (["x", "y"], False, "lanes")
    assert [one["handle"] for one in host.json("invites", "--space", made)] == [ann.handle]
    assert host.json("edit", made, "--topic", "", "--no-record")["topic_ids"] == []
    refused(host.run("edit", made, "--no-record", "--record-lanes"), 2, "--rules, --record: an option and its opposite")
    refused(host.run("edit", made), 2, "edit: say what to change")


def test_an_edit_sets_rules_and_removes_them(host: Person, tmp_path: str) -> None:
    path = f"{tmp_path}/rules.toml"
    with open(path, "w") as file:
        file.write(
            'schema = 1\n[[rule]]\nid = "scam"\nmode = "shadow"\nwhen.any = [ { words = ["coin"] } ]\nactions = ["mute"]\n'
        )
    made = host.json("create", "T")["id"]
    assert host.json("edit", made, "--rules", path)["rules"]
    assert host.json("edit", made, "--no-rules")["rules"] is None


def test_who_undoes_twice_reads_what_was_undone(host: Person, ann: Person) -> None:
    space_id = host.live("--speakers", "everyone")
    ann.run("raise", space_id)
    host.run("mute", space_id, ann.handle)
    [mute] = host.json("sanctions", space_id)
    host.says("undo", mute["id"])
    refused(
        host.run("undo", mute["id"]), 5, f"the mute of {ann.handle} is undone already by {host.handle}, since today "
    )
    host.run("block", ann.handle)
    [block] = host.json("sanctions", "--blocks")
    host.says("undo", block["id"])
    refused(host.run("undo", block["id"]), 5, f"the block of {ann.handle} is undone already")
    refused(host.run("undo", f"{space_id}-999"), 3, "no sanction")
    refused(host.run("undo", "999"), 3, "no sanction")


def test_who_looks_for_what_is_over_is_told_who_may_see_it(host: Person, ann: Person) -> None:
    space = host.live()
    host.run("end", space, "--yes")
    told = "no Spaces: those that have ended or were canceled are listed for their hosts only\n"
    assert ann.run("list", "--host", host.handle, "--state", "ended").stderr == told
    assert ann.run("list", "--host", host.handle).stderr == "no Spaces\n"
    assert space in host.says("list", "--state", "ended")


def test_an_invitation_to_a_live_space_says_so_and_the_space_is_found_without_a_name(host: Person, ann: Person) -> None:
    space = host.json("create", "Talk", "--at", "+2h", "--no-captions", "--invite", ann.handle)["id"]
    assert ", in 2 h" in ann.says("invites")
    host.run("start", space)
    assert ann.says("invites").splitlines()[1].split()[:5] == [space, "live", "Talk", host.handle, "live"]
    ann.run("accept", space)
    done = ann.run("react", "clap")
    assert done.stderr.startswith(f"on 'Talk' ({space}), live since ")
    assert done.returncode == 0
    refused(ann.run("hands"), 3, "there is no Space of yours, live or to come")
