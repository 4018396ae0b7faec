"""Mutes, demotions and kicks for a time, how they are listed and undone, and what is decided on reports."""

from __future__ import annotations

from tests.cli.inside import Person, refused


def on_stage(host: Person, ann: Person) -> str:
    """A live Space in which `ann` speaks."""
    space = host.live("--speakers", "everyone")
    ann.run("raise", space)
    return space


def test_a_mute_for_a_time_is_listed_for_both_and_undone_by_its_id(host: Person, ann: Person) -> None:
    space = on_stage(host, ann)
    muted = host.says("mute", space, ann.handle, "--for", "1m30s", "--reason", "noise")
    [row] = host.json("sanctions", "--space", space)
    assert muted == f"{ann.handle}: muted  (spacesctl undo {row['id']})\n"
    assert (row["action"], row["target"]["handle"], row["by"]["handle"], row["reason"]) == (
        "mute",
        ann.handle,
        host.handle,
        "noise",
    )
    assert row["until"] > row["since"]
    assert "noise" in host.says("sanctions", space)
    assert [one["id"] for one in ann.json("sanctions")] == [row["id"]]
    refused(ann.run("sanctions", space), 5, "may do this here")
    refused(ann.run("undo", row["id"]), 5, "may do this here")
    assert host.says("undo", row["id"], "--reason", "my mistake") == f"{ann.handle}: mute undone\n"
    [ended] = ann.json("sanctions")
    assert (ended["how"], ended["lift_reason"]) == ("undone", "my mistake")
    assert [one["muted"] for one in host.json("people", space) if one["handle"] == ann.handle] == [False]


def test_who_was_demoted_or_kicked_is_back_after_an_undo(host: Person, ann: Person) -> None:
    space = on_stage(host, ann)
    host.run("demote", space, ann.handle)
    [row] = host.json("sanctions", space)
    host.run("undo", row["id"])
    assert [one["role"] for one in host.json("people", space) if one["handle"] == ann.handle] == ["speaker"]
    host.run("kick", space, ann.handle, "--for", "1h", "--yes")
    refused(ann.run("raise", space), 5, "removed from this Space")
    [kicked, _] = host.json("sanctions", space)
    host.run("undo", kicked["id"])
    assert ann.says("raise", space) == "you may speak\n"


def test_a_block_is_undone_by_its_id_and_by_nobody_else(host: Person, ann: Person, ben: Person) -> None:
    host.run("block", ann.handle)
    [row] = [one for one in ann.json("sanctions") if one["action"] == "block" and one["how"] is None]
    refused(ben.run("undo", row["id"]), 3, "sanction")
    assert host.says("undo", row["id"]) == f"{ann.handle}: block undone\n"
    assert not [one for one in ann.json("sanctions") if one["action"] == "block" and one["how"] is None]


def test_what_is_done_says_how_it_is_undone(host: Person, ann: Person, ben: Person) -> None:
    space = on_stage(host, ann)
    ben.run("raise", space)
    for words, said in (
        (["demote", space], "now a listener"),
        (["kick", space], "removed"),
        (["block"], "blocked"),
    ):
        bare = ann.handle.removeprefix("@")
        shown = host.says(*words, bare)
        assert said in shown
        command = shown.partition("(spacesctl ")[2].removesuffix(")\n").split()
        assert command[0] == "undo"
        assert host.says(*command).startswith(f"{ann.handle}: ")
    assert "undo" not in host.says("mute", space, ben.handle, "--dry-run")
    assert ben.says("demote", space, ben.handle) == f"{ben.handle}: now a listener\n", "it is no sanction"


def test_sanctions_without_a_name_are_those_of_ones_live_space(host: Person, ann: Person) -> None:
    space = on_stage(host, ann)
    host.run("mute", "--reason", "noise", ann.handle.removeprefix("@"))
    done = host.run("sanctions")
    assert done.stderr.startswith(f"on 'T' ({space}), live since ")
    assert "noise" in done.stdout
    assert host.run("sanctions", "--me").stderr == "on you, in all Spaces\nno sanctions\n"
    hers = ann.run("sanctions")
    assert hers.stderr == "on you, in all Spaces\n"
    assert "noise" in hers.stdout
    refused(host.run("sanctions", space, "--me"), 2, "give only one of them")
    refused(host.run("sanctions", space, "--space", space), 2, "--space: SPACE was given already")


def test_who_is_not_there_is_named_once(host: Person) -> None:
    space = host.live()
    refused(host.run("mute", space, "zed_nobody"), 3, "spacesctl: there is no account @zed_nobody")
    done = host.run("mute", "zed_nobody")
    assert done.stderr.splitlines()[1:] == ["spacesctl: there is no account @zed_nobody"]


def test_what_cannot_be_is_refused_in_one_line(host: Person, ann: Person) -> None:
    space = on_stage(host, ann)
    refused(host.run("mute", space, ann.handle, "--for", "soon"), 2, "--for")
    refused(host.run("mute", space, ann.handle, "--for", "900h"), 2, "--for: may be at most")
    refused(host.run("undo", f"{space}-9"), 3, "sanction")
    assert host.run("sanctions", space).stderr == "no sanctions\n"


def test_a_report_is_decided_and_its_reporter_told(host: Person, ann: Person, ben: Person) -> None:
    space = on_stage(host, ann)
    ben.json("react", space, "clap")
    ben.run("report", space, ann.handle, "--category", "spam")
    [row] = host.json("reports", "list")
    refused(host.run("reports", "decide", row["id"]), 2, "give one of them")
    refused(ann.run("reports", "decide", row["id"], "--upheld"), 5, "may do this here")
    assert host.says("reports", "decide", row["id"], "--upheld", "--note", "thank you").endswith("is upheld\n")
    assert host.json("reports", "list") == []
    assert [one["state"] for one in host.json("reports", "list", "--all")] == ["upheld"]
    assert any("was upheld: thank you" in one["text"] for one in ben.json("inbox"))
    assert host.says("reports", "decide", row["id"], "--open").endswith("is open\n")


def test_a_hand_says_what_it_is_about(host: Person, ann: Person) -> None:
    space = host.live()
    ann.run("raise", space, "--topic", "refunds", "--note", "third time")
    [hand] = host.json("hands", space)
    assert (hand["topic"], hand["note"]) == ("refunds", "third time")
    assert "refunds" in host.says("hands", space)
