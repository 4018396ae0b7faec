"""Write the reference pages from the code: `python docs/generate.py` (`--check` only says whether they are up to date).

docs/cli.md from the command tree, docs/json.md and spacesctl/schemas/ from the types of what is printed and read,
docs/api.md from the OpenAPI document, docs/errors.md from the error tree, docs/settings.md from config.example.toml, the table
in docs/architecture.md and the contracts in .importlinter from docs/rooms.toml, the table in docs/hosting.md from
domain/actions.py.
"""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from typing import Any

from spacesctl.cli import helping
from spacesctl.cli.commands import ROOT as ROOT_COMMAND
from spacesctl.cli.examples import EXAMPLES
from spacesctl.cli.json_output import outputs
from spacesctl.cli.lazy import made, verbs
from spacesctl.domain.actions import ACTIONS, Granted, ModerationAction
from spacesctl.domain.permissions import TABLE, Action

sys.path.insert(0, str(Path(__file__).parent))
import api_page  # this folder is not a package
import client_methods
import reference
import rooms

DOCS = Path(__file__).parent
ROOT = DOCS.parent
ROOMS_BEGIN = "<!-- rooms: made by docs/generate.py from docs/rooms.toml -->"
ROOMS_END = "<!-- end of rooms -->"
ACTIONS_BEGIN = "<!-- actions: made by docs/generate.py from spacesctl/domain/actions.py -->"
ACTIONS_END = "<!-- end of actions -->"
METHODS_BEGIN = "<!-- methods: made by docs/generate.py from spacesctl/client/groups -->"
METHODS_END = "<!-- end of methods -->"
NOTE = "<!-- Made by docs/generate.py; change the code, not this page. -->\n"


def cli() -> str:
    lines = [
        NOTE,
        "# Command line\n",
        "With `--json` a command prints JSON on stdout, always in the same shape: one object, an array of objects (also when there is",
        "only one), or for streams one line for each. [JSON of the command line](json.md) has the fields. Results go to stdout,",
        "everything else to stderr: an error is one line there, also with `--json`, and the exit code says its kind (of several",
        "refusals that of the first). `SPACESCTL_DEBUG=1` shows where an unforeseen error came from.\n",
        "SPACE is a Space's id, its link (`http://HOST/s/ID`), the beginning of its id (3 characters or more) or its title, in capitals or",
        "not; a beginning of the title is enough. Of several titles that fit, the live one is meant, else the next. Left out, it is your",
        "live Space (as host or co-host), else your next one; for `speak`, `listen`, `watch`, `raise`, `react`, `captions` and `people`",
        "also one in which you may speak, as a speaker or by an invitation that you accepted. A word that begins with `@` is a person, so",
        "that `mute @ann` works, and so does `mute ann`. What was found is said on stderr; several that fit are an error that lists them.",
        "What cannot be undone guesses nothing: `start`, `end`, `cancel`, `kick`, `uninvite`, `accept`,",
        "`decline`, `report`, `record stop`, `rules push`, `rules clear`, `mute --all`, `promote --host` and `edit` with rules need an id,",
        "a link, the beginning of an id or a whole title. Only an id and a link are not looked up.\n",
        "The server and the token come from `--url`,",
        "`SPACESCTL_URL` and `SPACESCTL_TOKEN`, `.env`, or the profile. What a link names is done on its server, which wins over",
        "all of them but `--url`: another server there is an error. A token is sent to the server alone that it was given for.",
        "There is no option for the token: other users can read command lines. A server on this machine is asked directly,",
        "whatever `HTTP_PROXY` says. Files may have a byte order mark.\n",
        "`watch`, `captions --follow`, `speak` and `listen` come back by themselves when the connection is lost: they say so,",
        "try for a minute, and end with 6 if that does not help.\n",
        "`spacesctl help COMMAND` shows what stands here. `--url`, `--json`, `--plain`, `--curl` and `--dry-run` may stand before or after",
        "the command. Where several values may be given they may have commas between them: `@ann,@ben`. What cannot be undone (`end`,",
        "`cancel`, `restore` and what deletes) asks on a terminal, and needs `--yes` elsewhere.\n",
        "On a narrow terminal tables shorten titles and leave out what is less needed; `--plain`, `--json` and pipes have all of it.\n",
        "| exit code | meaning |\n| --- | --- |",
        "| 0 | success; also when who reads the output has enough (`spacesctl list \\| head -1`) |",
        "| 1 | failure |\n| 2 | wrong usage, or invalid input |\n| 3 | not found, or gone |\n| 4 | not signed in |",
        "| 5 | refused: not allowed, policy, state, conflict, too many |\n| 6 | server unreachable or timed out |",
        "| 130 | interrupted |\n",
    ]
    for words, verb in verbs(ROOT_COMMAND):
        command = made(verb, words.rpartition(" ")[2], words)
        lines.append(f"## `spacesctl {words}`\n")
        lines.append(f"{inspect.cleandoc(command.help or '')}\n")
        shown = "\n".join(EXAMPLES[words])
        lines.append(f"`{helping.usage(f'spacesctl {words}', command.params)}`\n\n```sh\n{shown}\n```\n")
        rows = [_parameter(one) for one in command.params if one.name != "help" and not getattr(one, "hidden", False)]
        if rows:
            lines += ["| | |\n| --- | --- |", *rows, ""]
        lines += [f"{reference.printed(key, one)}\n" for key, one in outputs(words).items()]
    return "\n".join(lines).rstrip() + "\n"


