"""`rules test|list|why|starter`: rules tried on what was said."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spacesctl.cli import spoken, which
from spacesctl.cli.common import Json, SpaceRef, ThisSpace, client
from spacesctl.cli.output import emit_json, note, say, table
from spacesctl.domain.errors import Invalid
from spacesctl.support.terminal import write_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spacesctl.cli.answers import RuleOutcome, RuleScore
    from spacesctl.client.http import Client
    from spacesctl.rules.ruleset import Rule, RuleSet
    from spacesctl.rules.trial import Outcome

NO_NUMBERS = "stored words have no numbers, so rules with `digits` cannot be tried on a Space"
SMALL_MODEL = "the small shipped model listened, which understands no people; give --model"
SHORT = 3
"""Phrases that are named in short."""


def try_rules(
    ctx: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A rule file, in TOML.")],
    transcript: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="What was said, as `captions --json` or `transcript --json` print it."),
    ] = None,
    audio: Annotated[Path | None, typer.Option(metavar="FILE", help="A sound file, to which a model listens.")] = None,
    space: Annotated[str | None, typer.Option(metavar="SPACE", help="A Space of yours, also a past one.")] = None,
    model: Annotated[Path | None, typer.Option(metavar="FOLDER", help="With --audio: folder of a vosk model.")] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help='What should be found: lines such as {"start": 1, "end": 2.5, "rule": "scam"}.'
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Try a rule file on what was said: what would have fired, when, on which words, how sure. Nothing is done to anybody.

    With --labels it tells precision and recall, and ends with 1 unless all that is labelled was found, and nothing else. `*` is any rule.
    """
    if sum(one is not None for one in (transcript, audio, space)) != 1:
        raise Invalid("--transcript, --audio, --space", "give one of them")
    if model is not None and audio is None:
        raise Invalid("--model", "is for --audio")
    ruleset = _compiled(path)
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
    hits = [_outcome(one, said.speakers) for one in outcomes if one.is_hit]
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
        _say_outcomes(hits, empty="nothing would have fired", why=False)
        _say_scores(told)
    if any(one.rule == "*" and (one.right < one.hits or one.found < one.labels) for one in told):
        raise typer.Exit(1)


def _known(ruleset: RuleSet, rule: str) -> str:
    if rule != "*" and ruleset.rule(rule) is None:
        raise Invalid("--labels", f"the file has no rule {rule!r}")
    return rule


def _compiled(path: Path) -> RuleSet:
    from spacesctl.cli.rules import read_rules

    return _parsed(read_rules(path), str(path))


def _parsed(text: str, name: str) -> RuleSet:
    from spacesctl.rules.problems import RuleFileError
    from spacesctl.rules.rulefile import compile_rules

    try:
        return compile_rules(text, name)
    except RuleFileError as error:
        raise Invalid("rules", str(error), hint="`spacesctl rules check` tells all") from error


def _outcome(one: Outcome, speakers: dict[str, str]) -> RuleOutcome:
    from spacesctl.cli.answers import RuleOutcome

    return RuleOutcome(
        rule=one.rule.id, mode=one.mode, actions=list(one.rule.actions), speaker=speakers[one.account_id],
        start=round(one.start, 2), end=round(one.end, 2), words=" ".join(word.w for word in one.words),
        confidence=round(one.confidence, 3), matched=one.matched, missing=one.missing or None,
    )  # fmt: skip


