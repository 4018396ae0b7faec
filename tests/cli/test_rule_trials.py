"""`rules test|list|why|starter|push --watch`: rules tried on what was said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from spacesctl.cli import rule_watch
from spacesctl.domain.errors import Gone, Invalid, Unavailable
from spacesctl.rules import starter
from tests.cli.inside import Person, refused
from tests.cli.samples import ID
from tests.cli.test_captions import caption, publish, spoken
from tests.cli.test_moderation import RULES

SAID = """{"speaker": "@ann", "text": "a crypto giveaway", "start": 1, "end": 2.5}
{"speaker": "@ann", "text": "crypto", "final": false, "start": 5, "end": 6}

{"speaker": "@bob", "text": "crypto giveaway", "role": "host", "start": 8, "end": 9}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rules.toml"
    path.write_text(RULES)
    return path


def written(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text)
    return str(folder / name)


def test_what_would_have_fired_is_told_with_when_who_and_how_sure(nobody: Person, file: Path, tmp_path: Path) -> None:
    said = written(tmp_path, "said.jsonl", SAID)
    done = nobody.says("rules", "test", str(file), "--transcript", said)
    assert done.splitlines()[1].split() == ["00:01", "@ann", "scam", "enforce", "1.00", "crypto", "giveaway"]
    assert len(done.splitlines()) == 2, "the host is exempt"
    found = nobody.json("rules", "test", str(file), "--transcript", said)
    assert found["scores"] == []
    (hit,) = found["hits"]
    assert (hit["start"], hit["words"], hit["confidence"], hit["missing"]) == (1.5, "crypto giveaway", 1.0, None)


def test_with_labels_it_ends_with_1_unless_all_and_nothing_else_was_found(
    nobody: Person, file: Path, tmp_path: Path
) -> None:
    said = written(tmp_path, "said.jsonl", SAID)
    arguments = ("rules", "test", str(file), "--transcript", said, "--labels")
    for text, code, told in [
        ('{"start": 1, "end": 3, "rule": "scam"}', 0, "100 %"),
        ('{"start": 1, "end": 3, "rule": "*"}\n', 0, "100 %"),
        ('{"start": 30, "end": 33, "rule": "scam"}', 1, "0 %"),
        ("", 1, "0 %"),
    ]:
        done = nobody.run(*arguments, written(tmp_path, "labels.jsonl", text))
        assert done.returncode == code, text
        assert told in done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        ('{"start": 1, "end": 3, "rule": "ghost"}', "no rule 'ghost'"),
        ('{"start": 3, "end": 3, "rule": "*"}', "no length"),
        ("x", "line 1"),
        ('\n{"start": "x"}', "line 2"),
    ],
)
def test_labels_that_cannot_be_read(nobody: Person, file: Path, tmp_path: Path, labels: str, told: str) -> None:
    said = written(tmp_path, "said.jsonl", SAID)
    done = nobody.run(
        "rules", "test", str(file), "--transcript", said, "--labels", written(tmp_path, "l.jsonl", labels)
    )
    refused(done, 2, told)


def test_what_captions_and_transcript_print_can_be_read(nobody: Person, file: Path, tmp_path: Path) -> None:
    word = {"start": 1.0, "end": 1.4, "conf": 0.5}
    line = {
        "text": "crypto giveaway",
        "speaker": "@ann",
        "final": True,
        "words": [{"w": "crypto"} | word, {"w": "giveaway"} | word],
    }
    for text, sure in [
        (json.dumps([line]), 0.5),
        (json.dumps({"title": "T", "lines": [{"text": "crypto giveaway", "start_tick": 50, "end_tick": 99}]}), 1.0),
        ('{"text": "crypto giveaway"}', 1.0),
    ]:
        (hit,) = nobody.json("rules", "test", str(file), "--transcript", written(tmp_path, "t.json", text))["hits"]
        assert hit["confidence"] == sure


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "give one of them"),
        (("--transcript", "a", "--audio", "b"), "give one of them"),
        (("--transcript", "a", "--model", "m"), "--model"),
        (("--transcript", "none.jsonl"), "none.jsonl"),
        (("--audio", "none.ogg"), "there is no file none.ogg"),
    ],
)
def test_what_is_asked_wrongly(nobody: Person, file: Path, arguments: tuple[str, ...], told: str) -> None:
    refused(nobody.run("rules", "test", str(file), *arguments), 2, told)


