"""`report`, `reports`, `rules`, `audit`: reports of people, rules on live speech, the audit log."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from spacesctl.cli.common import Json, SpaceRef, client, handle, space_id
from spacesctl.cli.output import clean, emit_json, note, say, table
from spacesctl.client.http import Client, segment
from spacesctl.domain.errors import Invalid

reports = typer.Typer(help="Reports that wait for review.", no_args_is_help=True)
rules = typer.Typer(help="Rules on live speech.", no_args_is_help=True)
audit = typer.Typer(help="The audit log.", no_args_is_help=True)

_REPORT_COLUMNS = {
    "ID": "id",
    "TIME": "time",
    "STATE": "state",
    "TARGET": "target",
    "CATEGORY": "category",
    "RULE": "rule",
    "WORDS": "text",
}


def report(
    ctx: typer.Context,
    space: SpaceRef,
    target: Annotated[
        str | None, typer.Argument(metavar="[@HANDLE]", help="The person. Default: the Space itself is reported.")
    ] = None,
    category: Annotated[str, typer.Option(help="abuse, harassment, hate, threat, spam, scam, ...")] = "other",
    text: Annotated[str, typer.Option("--note", help="What happened.")] = "",
    as_json: Json = False,
) -> None:
    """Report a person or the whole Space. The person's last 30 s of speech are kept as evidence."""
    body = {
        "space_id": space_id(space),
        "account": handle(target) if target is not None else None,
        "category": category,
        "note": text,
    }
    with client(ctx) as spaces:
        made = spaces.post("/v1/reports", body)
    if as_json:
        emit_json(made)
    else:
        say(f"report {made['id']} is filed")


@reports.command("list")
def list_reports(
    ctx: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Also those that are decided.")] = False,
    as_json: Json = False,
) -> None:
    """List open reports from the Spaces that you host, newest first."""
    with client(ctx) as spaces:
        rows = spaces.all("/v1/reports", **({} if everything else {"state": "open"}))
    if as_json:
        emit_json(rows)
    else:
        table(rows, _REPORT_COLUMNS, empty="no reports")


@reports.command("show")
def show_report(
    ctx: typer.Context,
    report_id: Annotated[str, typer.Argument(metavar="REPORT")],
    as_json: Json = False,
) -> None:
    """Show a report with its evidence."""
    with client(ctx) as spaces:
        found = spaces.get(f"/v1/reports/{report_id}")
    if as_json:
        emit_json(found)
        return
    for key in (
        "id",
        "time",
        "space_id",
        "target",
        "reporter",
        "category",
        "rule",
        "text",
        "note",
        "clip",
        "state",
        "decision",
    ):
        say(f"{key:<10} {clean(str(found[key])) if found[key] else '-'}")


@reports.command("decide")
def decide_report(
    ctx: typer.Context,
    report_id: Annotated[str, typer.Argument(metavar="REPORT")],
    upheld: Annotated[
        bool | None, typer.Option("--upheld/--dismissed", help="Whether the report was right.", show_default=False)
    ] = None,
    again: Annotated[bool, typer.Option("--open", help="Open it again.")] = False,
    text: Annotated[str, typer.Option("--note", help="Your reason, which the reporter is told.")] = "",
    as_json: Json = False,
) -> None:
    """Uphold or dismiss a report, or open it again. Who filed it is told."""
    if again == (upheld is not None):
        raise Invalid("--upheld, --dismissed, --open", "give one of them")
    state = "open" if again else "upheld" if upheld else "dismissed"
    with client(ctx) as spaces:
        found = spaces.patch(f"/v1/reports/{segment(report_id)}", {"state": state, "note": text})
    if as_json:
        emit_json(found)
    else:
        say(f"report {found['id']} is {found['state']}")


def read_rules(path: Path) -> str:
    """The text of a rule file. Raises OSError, or Invalid when it is not UTF-8."""
    try:
        return path.read_text()
    except UnicodeDecodeError as error:
        raise Invalid(str(path), "is not UTF-8 text") from error


def push(spaces: Client, space: str, text: str, filename: str) -> dict[str, Any]:
    """Set the rules of a Space. `filename` is named in error messages. Raises the server's errors."""
    answer: dict[str, Any] = spaces.put(f"/v1/spaces/{space}/rules", {"text": text, "filename": filename})
    return answer