def _say_outcomes(outcomes: Sequence[RuleOutcome], *, empty: str, why: bool) -> None:
    rows = [
        (
            _clock(one.start), one.speaker, one.rule, one.mode, f"{one.confidence:.2f}", one.words,
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


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{seconds % 60:04.1f}"


def _share(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.0f} %"


def list_rules(ctx: typer.Context, space: SpaceRef = None, as_json: Json = False) -> None:
    """List the rules in force in a Space, and how often each fired in what was said so far."""
    from spacesctl.cli.answers import RuleInForce
    from spacesctl.rules.trial import tried

    with client(ctx) as spaces:
        found = which.whole(spaces, space, which.PAST)
        ruleset = _in_force(spaces, found.id)
        said = spoken.from_space(spaces, found) if ruleset is not None else None
    rules = list[RuleInForce]()
    if ruleset is not None and said is not None:
        fired = {(one.rule.id, one.lane, one.start_tick) for one in tried(ruleset, said.utterances) if one.is_hit}
        for rule in ruleset.rules:
            hits = None if rule.digits else sum(name == rule.id for name, _, _ in fired)
            rules.append(
                RuleInForce(
                    id=rule.id, mode=rule.mode, severity=rule.severity, actions=list(rule.actions), looks_for=_short(rule), hits=hits
                )
            )  # fmt: skip
    if as_json:
        emit_json(rules)
        return
    table(
        ("RULE", "MODE", "SEVERITY", "HITS", "DOES", "WORDS"),
        [
            (
                one.id,
                one.mode,
                one.severity,
                "-" if one.hits is None else one.hits,
                ", ".join(one.actions),
                one.looks_for,
            )
            for one in rules
        ],
        empty="no rules",
    )


def _short(rule: Rule) -> str:
    words = [phrase.text for phrase in rule.literals]
    words += [f"{prefix.start}*" for prefix in rule.prefixes]
    words += [f"/{pattern.text}/" for pattern in rule.patterns]
    words += [f"numbers of {digits.run} digits" for digits in rule.digits]
    more = f" and {len(words) - SHORT} more" if len(words) > SHORT else ""
    return (", ".join(words[:SHORT]) or "nothing") + more


def _in_force(spaces: Client, where: str) -> RuleSet | None:
    text = spaces.spaces.rules(where).text
    return _parsed(text, "the rules") if text is not None else None


def why(
    ctx: typer.Context,
    space: ThisSpace,
    name_handle: Annotated[str, typer.Argument(metavar="@HANDLE", help="Who said it.")],
    as_json: Json = False,
) -> None:
    """Show which rules fired, or nearly did, on what an account said, and what was missing. For the host, co-hosts and admins.

    The rules that are in force now are tried on the words of the Space. That leaves out how late words were recognised, and numbers.
    """
    from spacesctl.rules.trial import tried

    with client(ctx) as spaces:
        found = which.whole(spaces, space, which.PAST)
        ruleset = _in_force(spaces, found.id)
        account = spaces.accounts.get(name_handle)
        said = spoken.from_space(spaces, found)
    outcomes = [] if ruleset is None else tried(ruleset, said.utterances)
    own = [_outcome(one, said.speakers) for one in outcomes if one.account_id == account.id]
    if ruleset is not None and ruleset.digits():
        note(NO_NUMBERS)
    if as_json:
        emit_json(own)
        return
    empty = "the Space has no rules" if ruleset is None else f"no rule listens for what {account.handle} said"
    _say_outcomes(own, empty=empty, why=True)


def starter(
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write them to this file, and their test cases beside it. Default: print the rules."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Print a set of rules to begin with, all in shadow: scams, personal numbers, threats, spam. --out also writes its test cases.

    docs/what-word-lists-find.md tells what such rules find, and what they do not.
    """
    from spacesctl.cli.answers import StarterFiles
    from spacesctl.rules import starter as files

    if out is None:
        if as_json:
            emit_json(StarterFiles(files=[]))
        else:
            write_line(files.RULES.read_text("utf-8").rstrip("\n"))  # a file
        return
    written = {
        out: files.RULES,
        out.with_suffix(".cases.jsonl"): files.CASES,
        out.with_suffix(".labels.jsonl"): files.LABELS,
    }
    for target in written:
        if target.exists():
            raise Invalid("--out", f"{target} is there already")
    for target, source in written.items():
        target.write_bytes(source.read_bytes())
    if as_json:
        emit_json(StarterFiles(files=[str(target) for target in written]))
        return
    for target in written:
        say(str(target))
    cases, labels = list(written)[1:]
    say(f"try them: spacesctl rules test {out} --transcript {cases} --labels {labels}")
