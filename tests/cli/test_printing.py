"""Nothing that others wrote controls the terminal, whichever command prints it: and Persian and joined emoji are printed whole."""

from __future__ import annotations

import ast
import io
import json
import re
import unicodedata
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from spacesctl.cli.commands import ROOT
from spacesctl.cli.lazy import verbs
from spacesctl.cli.output import table
from spacesctl.cli.watched import Watched
from spacesctl.cli.watchview import render
from spacesctl.support.consoles import SafeConsole
from spacesctl.support.terminal import write_line
from tests.cli.hostile_server import hostile_server
from tests.cli.inside import Done, run
from tests.cli.outputs import command
from tests.cli.samples import member, members, space

ROOT_FOLDER = Path(__file__).parents[2]
WHOLE = "می\u200cخ 👩\u200d💻 [/b] [red]x[/]"
HOSTILE = f"Mark{WHOLE}\x1b]52;c;aGk=\x07\x1b[2J\x9b2J\u202e\u2066\u200f\u2028\u061c\x08\x00\x7f\U000e0041"
ID = "A" * 13
ASKED = """
invites / invites --space ID / account list / list --mine --limit 3
list / show ID / edit ID --title x / start ID / end ID -y / cancel ID -y / remind ID / invite ID @ann / inbox / accept ID / decline ID
uninvite ID @ann / dm @ann hi / policy ID everyone / people ID / raise ID / hands ID / approve ID @ann / deny ID @ann / mute ID @ann
warn ID @ann --reason loud / people ID --anonymous / lock ID / unlock ID / slow ID / hold ID
redact ID @ann / dump ID / cough ID / panic ID / redactions list ID / redactions change ID-r1 --tone / redactions withdraw ID-r1
unmute ID @ann / promote ID @ann / demote ID @ann / kick ID @ann -y / undo s1 / sanctions / block @ann -y / unblock @ann
suggestions ID --all / confirm ID-s1 / dismiss ID-s1
report ID --note x / captions ID / watch ID / react ID wave / share ID https://a.example --title t / post hi / feed / calendar ID
chat ID / chat ID hi
calendar @ann / follow @ann / unfollow @ann / account create ann / account token @ann / account tokens
account revoke @ann --label x -y / account suspend @ann -y / account restore @ann
account link / account link @ann / account invite / account recover @ann -y
account delete @ann -y / privacy erase @ann -y / privacy hold @ann --reason x / privacy holds
privacy release h1 -y / account show / account show @ann
profile show @ann / profile edit --name x / schedule list / schedule show ID / schedule pause ID
schedule resume ID / schedule skip ID / schedule edit ID --title x / schedule delete ID -y / reports list / reports mine / reports show r1
reports decide r1 --upheld / reports uphold r1 / reports dismiss r1 --note x / reports assign r1 @ann / reports note r1 x
sanction show s1 / appeal s1 --text x / appeals list / appeals show a1 / appeals grant a1 / appeals deny a1 --reason x
rules show ID / rules clear ID / audit list / audit verify / record start ID / record stop ID
audit report --template dsa15 --from 2026-01-01 --to 2026-01-02
recordings list / recordings delete r1 -y / webhook add https://a.example --all / webhook list / webhook test w1 / webhook remove w1 -y
webhook renew w1 -y / transcript ID / coop show / coop test
webhook deliveries w1 / notifications add json://a.example / notifications list / notifications test n1 / notifications remove n1 -y
"""
COMMANDS = [
    [re.sub(r"^ID\b", ID, word) for word in one.split()] for one in re.split(r"[/\n] | /|\n", ASKED) if one.strip()
]
SILENT = {
    "panic", "unlock",
    "remind", "raise", "block", "unblock", "follow", "unfollow", "account revoke", "account delete", "schedule delete", "rules clear",
    "record start", "record stop", "recordings delete", "webhook test", "webhook remove", "notifications test", "notifications remove",
    "reports note", "privacy release",
}  # fmt: skip
"""They print nothing of what the server says."""
ELSEWHERE = {
    "console",
    "serve", "backup", "restore", "demo", "completion", "help", "doctor", "create", "speak", "listen", "play", "reports play",
    "sanction play",
    "models list", "models pull",
    "models path", "config show", "blocklist export", "blocklist import", "blocklist follow", "blocklist followed", "blocklist unfollow",
    "rules check", "rules test", "rules regressions", "rules starter", "rules list", "rules why", "rules push", "recordings get",
    "privacy export", "login", "logout", "context list", "context use", "account password",
}  # fmt: skip
"""They print nothing of others, need rules that compile, read sound, or say a link and an id as those above do."""


def acts(text: str) -> set[str]:
    """The characters of what was printed that act on a terminal, besides colours."""
    bare = re.sub(r"\x1b\[[0-9;]*m", "", text)
    return {
        char for char in bare
        if (unicodedata.category(char) in ("Cc", "Zl", "Zp") and char not in "\n\t")
        or unicodedata.bidirectional(char) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
        or char in "\u200e\u200f\u061c\U000e0041"
    }  # fmt: skip


def printed(words: list[str], *, refuses: bool = False) -> Done:
    with hostile_server(HOSTILE, refuses=refuses) as url:
        done = run(url, "spx_x", *words)
    assert acts(done.stdout.replace("\r\n", "\n")) == acts(done.stderr) == set(), words
    assert "Traceback" not in done.stderr
    return done


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_what_a_command_prints(words: list[str]) -> None:
    done = printed(words)
    assert done.returncode == int(words[:2] == ["audit", "verify"]), done.stderr
    plain = printed([*words, "--plain"])  # without columns, which fold
    if command(words) not in SILENT:
        assert "Mark" in done.stdout
        assert f"Mark{WHOLE}" in plain.stdout, "what is harmless stands there as it is"


