"""Block lists from one account to another."""

from __future__ import annotations

import json
import os
from pathlib import Path

from spacesctl.client import blocklists
from tests.cli.inside import Person, person, refused


def test_a_list_says_whom_it_would_hit_and_then_blocks_with_its_reasons(
    host: Person, ann: Person, ben: Person, tmp_path: Path
) -> None:
    file = str(tmp_path / "trolls.json")
    host.says("block", ben.handle, "--yes")
    shown = host.says("blocklist", "export", file)
    assert "1 accounts, signed by" in shown
    ben.run("follow", ann.handle)
    done = ann.run("blocklist", "import", file)
    assert done.returncode == 2
    assert "--yes: is needed" in done.stderr
    assert f"{ben.handle}: follows you" in done.stderr
    assert ann.json("sanctions", "--blocks") == []
    done = ann.run("blocklist", "import", file, "--yes", "--json")
    assert (done.returncode, json.loads(done.stdout)["accounts"]) == (0, 1)
    assert [row["target"]["handle"] for row in ann.json("sanctions", "--blocks")] == [ben.handle]
    again = ann.run("blocklist", "import", file)
    assert (again.returncode, "1 blocked already" in again.stderr) == (0, True)


def test_only_the_signer_who_is_named_is_believed_and_only_what_is_whole(
    host: Person, ben: Person, tmp_path: Path
) -> None:
    file = tmp_path / "trolls.json"
    host.says("block", ben.handle, "--yes")
    host.says("blocklist", "export", str(file))
    refused(host.run("blocklist", "import", str(file), "--key", "0" * 16), 2, "--key: the list is signed by")
    file.write_text(file.read_text().replace(ben.handle, "@another"))
    refused(host.run("blocklist", "import", str(file)), 2, "was changed since it was signed")
    refused(host.run("blocklist", "import", str(tmp_path / "none.json")), 2, "cannot be read")


def test_a_list_that_is_followed_brings_who_is_new_and_asks_about_who_matters(
    host: Person, ann: Person, ben: Person, tmp_path: Path
) -> None:
    stranger, friend = person(host.server, "stranger"), person(host.server, "friend")
    file = str(tmp_path / "trolls.json")
    host.says("block", ben.handle, "--yes")
    host.says("blocklist", "export", file)
    assert ann.json("blocklist", "followed") == []
    done = ann.run("blocklist", "follow", file)
    assert (done.returncode, "--yes: is needed" in done.stderr) == (2, True)
    refused(ann.run("blocklist", "follow", file, "--yes", "--key", "0" * 16), 2, "--key: the list is signed by")
    assert ann.json("blocklist", "followed") == [], "who did not agree follows nothing"
    taken = ann.json("blocklist", "follow", file, "--yes")
    assert (taken["by"], taken["accounts"], taken["waiting"]) == (host.handle, 1, [])
    assert ben.json("blocklist", "followed") == [], "it is another's"

    friend.run("follow", ann.handle)
    host.says("block", f"{stranger.handle},{friend.handle}", "--yes")
    host.says("blocklist", "export", file)
    (now,) = ann.json("blocklist", "followed", "--update")
    assert (now["accounts"], now["waiting"]) == (2, [friend.handle])
    assert {row["target"]["handle"] for row in ann.json("sanctions", "--blocks")} == {ben.handle, stranger.handle}
    ann.says("unblock", stranger.handle)
    assert ann.json("blocklist", "followed", "--update") == [now], "what was undone is not done again"
    assert friend.handle in ann.says("blocklist", "followed")

    done = ann.run("blocklist", "follow", file, "--yes", "--json")
    assert f"{friend.handle}: follows you" in done.stderr
    assert f"left alone, since you have unblocked them: {stranger.handle};" in done.stderr
    assert json.loads(done.stdout)["waiting"] == []
    blocked = {row["target"]["handle"] for row in ann.json("sanctions", "--blocks") if row["lifted_at"] is None}
    assert blocked == {ben.handle, friend.handle}

    host.says("unblock", ben.handle)
    host.says("blocklist", "export", file)
    told = ann.run("blocklist", "followed", "--update")
    assert f"no longer in it, and still blocked by you: {ben.handle}" in told.stderr
    ann.says("blocklist", "unfollow", file)
    assert ann.json("blocklist", "followed") == []
    refused(ann.run("blocklist", "unfollow", file), 3, "followed block list")


def test_a_followed_list_of_another_signer_changes_nothing(
    host: Person, ann: Person, ben: Person, tmp_path: Path
) -> None:
    file = tmp_path / "trolls.json"
    host.says("blocklist", "export", str(file))
    ann.says("blocklist", "follow", str(file), "--yes")
    host.says("block", ben.handle, "--yes")
    blocklists.key_path().unlink()
    host.says("blocklist", "export", str(file))
    refused(ann.run("blocklist", "follow", str(file), "--yes"), 5, "nothing was changed")
    done = ann.run("blocklist", "followed", "--update")
    assert (done.returncode, "nothing was changed" in done.stderr) == (5, True)
    file.unlink()
    done = ann.run("blocklist", "followed", "--update")
    assert (done.returncode, "cannot be read" in done.stderr) == (2, True)
    assert ann.json("sanctions", "--blocks") == []


def test_who_was_unblocked_by_hand_is_not_blocked_again_by_an_import(
    host: Person, ann: Person, ben: Person, tmp_path: Path
) -> None:
    file = str(tmp_path / "trolls.json")
    other = person(host.server, "other")
    host.says("block", f"{ben.handle},{other.handle}", "--yes")
    host.says("blocklist", "export", file)
    ann.says("blocklist", "import", file, "--yes")
    ann.says("unblock", ben.handle)
    done = ann.run("blocklist", "import", file, "--yes", "--json")
    assert (done.returncode, json.loads(done.stdout)["accounts"]) == (0, 0)
    assert f"left alone, since you have unblocked them: {ben.handle}; `spacesctl block`" in done.stderr
    ann.says("block", ben.handle, "--yes")
    again = ann.run("blocklist", "import", file, "--yes")
    assert "left alone" not in again.stderr, "now that is the last word"


def test_a_pipe_is_no_list(host: Person, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for command in ("import", "follow"):
        refused(host.run("blocklist", command, str(pipe), "--yes"), 2, "it is no regular file")
        refused(host.run("blocklist", command, str(tmp_path), "--yes"), 2, "cannot be read")
