"""`rules check|push|show|clear`: rules on live speech."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spacesctl.api.spaces import MAX_RULES
from spacesctl.cli import rulenotes, which
from spacesctl.cli.common import Json, SpaceRef, ThisSpace, WithNumbers, client, delay_of
from spacesctl.cli.output import emit_json, emit_line, note, say
from spacesctl.domain.errors import Invalid
from spacesctl.support.terminal import write_line

if TYPE_CHECKING:
    from spacesctl.client.http import Client
    from spacesctl.rules.vocabulary import Vocabulary

SMALL_MODEL = "This was measured with the small shipped model, which understands no people; give --model."
"""Its lag is another than that of the model that a Space is moderated with."""


def read_rules(path: Path) -> str:
    """The text of a rule file, with the lists that it names. Raises OSError, or Invalid when one is not UTF-8 or they are too long."""
    from spacesctl.client.files import read_text
    from spacesctl.rules.lists import bundled

    def listed(name: str) -> str | None:
        beside = path.parent / name
        return read_text(beside, 4 * MAX_RULES) if str(path) != "-" and beside.is_file() else None

    text = bundled(read_text(path, 4 * MAX_RULES), listed)
    if len(text) > MAX_RULES:
        raise Invalid(str(path), f"has more than {MAX_RULES} characters, with its lists")
    return text


def check_rules(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A rule file, in TOML.")],
    model: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Folder of a model: rules must use words that it knows.")
    ] = None,
    delay: Annotated[
        str | None,
        typer.Option(
            metavar="SECONDS",
            help="How far the audience is behind, 0s to 10s: are phrases redacted in time? Listens to the model first.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check a rule file and explain each rule. Problems are shown with file and line. Exit code 2 when there is an error."""
    from spacesctl.rules.check import check, explain
    from spacesctl.rules.rulefile import parse
    from spacesctl.rules.timing import explained, too_late

    seconds, text = delay_of(delay), read_rules(path)
    known = _vocabulary(model) if model is not None else None
    problems = check(text, str(path), known, gives_confidence=model is None or _gives_confidence(model))
    ruleset, _ = parse(text, str(path))
    ok = not any(problem.level == "error" for problem in problems)
    lines = explain(ruleset, known) if ruleset is not None else []
    if ruleset is not None and seconds is not None:
        lag = _lag(model)
        problems = sorted([*problems, *too_late(ruleset, lag, seconds, known)])
        lines += explained(ruleset, lag, seconds, known)
        lines += [SMALL_MODEL] if model is None else []
    if as_json:
        from spacesctl.cli.answers import CheckedRules, RuleProblem

        told = [
            RuleProblem(file=one.file, line=one.line, level=one.level, message=one.message, todo=one.todo)
            for one in problems
        ]
        emit_json(CheckedRules(ok=ok, problems=told, explained=lines))
    else:
        for problem in problems:
            note(str(problem))
        for line in lines:
            say(line)
    if not ok:
        raise typer.Exit(2)


def _vocabulary(model: Path) -> Vocabulary | None:
    """None: the model can spell any word."""
    from bots.models import ModelError, vocabulary  # reads a file; runs no bot
    from spacesctl.rules.vocabulary import Vocabulary

    try:
        words = vocabulary(model)
    except ModelError as error:
        raise Invalid("--model", str(error)) from error
    return Vocabulary(words) if words else None


def _gives_confidence(model: Path) -> bool:
    from bots.hearing.engines import capabilities

    return capabilities(model).confidence


def _lag(model: Path | None) -> float:
    """Seconds from the end of a word until the model has it, of 99 in 100 words."""
    from bots.hearing.lag import of_model
    from bots.models import ModelError, find

    try:
        found = of_model(find(model).path)
    except ModelError as error:
        raise Invalid("--model", str(error)) from error
    if found is None:
        raise Invalid("--model", "this model hears no word in the shipped clips, so its delay cannot be measured")
    return found.late


def has_digits(text: str) -> bool:
    """Whether rules look for spoken numbers."""
    from spacesctl.rules.rulefile import parse

    found, _ = parse(text, "")
    return found is not None and bool(found.digits())


def push_rules(
    ctx: typer.Context,
    space: ThisSpace,
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A rule file, in TOML.")],
    with_numbers: WithNumbers = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Set them again each time the file or a list of it changes, until Ctrl-C.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Set the rules of a Space, also while it is live. If the file has errors, the old rules stay. Without --with-numbers evidence keeps no
    numbers, also when it did before. With --watch and --json: one JSON line each time."""
    from spacesctl.cli import rule_watch

    with client(ctx) as spaces:
        where = which.one(spaces, space, sure=True)
        _push(spaces, where, path, with_numbers=with_numbers, as_json=as_json, one_of_many=watch)
        if watch:
            for _ in rule_watch.changes(path):
                with rule_watch.told():
                    _push(spaces, where, path, with_numbers=with_numbers, as_json=as_json, one_of_many=True)


def _may(actions: Sequence[str]) -> str:
    return f"may {', '.join(actions)}" if actions else "they only record"


def _push(spaces: Client, where: str, path: Path, *, with_numbers: bool, as_json: bool, one_of_many: bool) -> None:
    from spacesctl.api.moderation import NewRules
    from spacesctl.client.tried import with_rules

    new = NewRules(text=read_rules(path), filename=path.name, with_numbers=with_numbers)
    before = spaces.spaces.get(where)
    done = spaces.spaces.set_rules(where, new)
    if as_json:
        emit_line(done) if one_of_many else emit_json(done)
        return
    say(f"rules {(done.hash or '')[:12]}: {', '.join(done.rules) or 'none'}; {_may(done.actions)}")
    if (told := rulenotes.numbers(new.text, kept=done.with_numbers, before=before.with_numbers)) is not None:
        say(told)
    rulenotes.say_delay(before, with_rules(before, done))


def show_rules(ctx: typer.Context, space: SpaceRef = None, as_json: Json = False) -> None:
    """Print the rule file of a Space."""
    with client(ctx) as spaces:
        found = spaces.spaces.rules(which.one(spaces, space))
    if as_json:
        emit_json(found)
    elif found.text is None:
        note("no rules")
    else:
        write_line(found.text.rstrip("\n"))  # a file
        if (told := rulenotes.numbers(found.text, kept=found.with_numbers)) is not None:
            note(told)


def clear_rules(ctx: typer.Context, space: ThisSpace, as_json: Json = False) -> None:
    """Remove the rules of a Space, and with them the bot's permission to act."""
    from spacesctl.api.moderation import NewRules
    from spacesctl.client.tried import with_rules

    with client(ctx) as spaces:
        where = which.one(spaces, space, sure=True)
        before = spaces.spaces.get(where)
        done = spaces.spaces.set_rules(where, NewRules(text=None))
    if as_json:
        emit_json(done)
        return
    say("no rules")
    rulenotes.say_delay(before, with_rules(before, done))
