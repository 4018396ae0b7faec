"""`rules regressions`, and the cases for `rules test --regressions`: what rules are not to find again, beside their file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from spacesctl.cli import spoken, which
from spacesctl.cli.common import Json, client
from spacesctl.cli.output import emit_json, note, say
from spacesctl.domain.errors import Invalid

if TYPE_CHECKING:
    from spacesctl.api.review import RegressionCase
    from spacesctl.cli.answers import FoundAgain
    from spacesctl.rules.ruleset import RuleSet

MOST_CASES: Final = 5000
"""Cases in a file; of more the oldest go."""


def beside(path: Path) -> Path:
    """The file of cases of a rule file."""
    return path.with_name(f"{path.stem}.regressions.jsonl")


def pull(
    ctx: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A rule file, in TOML.")],
    space: Annotated[
        str | None, typer.Option(metavar="SPACE", help="Only what was said there. Default: in all your Spaces.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write beside a rule file what its rules are not to find again: words of acts that were taken back.

    The file is NAME.regressions.jsonl, and what is in it already stays. The words come from granted appeals, from rules' reports that were
    dismissed, and from `undo --wrong`.
    """
    from spacesctl.cli.rule_trials import compiled

    ruleset, file = compiled(path), beside(path)
    before = read_cases(file) if file.is_file() else []
    with client(ctx) as spaces:
        where = which.one(spaces, space, which.PAST) if space is not None else None
        found = [one for one in spaces.moderation.regressions(where) if ruleset.rule(one.rule) is not None]
    known = {one.id for one in before}
    new = [one for one in reversed(found) if one.id not in known]
    cases = [*before, *new][-MOST_CASES:]
    if new:
        _write(file, cases)
    if as_json:
        from spacesctl.cli.answers import PulledCases

        emit_json(PulledCases(file=str(file), cases=len(cases), new=len(new)))
        return
    say(f"{file}: {len(cases)} case{'s' if len(cases) != 1 else ''}, {len(new)} new")
    if cases:
        note(f"`spacesctl rules test {path} --regressions` tries them")


def read_cases(file: Path) -> list[RegressionCase]:
    """The cases of a file, a JSON object in each line. Raises Invalid, OSError."""
    from spacesctl.api.review import RegressionCase

    return list(spoken.lines_of(file, RegressionCase))


def found_again(path: Path, ruleset: RuleSet) -> list[FoundAgain]:
    """In which cases beside a rule file its rules find something again. Raises Invalid when there are none beside it."""
    from spacesctl.cli.answers import FoundAgain
    from spacesctl.rules.regressions import Case, fires_again, unknown

    file = beside(path)
    if not file.is_file():
        raise Invalid("--regressions", f"there is no {file}", hint=f"`spacesctl rules regressions {path}` writes it")
    cases = [Case(one.id, one.rule, spoken.words_of(one.words)) for one in read_cases(file)]
    gone = unknown(ruleset, cases)
    if gone:
        note(f"the file has these rules no longer: {', '.join(gone)}")
    return [FoundAgain(case=case.id, rule=case.rule, words=words) for case, words in fires_again(ruleset, cases)]


def _write(file: Path, cases: list[RegressionCase]) -> None:
    """It is what people said: nobody else on this machine reads it."""
    from spacesctl.api.wire import dump

    temporary = file.with_suffix(".part")
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.writelines(dump(one) + b"\n" for one in cases)
    temporary.replace(file)