def test_a_transcript_or_rules_that_are_none(nobody: Person, file: Path, tmp_path: Path) -> None:
    refused(nobody.run("rules", "test", str(file), "--transcript", written(tmp_path, "t", "[3]")), 2, "no transcript")
    refused(nobody.run("rules", "test", str(file), "--transcript", written(tmp_path, "t", "{}\nx")), 2, "line 2")
    file.write_text("schema = 2")
    refused(nobody.run("rules", "test", str(file), "--transcript", written(tmp_path, "t", "{}")), 2, "rules.toml:1")


def test_a_model_listens_to_a_sound_file(nobody: Person, tmp_path: Path) -> None:
    from bots import casts

    cast = casts.load("cast_a")
    person = next(one for one in cast.people if one.phrases)
    phrase = person.phrases[0]
    path = tmp_path / "heard.toml"
    path.write_text(RULES.replace("crypto giveaway", phrase.text))
    done = nobody.run("rules", "test", str(path), "--audio", str(person.clip), "--json")
    assert "understands no people" in done.stderr
    hits = json.loads(done.stdout)["hits"]
    assert any(abs(hit["end"] - phrase.end) < 0.5 for hit in hits)
    refused(nobody.run("rules", "test", str(path), "--audio", str(path)), 2, "is not a sound file")
    refused(nobody.run("rules", "test", str(path), "--audio", str(person.clip), "--model", str(tmp_path)), 2, "--model")


def test_the_starter_set_finds_all_of_its_cases_and_nothing_else(nobody: Person, tmp_path: Path) -> None:
    out = tmp_path / "mine.toml"
    assert nobody.says("rules", "starter") == starter.RULES.read_text("utf-8")
    told = nobody.says("rules", "starter", "--out", str(out))
    assert "rules test" in told
    refused(nobody.run("rules", "starter", "--out", str(out)), 2, "is there already")
    cases, labels = str(tmp_path / "mine.cases.jsonl"), str(tmp_path / "mine.labels.jsonl")
    done = nobody.run("rules", "test", str(out), "--transcript", cases, "--labels", labels, "--json")
    assert done.returncode == 0, done.stdout
    scores = json.loads(done.stdout)["scores"]
    assert {one["rule"] for one in scores} == {"scams", "personal-numbers", "threats", "spam", "*"}
    assert all(one["hits"] and one["precision"] == one["recall"] == 1.0 for one in scores)
    assert nobody.run("rules", "check", str(out)).returncode == 0
    assert 'mode = "enforce"' not in out.read_text()
    assert nobody.json("rules", "starter") == {"files": []}


def test_lists_beside_the_file_are_sent_with_it(host: Person, nobody: Person, tmp_path: Path) -> None:
    path = tmp_path / "from.toml"
    path.write_text(RULES.replace('words = ["crypto giveaway"]', 'words_from = "scams.txt"'))
    assert "the list 'scams.txt' is not there" in nobody.run("rules", "check", str(path)).stderr
    (tmp_path / "scams.txt").write_text("# mine\n?!\n")
    assert "scams.txt:2: error" in nobody.run("rules", "check", str(path)).stderr
    (tmp_path / "scams.txt").write_text("# mine\ncrypto giveaway\n")
    space = host.live()
    host.says("rules", "push", space, str(path))
    text = host.json("rules", "show", space)["text"]
    assert '"scams.txt" = [' in text
    again = tmp_path / "again.toml"
    again.write_text(text)
    assert host.json("rules", "push", space, str(again))["rules"] == ["scam"]
    (tmp_path / "scams.txt").write_text("x" * (1 << 20))
    refused(host.run("rules", "push", space, str(path)), 2, "with its lists")


