"""`post`, `share`, `play`, `feed`, `profile`: what people publish, and what they see of others."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bots import casts
from tests.cli.inside import Person, refused

CLIP = casts.load("cast_a").host.clip


def test_a_post_is_published_seen_by_followers_and_deleted(host: Person, ann: Person) -> None:
    ref = host.says("post", "we are\nlive").removeprefix("posted, id ").strip()
    assert host.handle in ann.says("follow", host.handle)
    shown = ann.says("feed")
    assert f"{host.handle}  " in shown
    assert ref in shown
    assert "live" in shown
    refused(ann.run("post", "--delete", ref), 5, "somebody else's")
    assert host.says("post", "--delete", ref) == f"post {ref} is deleted\n"
    assert ann.run("feed").stderr.startswith("nothing yet")
    assert ann.json("feed")["data"] == []
    refused(host.run("post", "--delete", ref, "--json"), 3, "no post")


def test_a_deleted_post_is_told_to_a_program(host: Person) -> None:
    ref = host.json("post", "one")["id"]
    assert host.json("post", "--delete", ref) == {"id": ref, "deleted": True}


@pytest.mark.parametrize("words", [["hello"], ["--voice", str(CLIP)]], ids=["with text", "with a voice clip"])
def test_a_post_is_not_written_and_deleted_at_once(host: Person, words: list[str]) -> None:
    refused(host.run("post", *words, "--delete", "1"), 2, "cannot be combined")


def test_an_empty_post_or_message_is_not_sent(host: Person, ann: Person) -> None:
    refused(host.run("post"), 2, "write something, or add --voice")
    refused(host.run("dm", ann.handle), 2, "write something, or add --voice")
    assert ann.run("inbox").stderr == "no messages\n"


def test_a_voice_clip_is_written_to_a_file(host: Person, nobody: Person, tmp_path: Path) -> None:
    made = host.json("post", "listen", "--voice", str(CLIP))
    assert "(voice, " in host.says("profile")
    out = tmp_path / "clip.ogg"
    assert nobody.says("play", made["id"], "--out", str(out)) == f"{out}: {out.stat().st_size} bytes\n"
    assert out.read_bytes().startswith(b"OggS")
    told = nobody.json("play", made["clip"]["id"], "--out", str(out))
    assert told == {"clip": made["clip"]["id"], "bytes": out.stat().st_size, "file": str(out), "player": None}


def test_what_has_no_voice_clip_is_not_played(host: Person, tmp_path: Path) -> None:
    ref = host.json("post", "only text")["id"]
    refused(host.run("play", ref, "--out", str(tmp_path / "x.ogg")), 3, f"no voice clip in post {ref}")
    refused(host.run("play", "hello"), 2, "neither a post's id nor a voice clip's")
    refused(host.run("post", "--voice", str(tmp_path / "none.ogg")), 2, "No such file")
    (tmp_path / "text.ogg").write_text("hello")
    refused(host.run("post", "--voice", str(tmp_path / "text.ogg")), 2, "is not readable audio")
    assert not (tmp_path / "x.ogg").exists()


@pytest.mark.parametrize(
    ("player", "code", "told"),
    [("exit 0", 0, ""), ("exit 1", 5, "mpv could not play it"), (None, 5, "none of ffplay, mpv, pw-play is installed")],
    ids=["plays", "cannot play it", "is missing"],
)
def test_the_player_of_this_machine(
    host: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, player: str | None, code: int, told: str
) -> None:
    clip = host.json("post", "listen", "--voice", str(CLIP))["clip"]["id"]
    if player is not None:
        program = tmp_path / "mpv"
        program.write_text(f'#!/bin/sh\nfor last; do :; done\ncat "$last" > {tmp_path}/played\n{player}\n')
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path) + (os.pathsep + "/bin" if player else ""))
    monkeypatch.setattr("shutil.which", lambda name: _only_here(tmp_path, name))
    done = host.run("play", clip)
    assert done.returncode == code
    assert told in done.stderr
    if player is not None:
        assert (tmp_path / "played").read_bytes().startswith(b"OggS")


def _only_here(folder: Path, name: str) -> str | None:
    """Not what this machine happens to have."""
    return str(folder / name) if (folder / name).exists() else None


def test_a_link_and_a_post_are_shared_and_taken_back(host: Person, ann: Person) -> None:
    space = host.live()
    post = host.json("post", "the agenda\nsecond line")["id"]
    link = "https://example.org/a"
    assert f"Agenda  {link}  (by {host.handle})" in host.says("share", space, link, "--title", "Agenda")
    assert [pin["url"] for pin in host.json("share", space, post)] == [None, link]
    shown = ann.says("show", space)
    assert f"shared     Agenda  {link}" in shown
    assert f"shared     {host.handle}: the agenda second line" in shown
    refused(ann.run("share", space, "https://example.org/b"), 5, "may do this here")
    assert link not in host.says("share", space, link, "--remove")
    assert host.json("share", space, post, "--remove") == []
    refused(host.run("share", space, link, "--remove"), 3, f"no pin {link}")


def test_what_can_be_shared_is_a_post_or_a_link(host: Person) -> None:
    space = host.live()
    refused(host.run("share", space, "agenda"), 2, "neither a post's id nor a link")
    post = host.json("post", "text")["id"]
    refused(host.run("share", space, post, "--title", "T"), 2, "only be given with a link")
    assert host.json("show", space)["pinned"] == []


def test_a_profile_shows_what_its_owner_says_and_does(host: Person, ann: Person, nobody: Person) -> None:
    host.says("profile", "edit", "--name", "Ann Host", "--description", "I host")
    host.run("post", "first post")
    host.json("create", "Talks", "--at", "+2h")
    draft = host.json("create", "Draft")
    host.run("post", "second post")
    ann.run("follow", host.handle)
    shown = nobody.says("profile", host.handle)
    for words in ("  I host", "  1 followers, follows 0", "Talks  [to", "second post"):
        assert words in shown
    assert shown.index("second post") < shown.index("first post")
    assert draft["link"] in host.says("profile")
    assert nobody.json("profile", host.handle)["followers"] == 1
    assert host.json("profile", "edit", "--description", "")["description"] == ""
    assert "I host" not in nobody.says("profile", host.handle)
    refused(host.run("profile", "edit"), 2, "say what to change")
    refused(nobody.run("profile"), 4, "not logged in")


def test_the_feed_goes_on_where_the_page_ended(host: Person, ann: Person) -> None:
    ann.run("follow", host.handle)
    with host.raw() as spaces:
        for number in range(101):
            spaces.post("/v1/posts", {"text": f"post {number}."})
    first = ann.run("feed")
    assert "post 100." in first.stdout
    assert "  post 0." not in first.stdout
    cursor = first.stderr.strip().removeprefix("more: spacesctl feed --cursor ")
    assert "  post 0." in ann.says("feed", "--cursor", cursor)
