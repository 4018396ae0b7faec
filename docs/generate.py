"""Write the reference pages from the code: `python docs/generate.py` (`--check` only says whether they are up to date).

docs/cli.md from the command tree, docs/api.md from the OpenAPI document, docs/errors.md from the error tree,
docs/settings.md from config.example.toml, the table in docs/architecture.md and the contracts in .importlinter from
docs/rooms.toml, the table in docs/hosting.md from domain/actions.py.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from fastapi import FastAPI

from spacesctl.domain.actions import ACTIONS, Granted
from spacesctl.domain.permissions import TABLE, Action

sys.path.insert(0, str(Path(__file__).parent))
import rooms  # this folder is not a package

DOCS = Path(__file__).parent
ROOT = DOCS.parent
ROOMS_BEGIN = "<!-- rooms: made by docs/generate.py from docs/rooms.toml -->"
ROOMS_END = "<!-- end of rooms -->"
ACTIONS_BEGIN = "<!-- actions: made by docs/generate.py from spacesctl/domain/actions.py -->"
ACTIONS_END = "<!-- end of actions -->"
NOTE = "<!-- Made by docs/generate.py; change the code, not this page. -->\n"


def cli() -> str:
    from spacesctl.cli.app import app

    lines = [
        NOTE,
        "# Command line\n",
        "`--json` prints one JSON value on stdout (for streams, one line for each). Results go to stdout, everything else to stderr.",
        "SPACE is a Space's id or its link. The server and the token come from `--url`, `SPACESCTL_URL` and",
        "`SPACESCTL_TOKEN`, `.env`, or the profile. There is no option for the token: other users can read command lines.\n",
        "| exit code | meaning |\n| --- | --- |",
        "| 0 | success |\n| 1 | failure |\n| 2 | wrong usage, or invalid input |\n| 3 | not found, or gone |\n| 4 | not signed in |",
        "| 5 | refused: not allowed, policy, state, conflict, too many |\n| 6 | server unreachable or timed out |",
        "| 130 | interrupted |\n",
    ]
    for words, command in _commands(typer.main.get_command(app), ()):
        lines.append(f"## `spacesctl {' '.join(words)}`\n")
        lines.append(f"{inspect.cleandoc(command.help or '')}\n")
        rows = [_parameter(one) for one in command.params if one.name != "help"]
        if rows:
            lines += ["| | |\n| --- | --- |", *rows, ""]
    return "\n".join(lines).rstrip() + "\n"


def _commands(command: Any, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    children = getattr(command, "commands", None)
    if children is None:
        yield words, command
    for name, child in (children or {}).items():
        yield from _commands(child, (*words, name))


def _parameter(one: Any) -> str:
    names = (
        "`, `".join([*one.opts, *one.secondary_opts])
        if one.param_type_name == "option"
        else one.metavar or one.name.upper()
    )
    return f"| `{names}` | {getattr(one, 'help', None) or ''} |"


def api() -> str:
    document = _openapi()
    lines = [
        NOTE,
        "# HTTP API\n",
        "The OpenAPI document is at `/openapi.json`. Errors are [problem documents](errors.md). Lists have pages of 100 with a",
        "`next` cursor. Requests that create something take an `Idempotency-Key`. Times are UTC with milliseconds; account ids are",
        "decimal strings. A change with `Dry-Run: true` is checked and answered as if it had been made, but not made.\n",
    ]
    for path, operations in sorted(document["paths"].items()):
        for method, operation in operations.items():
            lines.append(f"## `{method.upper()} {path}`\n")
            lines.append(f"{operation.get('description', operation.get('summary', ''))}\n")
    lines += [
        "## `WebSocket /v1/spaces/{space_id}/lanes?role=listen|speak|all`\n",
        "The server first sends `hello` as JSON (version, role, clock). Sound is in binary messages, big-endian: `u8 version | u8 kind |",
        "u16 n | u64 tick`, then n times `u16 lane | u8 flags | u8 0 | u16 length | Opus payload`. Events are JSON text messages.",
        "`role=all` (each lane separately) is for the bundled bot, with the host's permission.\n",
    ]
    return "\n".join(lines).rstrip() + "\n"


def _openapi() -> dict[str, Any]:
    from spacesctl.server.http.app import ROUTERS

    app = FastAPI(title="spacesctl")
    for router in ROUTERS:
        app.include_router(router)
    return app.openapi()


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
        "| `precondition_failed` | 412 | 1 | `If-Match` names a version that is not current |",
        "| `precondition_required` | 428 | 1 | This request needs an `If-Match` |",
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
        lines.append(f"| `{name}` | {row.doc} | {_GRANTED[row.granted]} | {needs} | {undo} |")
    return _between(DOCS / "hosting.md", ACTIONS_BEGIN, "\n".join(lines) + "\n", ACTIONS_END)


_GRANTED = {
    Granted.ALWAYS: "always",
    Granted.USED: "if the rule file uses it",
    Granted.ALLOWED: "if the host allows it to the rule by name",
    Granted.NEVER: "never",
}


def _standings(action: Action | None) -> str:
    return ", ".join(sorted(one.value for one in TABLE[action])) if action is not None else ""


def _between(page: Path, begin: str, text: str, end: str) -> str:
    before, _, rest = page.read_text().partition(begin)
    return f"{before}{begin}\n\n{text}{end}{rest.partition(end)[2]}"


PAGES = {
    "cli.md": cli,
    "api.md": api,
    "errors.md": errors,
    "settings.md": settings,
    "architecture.md": architecture,
    "hosting.md": hosting,
    "../.importlinter": rooms.contracts,
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