def _parameter(one: Any) -> str:
    if one.param_type_name == "argument":
        return f"| `{helping.name_of(one)}` | {one.help or ''} |"
    names = "`, `".join([*one.opts, *one.secondary_opts])
    return f"| `{names}{'' if one.is_flag else f' {helping.name_of(one)}'}` | {one.help or ''} |"


def api() -> str:
    return f"{NOTE}\n{api_page.page()}"


def errors() -> str:
    from spacesctl.domain import errors as tree

    lines = [
        NOTE,
        "# Errors\n",
        "Every error of the API is `application/problem+json` (RFC 9457) with `type`, `title`, `status`, `detail` and a stable",
        "`code`, and often `reason`, `field` and `hint`. An internal error (500) has an `incident` id, which is also in the log.\n",
        "| code | HTTP | exit code | meaning |\n| --- | --- | --- | --- |",
    ]
    lines += [f"| `{cls.code}` | {cls.status} | {cls.exit_code} | {cls.title} |" for cls in tree.BY_CODE.values()]
    lines += [
        "| `method_not_allowed` | 405 | 1 | No such method here |",
        "| `not_acceptable` | 406 | 1 | The offer does not include Opus |",
        "| `head_too_large` | 431 | 1 | The head of the request is too large, or has too many lines |",
        "| `misdirected` | 421 | 1 | The server does not answer to the name in `Host` |",
        "| `precondition_failed` | 412 | 1 | `If-Match` names a version that is not current |",
        "| `precondition_required` | 428 | 1 | This request needs an `If-Match` |",
        "| `too_slow` | 408 | 1 | The request did not come in time |",
        "| `too_large` | 413 | 1 | The body is too large |",
    ]
    lines += ["| `unsupported_media_type` | 415 | 1 | This address does not accept this content type |"]
    return "\n".join(lines) + "\n"


def settings() -> str:
    text = (ROOT / "config.example.toml").read_text().rstrip()
    head = "Each setting is also an environment variable: `SPACESCTL_` and its name in capitals. Precedence: option, environment, `.env`,"
    return f"{NOTE}\n# Settings\n\n{head}\n`config.toml`, default.\n\n```toml\n{text}\n```\n"


def architecture() -> str:
    """The page as it is, with the table of rooms between its two marks."""
    return _between(DOCS / "architecture.md", ROOMS_BEGIN, f"{rooms.table()}\n", ROOMS_END)


def client() -> str:
    """The page as it is, with the table of methods between its two marks."""
    return _between(DOCS / "client.md", METHODS_BEGIN, client_methods.table(), METHODS_END)


def hosting() -> str:
    """The page as it is, with the table of actions between its two marks."""
    lines = [
        "| action | what it does | a rule takes it | a person needs | to undo it |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, row in ACTIONS.items():
        needs, undo = (
            _standings(row.permission),
            _standings(row.undo) or ("whose list it is" if row.is_sanction else "-"),
        )
        lines.append(f"| `{name}` | {row.doc} | {_taken_by_rules(row)} | {needs} | {undo} |")
    return _between(DOCS / "hosting.md", ACTIONS_BEGIN, "\n".join(lines) + "\n", ACTIONS_END)


_GRANTED = {
    Granted.ALWAYS: "always",
    Granted.USED: "if the rule file uses it",
    Granted.ALLOWED: "if the host allows it to the rule by name",
    Granted.SUGGESTED: "never; a rule may suggest it",
}


def _taken_by_rules(row: ModerationAction) -> str:
    return _GRANTED[row.granted]


def _standings(action: Action | None) -> str:
    return ", ".join(sorted(one.value for one in TABLE[action])) if action is not None else ""


def _between(page: Path, begin: str, text: str, end: str) -> str:
    before, _, rest = page.read_text().partition(begin)
    return f"{before}{begin}\n\n{text}{end}{rest.partition(end)[2]}"


PAGES = {
    "cli.md": cli,
    "json.md": reference.page,
    "api.md": api,
    "errors.md": errors,
    "settings.md": settings,
    "architecture.md": architecture,
    "hosting.md": hosting,
    "client.md": client,
    "../.importlinter": rooms.contracts,
    **{f"../spacesctl/schemas/{name}.schema.json": make for name, make in reference.SCHEMAS.items()},
}


def stale() -> list[str]:
    """The pages that differ from what the code says now."""
    return [name for name, make in PAGES.items() if not (DOCS / name).exists() or (DOCS / name).read_text() != make()]


if __name__ == "__main__":
    outdated = stale()
    if "--check" in sys.argv:
        sys.exit(f"not up to date: {', '.join(outdated)}" if outdated else 0)
    for name in outdated:
        (DOCS / name).write_text(PAGES[name]())
        print(f"wrote docs/{name}")
