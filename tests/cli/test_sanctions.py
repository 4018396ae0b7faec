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
    assert host.says("mute", space, ann.handle, "--for", "1m30s", "--reason", "noise") == f"{ann.handle}: muted\n"
    [row] = host.json("sanctions", space)
    assert (row["action"], row["target"]["handle"], row["by"]["handle"], row["reason"]) == (
        "mute",
        ann.handle,
        host.handle,
        "noise",
    )
    assert row["until"] > row["since"]
    assert "noise" in host.says("sanctions", space)
    assert [one["id"] for one in ann.json("sanctions")] == [row["id"]]
    refused(ann.run("sanctions", space), 5, "may not")
    refused(ann.run("undo", row["id"]), 5, "may not")
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
    refused(ann.run("reports", "decide", row["id"], "--upheld"), 5, "may not")
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