@rules.command("check")
def check_rules(
    path: Annotated[Path, typer.Argument(metavar="FILE")],
    model: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of a vosk model: rules must use words that it knows.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check a rule file and explain each rule. Problems are shown with file and line. Exit code 2 when there is an error."""
    from spacesctl.rules.check import check, explain
    from spacesctl.rules.rulefile import parse

    text = read_rules(path)
    problems = check(text, str(path), _vocabulary(model) if model is not None else None)
    ruleset, _ = parse(text, str(path))
    ok = not any(problem.level == "error" for problem in problems)
    lines = explain(ruleset) if ruleset is not None else []
    if as_json:
        emit_json({"ok": ok, "problems": [vars(problem) for problem in problems], "explained": lines})
    else:
        for problem in problems:
            note(str(problem))
        for line in lines:
            say(line)
    if not ok:
        raise typer.Exit(2)


def _vocabulary(model: Path) -> set[str]:
    from bots.models import ModelError, vocabulary  # reads a file; runs no bot

    try:
        return vocabulary(model)
    except ModelError as error:
        raise Invalid("--model", str(error)) from error


@rules.command("push")
def push_rules(
    ctx: typer.Context,
    space: SpaceRef,
    path: Annotated[Path, typer.Argument(metavar="FILE")],
    as_json: Json = False,
) -> None:
    """Set the rules of a Space, also while it is live. If the file has errors, the old rules stay."""
    text = read_rules(path)
    with client(ctx) as spaces:
        answer = push(spaces, space_id(space), text, path.name)
    if as_json:
        emit_json(answer)
    else:
        say(f"rules {answer['hash'][:12]}: {', '.join(answer['rules']) or 'none'}; may {', '.join(answer['actions'])}")


@rules.command("show")
def show_rules(ctx: typer.Context, space: SpaceRef, as_json: Json = False) -> None:
    """Print the rule file of a Space."""
    with client(ctx) as spaces:
        found = spaces.get(f"/v1/spaces/{space_id(space)}/rules")
    if as_json:
        emit_json(found)
    elif found["text"] is None:
        note("no rules")
    else:
        say(found["text"].rstrip("\n"))


@rules.command("clear")
def clear_rules(ctx: typer.Context, space: SpaceRef, as_json: Json = False) -> None:
    """Remove the rules of a Space, and with them the bot's permission to act."""
    with client(ctx) as spaces:
        answer = spaces.put(f"/v1/spaces/{space_id(space)}/rules", {"text": None})
    if as_json:
        emit_json(answer)
    else:
        say("no rules")


@audit.command("list")
def list_audit(
    ctx: typer.Context,
    space: Annotated[str | None, typer.Option(help="Only entries of this Space.")] = None,
    as_json: Json = False,
) -> None:
    """List what was done by you and in the Spaces that you host, newest first."""
    wanted = space_id(space) if space is not None else None
    with client(ctx) as spaces:
        rows = [row for row in spaces.all("/v1/audit") if wanted in (None, row["space_id"])]
    if as_json:
        emit_json(rows)
        return
    for row in rows:
        row["who"] = _who(row)
        row["more"] = ", ".join(f"{key}={value}" for key, value in row["details"].items() if value)
    columns = {"ID": "id", "AT": "at", "WHO": "who", "DID": "action", "TO": "target", "SPACE": "space_id", "": "more"}
    table(rows, columns, empty="no entries")


def _who(row: dict[str, Any]) -> str | None:
    """Who acted: a handle, a rule, or the server with its reason."""
    by = row["by"]
    if by["kind"] == "rule":
        return f"rule {by['id']}"
    return f"server ({by['reason']})" if by["kind"] == "system" else row["actor"]


@audit.command("verify")
def verify_audit(ctx: typer.Context, as_json: Json = False) -> None:
    """Verify the hash chains of the log: one a Space, one for the server. Exit code 1, and the first bad entry, if one was changed."""
    with client(ctx) as spaces:
        found = spaces.get("/v1/audit/verify")
    if as_json:
        emit_json(found)
    elif found["chain"] is None:
        say(f"every entry matches the one before it; head {found['head']}")
    elif found["first_bad"] is None:
        say(f"entries are missing at the end of the chain {found['chain']}: the log was changed")
    else:
        say(f"entry {found['first_bad']} does not match the one before it: the log was changed")
    if found["chain"] is not None:
        raise typer.Exit(1)