@pytest.mark.slow
@pytest.mark.parametrize("words", [one for one in COMMANDS if command(one) not in SILENT], ids=" ".join)
def test_json_has_escapes_of_what_is_hostile_alone(words: list[str]) -> None:
    done = printed([*words, "--json"])
    assert WHOLE in done.stdout
    assert any(_has(json.loads(line)) for line in done.stdout.splitlines()), "a program gets it as it is"


def _has(value: object) -> bool:
    if isinstance(value, dict):
        return any(_has(one) for pair in value.items() for one in pair)
    if isinstance(value, list):
        return any(map(_has, value))
    return isinstance(value, str) and HOSTILE in value


def test_every_command_is_asked() -> None:
    asked = {command(words) for words in COMMANDS}
    assert {words for words, _ in verbs(ROOT) if not words.startswith("bench ")} == asked | ELSEWHERE


@pytest.mark.parametrize("words", [["show", ID], ["list"], ["kick", ID, "@ann", "-y"], ["post", "x"]], ids=" ".join)
def test_what_a_refusal_says(words: list[str]) -> None:
    done = printed(words, refuses=True)
    assert done.returncode == 5
    assert f"Mark{WHOLE}" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        [HOSTILE], ["show", HOSTILE], ["list", f"--{HOSTILE}"], ["create", "x", "--speakers", HOSTILE], ["kick", ID, HOSTILE],
        ["post", "x", HOSTILE],
        ["list", HOSTILE], ["--url", HOSTILE, "list"], ["serve", "--config", HOSTILE], ["rules", "check", HOSTILE], ["show"] * 9,
        ["react", ID, HOSTILE],
        ["listen", ID, "--record", HOSTILE], ["create", "x", "--at", HOSTILE], ["create", "x", "--duration", HOSTILE], ["account", HOSTILE],
    ],
)  # fmt: skip
def test_arguments_come_back_harmless(words: list[str]) -> None:
    done = run("http://127.0.0.1:9", "spx_x", *(word.replace("\x00", "") for word in words))
    assert done.returncode != 0
    assert acts(done.stdout + done.stderr) == set()


@given(st.text(), st.sampled_from(["", "bold"]))
def test_whatever_is_printed_on_a_console(text: str, style: str) -> None:
    file = io.StringIO()
    out = SafeConsole(file=file, force_terminal=True, width=200, color_system="truecolor")
    made = Table("a", "[b]")
    made.add_row(text, Text(text))
    for one in (text, Text(text, style), made):
        out.print(one, style=style)
    with redirect_stdout(file):
        write_line(text)
    assert acts(file.getvalue()) == set()


def test_the_live_view() -> None:
    file = io.StringIO()
    out = SafeConsole(file=file, force_terminal=True, width=400)
    watched = Watched(space(title=HOSTILE), members(member(1, HOSTILE), member(2, HOSTILE, hand_raised=True)))
    out.print(render(watched, 30, 400))
    assert acts(file.getvalue()) == set()
    assert f"Mark{WHOLE}" in file.getvalue()


def test_columns_stand_below_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    england = "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
    titles = ["👩\u200d💻 hours", "می\u200cخواهم", "[/b] hello", "🇩🇪", "❤️", "会議", "e\u0301", england]
    table(["title", "id"], [(title, "|") for title in titles], empty="")
    lines = capsys.readouterr().out.splitlines()[1:]
    assert [line[: line.rindex("|")].rstrip() for line in lines] == titles
    assert {cell_len(line.rstrip()) for line in lines} == {max(map(cell_len, titles)) + 3}
    assert [cell_len(title) for title in titles] == [8, 7, 10, 2, 2, 4, 1, 2]


EXEMPT = {
    "spacesctl/support/terminal.py": "writes lines and text files",
    "spacesctl/support/consoles.py": "makes the console",
    "spacesctl/client/sound.py": "sound to stdout",
    "spacesctl/bench/aiortc_forwarder.py": "JSON to the program that started it",
    "spacesctl/audio/transcode.py": "JSON to the program that started it",
    "spacesctl/audio/speech.py": "packets to the program that started it",
    "spacesctl/compiling/worker.py": "JSON to the program that started it",
    "spacesctl/probe/jitter_probe.py": "JSON to the program that started it",
}
_WRITES = {"print", "Console", "echo", "secho", "pprint", "print_json"}


@pytest.mark.parametrize(
    "path", sorted((ROOT_FOLDER / "spacesctl").rglob("*.py")) + sorted((ROOT_FOLDER / "bots").rglob("*.py")), ids=str
)
def test_nobody_else_writes_to_the_terminal(path: Path) -> None:
    name = str(path.relative_to(ROOT_FOLDER))
    if name in EXEMPT or name == "bots/clips/make.py":
        return
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called not in _WRITES, f"{name}:{node.lineno}: {called}"
            assert (
                called.rpartition(".")[0] not in ("typer", "click", "rich") or called.rpartition(".")[2] not in _WRITES
            ), called
            assert not re.match(r"sys\.(stdout|stderr)(\.buffer)?\.write", called), f"{name}:{node.lineno}: {called}"