def test_rules_in_force_and_what_was_missing_are_told_to_staff(
    host: Person, ann: Person, ben: Person, bot: str, tmp_path: Path
) -> None:
    text = RULES.replace('actions = ["mute"]', 'actions = ["mute"]\nwhen.all = [ { confidence = ">=0.95" } ]')
    more = '[[rule]]\nid = "b"\nwhen.any = [ { prefix = "crypt" }, { regex = "x y" } ]\nactions = ["log"]\n'
    numbers = '[[rule]]\nid = "n"\nwhen.any = [ { digits = { run = 6 } } ]\nactions = ["log"]\n'
    space = host.json("create", "T", "--start")["id"]
    assert host.run("rules", "list", space).stderr == "no rules\n"
    assert host.json("rules", "list", space) == []
    assert "has no rules" in host.run("rules", "why", space, ann.handle).stderr
    host.says("rules", "push", space, written(tmp_path, "r.toml", text + more + numbers))
    host.says("policy", space, "everyone")
    said = caption(spoken(ann, space), 1, "a crypto giveaway")
    said["words"] = [
        {"w": w, "start": n / 2, "end": n / 2 + 0.4, "conf": 0.9} for n, w in enumerate(said["text"].split())
    ]
    publish(ann.server, bot, space, said)
    rows = host.json("rules", "list", space)
    assert [(one["id"], one["mode"], one["hits"], one["looks_for"]) for one in rows] == [
        ("scam", "enforce", 0, "crypto giveaway"),
        ("b", "shadow", 1, "crypt*, /x y/"),
        ("n", "shadow", None, "numbers of 6 digits"),
    ]
    assert "SEVERITY" in host.says("rules", "list", space)
    found = {one["rule"]: one["missing"] for one in host.json("rules", "why", space, ann.handle)}
    assert found == {"scam": "confidence is 0.90, >=0.95 is asked", "b": None}
    shown = host.run("rules", "why", space, ann.handle)
    assert "it fired" in shown.stdout
    assert "no numbers" in shown.stderr
    assert "no rule listens" in host.run("rules", "why", space, ben.handle).stderr
    assert [one["rule"] for one in host.json("rules", "test", str(tmp_path / "r.toml"), "--space", space)["hits"]] == [
        "b"
    ]
    refused(ann.run("rules", "why", space, ann.handle), 5, "may do this here")
    refused(ann.run("rules", "list", space), 5, "may do this here")
    refused(ben.run("rules", "test", str(tmp_path / "r.toml"), "--space", space), 5, "may do this here")


def test_rules_on_sound_and_conduct_are_said_not_to_be_tried(host: Person, ann: Person, tmp_path: Path) -> None:
    raid = '[[rule]]\nid = "raid"\nwhen.all = [ { joins_per_minute = ">=60" } ]\nactions = ["lock"]\n'
    new = '[[rule]]\nid = "new"\nwhen.any = [ { words = ["free coins"] } ]\nwhen.all = [ { account_age = "<1d" } ]\nactions = ["log"]\n'
    path = written(tmp_path, "r.toml", RULES + raid + new)
    said = written(tmp_path, "said.jsonl", SAID + '{"text": "free coins"}\n')
    done = host.run("rules", "test", path, "--transcript", said)
    assert done.stderr.splitlines() == [
        "rules on sound and conduct cannot be tried on words: raid",
        "only the words of these rules are tried, and what else they ask for is taken to hold: new",
    ]
    assert [one["rule"] for one in host.json("rules", "test", path, "--transcript", said)["hits"]] == ["scam", "new"]
    space = host.json("create", "T", "--start")["id"]
    host.says("rules", "push", space, path)
    rows = {one["id"]: (one["hits"], one["looks_for"]) for one in host.json("rules", "list", space)}
    assert rows["raid"] == (None, "joins_per_minute >=60")
    assert rows["new"] == (None, "free coins, account_age <1d")
    assert "cannot be tried on words: raid" in host.run("rules", "why", space, ann.handle).stderr


def test_a_change_is_seen_once_when_it_is_written_whole(tmp_path: Path) -> None:
    path, listed = tmp_path / "r.toml", tmp_path / "l.txt"
    path.write_text('words_from = "l.txt"')
    listed.write_text("a")
    steps: Iterator[tuple[Path, str] | None] = iter(
        [
            None,
            (path, 'words_from = "l.txt"\n\n'),
            (path, 'words_from = "l.txt"\n'),
            None,
            None,
            (listed, "more"),
            None,
            None,
        ]
    )
    looks = 0

    def wait(_seconds: float) -> None:
        nonlocal looks
        looks += 1
        if (step := next(steps)) is not None:
            step[0].write_text(step[1])

    changes = rule_watch.changes(path, wait)
    seen = []
    with pytest.raises(RuntimeError):  # the steps are over
        while True:
            next(changes)
            seen.append(looks)
    assert seen == [4, 7]


def test_what_is_refused_is_told_in_one_line_and_the_watch_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    for error, line in [
        (Invalid("rules", "my.toml:3: error"), "refused, the old rules stay: "),
        (Unavailable("not now"), "the old rules stay: not now"),
        (OSError("gone"), "the old rules stay: gone"),
    ]:
        _pushing(error)
        told = capsys.readouterr().err
        assert told.startswith(line)
        assert told.count("\n") == 1
    with pytest.raises(Gone):
        _pushing(Gone("Space", ID, "ended"))


