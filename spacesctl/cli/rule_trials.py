"""`rules test`: a rule file tried on what was said."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spacesctl.cli import spoken, which
from spacesctl.cli.common import Json, client
from spacesctl.cli.output import emit_json, note, say, table
from spacesctl.domain.clock import TICKS_PER_SECOND, shown
from spacesctl.domain.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spacesctl.cli.answers import RuleOutcome, RuleScore
    from spacesctl.rules.ruleset import Rule, RuleSet
    from spacesctl.rules.trial import Outcome

NO_NUMBERS = "stored words have no numbers, so rules with `digits` cannot be tried on a Space"
SMALL_MODEL = "the small shipped model listened, which understands no people; give --model"


def try_rules(
    ctx: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A rule file, in TOML.")],
    transcript: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="What was said, as `captions --json` or `transcript --json` print it."),
    ] = None,
    audio: Annotated[Path | None, typer.Option(metavar="FILE", help="A sound file, to which a model listens.")] = None,
    space: Annotated[str | None, typer.Option(metavar="SPACE", help="A Space of yours, also a past one.")] = None,
    model: Annotated[Path | None, typer.Option(metavar="FOLDER", help="With --audio: folder of a model.")] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help='What should be found: lines such as {"start": 1, "end": 2.5, "rule": "scam"}.'
        ),
    ] = None,
    regressions: Annotated[
        bool, typer.Option("--regressions", help="Instead: the cases beside it, from `rules regressions`.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Try a rule file on what was said: what would have fired, when, on which words, how sure. Nothing is done to anybody.

    With --labels it tells precision and recall, and ends with 1 unless all that is labelled was found, and nothing else. `*` is any rule.
    With --regressions it ends with 1 if a rule finds something again that was taken back, and names each case.
    """
    if sum(one is not None for one in (transcript, audio, space, regressions or None)) != 1:
        raise Invalid("--transcript, --audio, --space, --regressions", "give one of them")
    if model is not None and audio is None:
        raise Invalid("--model", "is for --audio")
    if regressions and labels is not None:
        raise Invalid("--labels", "cases say what is expected of them")
    ruleset = compiled(path)
    note_untried(ruleset)
    if regressions:
        _try_cases(path, ruleset, as_json=as_json)
        return
    asked = spoken.labels(labels) if labels is not None else None
    if transcript is not None:
        said = spoken.from_transcript(transcript)
    elif audio is not None:
        said = spoken.from_sound(audio, model)
        if model is None:
            note(SMALL_MODEL)
    else:
        with client(ctx) as spaces:
            said = spoken.from_space(spaces, which.whole(spaces, space, which.PAST))
        if ruleset.digits():
            note(NO_NUMBERS)
    from spacesctl.rules.trial import Label, scores, tried

    outcomes = tried(ruleset, said.utterances)
    hits = [outcome_of(one, said.speakers) for one in outcomes if one.is_hit]
    found = (
        [] if asked is None
        else scores(ruleset.rules, outcomes, [Label(one.start, one.end, _known(ruleset, one.rule)) for one in asked])
    )  # fmt: skip
    from spacesctl.cli.answers import RuleScore, TriedRules

    told = [
        RuleScore(
            rule=one.rule, hits=one.hits, right=one.right, labels=one.labels, found=one.found, precision=one.precision,
            recall=one.recall,
        )
        for one in found
    ]  # fmt: skip
    if as_json:
        emit_json(TriedRules(hits=hits, scores=told))
    else:
        say_outcomes(hits, empty="nothing would have fired", why=False)
        _say_scores(told)
    if any(one.rule == "*" and (one.right < one.hits or one.found < one.labels) for one in told):
        raise typer.Exit(1)


def _try_cases(path: Path, ruleset: RuleSet, *, as_json: bool) -> None:
    from spacesctl.cli.answers import TriedRules
    from spacesctl.cli.rule_cases import found_again

    again = found_again(path, ruleset)
    if as_json:
        emit_json(TriedRules(hits=[], scores=[], again=again))
    else:
        rows = [(one.case, one.rule, one.words) for one in again]
        table(("CASE", "FIRES AGAIN", "WORDS"), rows, empty="no rule finds again what was taken back")
    if again:
        raise typer.Exit(1)


def _known(ruleset: RuleSet, rule: str) -> str:
    if rule != "*" and ruleset.rule(rule) is None:
        raise Invalid("--labels", f"the file has no rule {rule!r}")
    return rule


def compiled(path: Path) -> RuleSet:
    """The rules of a file. Raises Invalid, OSError."""
    from spacesctl.cli.rules import read_rules

    return parsed(read_rules(path), str(path))


def not_tried(rule: Rule) -> bool:
    """Whether a rule asks for sound or conduct, which no words tell of."""
    return bool(rule.any_of or rule.all_of)


def note_untried(ruleset: RuleSet) -> None:
    """Say which rules cannot be tried on words, and of which only the words are."""
    alone = [rule.id for rule in ruleset.rules if rule.about != "words"]
    partly = [rule.id for rule in ruleset.rules if rule.about == "words" and not_tried(rule)]
    if alone:
        note(f"rules on sound and conduct cannot be tried on words: {', '.join(alone)}")
    if partly:
        note(
            f"only the words of these rules are tried, and what else they ask for is taken to hold: {', '.join(partly)}"
        )


def parsed(text: str, name: str) -> RuleSet:
    """The rules of a text. Raises Invalid."""
    from spacesctl.rules.problems import RuleFileError
    from spacesctl.rules.rulefile import compile_rules

    try:
        return compile_rules(text, name)
    except RuleFileError as error:
        raise Invalid("rules", str(error), hint="`spacesctl rules check` tells all") from error


def outcome_of(one: Outcome, speakers: dict[str, str]) -> RuleOutcome:
    """As it is printed, with the handle of the account."""
    from spacesctl.cli.answers import RuleOutcome

    return RuleOutcome(
        rule=one.rule.id, mode=one.mode, actions=list(one.rule.actions), speaker=speakers[one.account_id],
        start=round(one.start, 2), end=round(one.end, 2), words=" ".join(word.w for word in one.words),
        confidence=round(one.confidence, 3), matched=one.matched, missing=one.missing or None,
    )  # fmt: skip


def say_outcomes(outcomes: Sequence[RuleOutcome], *, empty: str, why: bool) -> None:
    """Print outcomes as a table; `why`: also what held them back."""
    rows = [
        (
            shown(round(one.start * TICKS_PER_SECOND)), one.speaker, one.rule, one.mode, f"{one.confidence:.2f}", one.words,
            *([one.missing or "it fired"] if why else []),
        )
        for one in outcomes
    ]  # fmt: skip
    table(("AT", "WHO", "RULE", "MODE", "SURE", "WORDS", *(["REASON"] if why else [])), rows, empty=empty)


def _say_scores(scores: Sequence[RuleScore]) -> None:
    if not scores:
        return
    rows = [
        ("all" if one.rule == "*" else one.rule, one.hits, one.right, one.labels, one.found, _share(one.precision), _share(one.recall))
        for one in scores
    ]  # fmt: skip
    say("")
    table(("RULE", "HITS", "RIGHT", "LABELS", "FOUND", "PRECISION", "RECALL"), rows, empty="")


def _share(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.0f} %"
