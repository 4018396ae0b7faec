"""How results look: tables, `--plain`, `--curl`, `--dry-run`, and what a script gets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bots import casts
from tests.cli.inside import Person, refused


def test_plain_output_has_a_blank_line_between_rows(host: Person, ann: Person) -> None:
    space = host.live("--speakers", "everyone")
    ann.run("raise", space)
    lines = host.says("people", space, "--plain").split("\n\n")
    assert [row.splitlines()[:2] for row in lines] == [
        [f"Handle: {host.handle}", "Role: host"],
        [f"Handle: {ann.handle}", "Role: speaker"],
    ]


def test_values_are_words(host: Person, ann: Person) -> None:
    space = host.live("--speakers", "everyone")
    ann.run("raise", space)
    host.run("mute", space, ann.handle)
    rows = host.says("people", space).splitlines()
    assert rows[2].split() == [ann.handle, "speaker", "closed", "yes", "-", "-"]
    host.run("webhook", "add", "http://127.0.0.1:9/", "--event", "spaces.create", "--event", "spaces.end")
    assert "spaces.create, spaces.end" in host.says("webhook", "list")


def test_spaces_are_listed_by_state(host: Person) -> None:
    live, later = host.live(), host.json("create", "Later", "--at", "+2h")["id"]
    host.run("end", live, "--yes")
    shown = host.says("list")
    assert later in shown
    assert live not in shown
    ended = next(line for line in host.says("list", "--state", "ended").splitlines() if live in line)
    assert host.handle in ended
    assert host.says("start", later).startswith(f"Later  [live]  {later}\n")


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["show", "SPACE"], "curl -H"),
        (["end", "SPACE", "--yes"], "curl -X POST -H"),
        (["dm", "@nobody_here", "it's"], """-d '{"to":"@nobody_here","text":"it'"'"'s"}'"""),
        (["share", "SPACE", "https://example.org/", "--dry-run"], "-H 'dry-run: true'"),
        (["post", "--voice", str(casts.load("cast_a").host.clip)], "--data-binary @FILE"),
    ],
    ids=["a look", "an act", "quotes", "a dry run", "a file"],
)
def test_a_call_is_shown_as_curl_without_the_token(host: Person, words: list[str], shown: str) -> None:
    space = host.live()
    line = host.run(*(word.replace("SPACE", space) for word in words), "--curl").stderr.splitlines()[0]
    assert shown in line
    assert f"{host.server.url}/v1/" in line
    assert '-H "Authorization: Bearer $SPACESCTL_TOKEN"' in line
    assert host.token not in line


def test_a_dry_run_changes_nothing_and_is_refused_like_the_act(host: Person, ann: Person) -> None:
    space = host.live()
    assert host.run("end", space, "--dry-run").stderr == "dry run: nothing was changed\n"
    refused(ann.run("end", space, "--dry-run"), 5, "may do this here")
    assert host.json("show", space)["state"] == "live"


def test_a_backup_is_written_and_restored(host: Person, tmp_path: Path) -> None:
    archive, folder = tmp_path / "all.tar.gz", tmp_path / "again"
    assert host.says("backup", str(archive), "--data", str(host.server.data)).startswith(f"{archive}: ")
    said = host.says("restore", str(archive), "--data", str(folder), "--yes")
    assert re.fullmatch(rf"restored into {folder}: \d+ files, each as it was saved\n", said)
    assert {path.name for path in folder.glob("*.db")} == {path.name for path in host.server.data.glob("*.db")}
    refused(host.run("restore", str(archive), "--data", str(folder), "--yes"), 5, str(folder))
    told = host.json("backup", str(tmp_path / "two.tar.gz"), "--data", str(host.server.data))
    assert told["bytes"] == (tmp_path / "two.tar.gz").stat().st_size
    refused(host.run("backup", str(archive), "--data", str(tmp_path / "none")), 3, "there is no data folder")


def test_a_backup_is_of_the_data_folder_of_the_settings(
    host: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPACESCTL_DATA", str(host.server.data))
    assert host.json("backup", str(tmp_path / "all.tar.gz"))["bytes"] > 0
    monkeypatch.setenv("SPACESCTL_DATA", str(tmp_path / "again"))
    assert host.json("restore", str(tmp_path / "all.tar.gz"), "--yes")["data"] == str(tmp_path / "again")


def test_models_that_are_here_are_listed_and_named(host: Person, tmp_path: Path) -> None:
    (tmp_path / "models" / "mine" / "am").mkdir(parents=True)
    (tmp_path / "models" / "mine" / "conf").mkdir()
    (tmp_path / "models" / "mine" / "am" / "final.mdl").write_text("x")
    data = ("--data", str(tmp_path))
    rows = host.json("models", "list", *data)
    assert [row["name"] for row in rows if row["here"]] == ["mine"]
    assert "mine" in host.says("models", "list", *data)
    folder = str(tmp_path / "models" / "mine")
    assert host.says("models", "path", "mine", *data) == f"{folder}\n"
    assert host.json("models", "path", "mine", *data) == {"name": "mine", "path": folder}
    refused(host.run("models", "path", "yours", *data), 3, "there is no model yours")
    refused(host.run("models", "pull", "unheard-of", *data), 2, "unheard-of is not in the catalogue")


def test_settings_are_shown_without_the_token(host: Person) -> None:
    shown = host.says("config", "show", "--origin")
    assert host.token not in shown
    lines = {line.split()[0]: line.split()[1:] for line in shown.splitlines()}
    assert lines["url"] == [host.server.url, "environment"]
    assert lines["token"] == ["set", "environment"]
    assert host.json("config", "show")[0] == {"name": "url", "value": host.server.url, "origin": "environment"}