def _pushing(error: Exception) -> None:
    """A push that fails."""

    def push() -> None:
        raise error

    with rule_watch.told():
        push()


def test_rules_are_pushed_again_when_the_file_changes(
    host: Person, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = host.live()

    def two(path: Path) -> Iterator[None]:
        path.write_text("schema = 2\n")
        yield
        path.write_text(RULES.replace("scam", "other"))
        yield

    monkeypatch.setattr(rule_watch, "changes", two)
    done = host.run("rules", "push", space, str(file), "--watch", "--json")
    assert [json.loads(line)["rules"] for line in done.stdout.splitlines()] == [["scam"], ["other"]]
    assert "refused, the old rules stay" in done.stderr
    assert done.returncode == 0


def test_what_others_said_controls_no_terminal(nobody: Person, file: Path, tmp_path: Path) -> None:
    line = json.dumps({"speaker": "@a\x1b[2J", "text": "crypto \x1b]52;c;aGk=\x07giveaway"})
    file.write_text(RULES.replace("crypto giveaway", "giveaway"))
    said = written(tmp_path, "said.jsonl", line.replace("\\u0007", "\\u0007 "))
    done = nobody.run("rules", "test", str(file), "--transcript", said)
    assert "giveaway" in done.stdout
    assert "\x1b" not in done.stdout


def test_what_was_taken_back_is_pulled_beside_the_file_and_fires_until_it_is_mended(
    host: Person, ann: Person, bot: str, file: Path
) -> None:
    space = host.live()
    host.says("rules", "push", space, str(file))
    words = [
        {"w": word, "start": 1 + at, "end": 1.5 + at, "conf": 0.9} for at, word in enumerate(("crypto", "giveaway"))
    ]
    act = {
        "key": f"scam:{space}:report", "rule_id": "scam", "rule_hash": "h", "mode": "enforce", "action": "report",
        "account_id": ann.json("account", "show")["id"], "lane": 1, "start_tick": 50, "end_tick": 124, "words": words,
        "confidence": 0.9, "engine": "e", "model": "m",
    }  # fmt: skip
    with host.server.client(bot) as spaces:
        spaces.post(f"/v1/spaces/{space}/acts", act)
    [report] = host.json("reports", "list", space)
    cases = file.with_name("rules.regressions.jsonl")
    assert host.says("rules", "regressions", str(file), "--space", space) == f"{cases}: 0 cases, 0 new\n"
    refused(host.run("rules", "test", str(file), "--regressions"), 2, "there is no")
    host.says("reports", "dismiss", report["id"])
    pulled = host.says("rules", "regressions", str(file), "--space", space)
    assert pulled == f"{cases}: 1 case, 1 new\n"
    assert cases.stat().st_mode & 0o077 == 0
    assert ann.handle not in cases.read_text()
    assert host.json("rules", "regressions", str(file)) == {"file": str(cases), "cases": 1, "new": 0}
    failed = host.run("rules", "test", str(file), "--regressions")
    [case] = [json.loads(line)["id"] for line in cases.read_text().splitlines()]
    assert failed.returncode == 1
    assert failed.stdout.splitlines()[1].split() == [case, "scam", "crypto", "giveaway"]
    told = host.run("rules", "test", str(file), "--regressions", "--json")
    assert (told.returncode, json.loads(told.stdout)["again"][0]["case"]) == (1, case)
    file.write_text(RULES.replace("crypto giveaway", "seed phrase"))
    done = host.run("rules", "test", str(file), "--regressions")
    assert (done.returncode, done.stderr) == (0, "no rule finds again what was taken back\n")
    file.write_text(RULES.replace('"scam"', '"other"'))
    assert "the file has these rules no longer: scam" in host.run("rules", "test", str(file), "--regressions").stderr


@pytest.mark.parametrize(
    ("extra", "told"),
    [(("--transcript", "x.json"), "give one of them"), (("--labels", "x.jsonl"), "cases say what is expected")],
)
def test_cases_are_tried_alone(nobody: Person, file: Path, extra: tuple[str, str], told: str) -> None:
    refused(nobody.run("rules", "test", str(file), "--regressions", *extra), 2, told)


def test_cases_that_cannot_be_read_are_named_by_their_line(nobody: Person, file: Path) -> None:
    file.with_name("rules.regressions.jsonl").write_text("{}\n")
    refused(nobody.run("rules", "test", str(file), "--regressions"), 2, "line 1")
