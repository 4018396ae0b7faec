"""The keys of a rule file with their JSON Schemas. `rulefile` takes the names from here; what it checks besides is said by no schema."""

from __future__ import annotations

from typing import TypedDict

from spacesctl.domain.actions import BY_STEPS, LADDER
from spacesctl.rules.facts import FACTS, Fact
from spacesctl.rules.fields import CONFIDENCE, DURATION, ID, MAX_PHRASE
from spacesctl.rules.read_numbers import LEAST_RUN, MOST_DIGITS, PREFIX
from spacesctl.rules.ruleset import ACTIONS, MAX_REGEX, MODES, NEEDS_ALLOW
from spacesctl.rules.word_length import PATTERN as WORD_MS

ROLES = ("speaker", "cohost", "host")
LISTENER = "listener"
"""May be in the `scope` of a rule without words: listeners can be reported."""
MOST_SEVERE = 10
MOST_TIMES = 1000
MOST_POINTS = 1000
MOST_AUTOMATIC = 1000


class Schema(TypedDict, total=False):
    """The part of JSON Schema (2020-12) that rule files need."""

    description: str
    type: str
    const: int
    enum: list[str]
    pattern: str
    default: str | int | bool | list[str]
    minimum: int
    maximum: int
    minLength: int
    maxLength: int
    items: Schema
    properties: dict[str, Schema]
    required: list[str]
    additionalProperties: bool | Schema
    minProperties: int
    maxProperties: int
    oneOf: list[Schema]


def _duration(default: str) -> Schema:
    return {"type": "string", "pattern": f"^{DURATION.pattern}$", "default": default}


def _whole(least: int, most: int, default: int) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": most, "default": default}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _table(keys: dict[str, Schema], *required: str) -> Schema:
    made: Schema = {"type": "object", "properties": keys, "additionalProperties": False}
    if required:
        made["required"] = list(required)
    return made


def _one_of_them(keys: dict[str, Schema]) -> Schema:
    return {**_table(keys), "minProperties": 1, "maxProperties": 1}


LIMITS: dict[str, Schema] = {
    "max_auto_actions_per_5min": _whole(0, MOST_AUTOMATIC, 5),
    "allow": {
        "description": "By the id of a rule: the actions that it may take although they are stronger than a mute.",
        "type": "object",
        "additionalProperties": _list({"enum": sorted(NEEDS_ALLOW)}),
    },
}
SHAPE: dict[str, Schema] = {
    "length": {"description": "Digits.", "type": "integer", "minimum": LEAST_RUN, "maximum": MOST_DIGITS},
    "prefix": {"description": "The first digits.", "type": "string", "pattern": f"^{PREFIX.pattern}$"},
    "after": {
        "description": "Words that are said just before it, as `order number`.",
        "type": "string",
        "maxLength": MAX_PHRASE,
    },
}
DIGITS: dict[str, Schema] = {
    "run": _whole(LEAST_RUN, MOST_DIGITS, 6),
    "allow": _list({**_table(SHAPE), "minProperties": 1}),
}
WORDS: Schema = _list({"type": "string", "maxLength": MAX_PHRASE})
WORDS_FROM: Schema = {
    "description": "A file beside this one that has a phrase in each line.",
    "type": "string",
    "pattern": "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$",
}
WITH_WORDS: dict[str, Schema] = {
    "forms": {"description": "Also their English inflections.", "type": "boolean", "default": False},
    "gap": {"description": "Fillers that may stand between two words of a phrase.", **_whole(0, 3, 0)},
}
"""What may stand beside `words` and `words_from`."""


def _fact(fact: Fact) -> Schema:
    unit = {"dBFS": ", in dBFS", "share": ", 0 to 1", "count": "", "time": ""}[fact.unit]
    says = fact.says.removesuffix(",")
    return {
        "description": f"{says[0].upper()}{says[1:]}{unit}.", "type": "string", "pattern": rf"^\s*({fact.pattern.pattern})\s*$",
    }  # fmt: skip


OF_FACTS: dict[str, Schema] = {name: _fact(fact) for name, fact in FACTS.items()}
"""Conditions on sound and conduct."""
OF_WORDS: dict[str, Schema] = {
    "words": {"description": "Phrases of whole words.", **WORDS},
    "words_from": WORDS_FROM,
    "prefix": {"description": "What words begin with.", "type": "string", "minLength": 3, "maxLength": 40},
    "regex": {"description": "In the syntax of RE2.", "type": "string", "maxLength": MAX_REGEX},
    "sounds_like": {
        "description": "Phrases, also where other English words were written; with `confirm` alone.",
        **WORDS,
    },
    "digits": {"description": "Spoken numbers of at least `run` digits, but for those in `allow`.", **_table(DIGITS)},
}
ANY: dict[str, Schema] = {**OF_WORDS, **OF_FACTS}
EXCEPTIONS: dict[str, Schema] = {
    "words": {"description": "Phrases in which no rule finds anything.", **WORDS},
    "words_from": WORDS_FROM,
}
ALL: dict[str, Schema] = {
    "confidence": {
        "description": "Of the matched word with the lowest confidence.",
        "type": "string",
        "pattern": rf"^\s*({CONFIDENCE.pattern})\s*$",
    },
    "word_ms": {
        "description": "The length of each matched word, in milliseconds.",
        "type": "string",
        "pattern": rf"^\s*({WORD_MS.pattern})\s*$",
    },
    **OF_FACTS,
}


def _one_condition() -> Schema:
    """One of the conditions; those on words may have more keys."""
    return {
        "oneOf": [
            _table({key: what, **(WITH_WORDS if key in ("words", "words_from") else {})}, key)
            for key, what in ANY.items()
        ]
    }


UNLESS: dict[str, Schema] = {
    "said_by_moderator_within": {
        "description": "Since a host or co-host said something that the rule finds.",
        **_duration("0s"),
    }
}
STEP: dict[str, Schema] = {
    "points": {"type": "integer", "minimum": 1, "maximum": MOST_POINTS},
    "do": {"enum": list(BY_STEPS)},
    "for": {"description": "Until the Space ends, if it is not there.", **_duration("0s")},
}
A_LADDER: dict[str, Schema] = {"expire": _duration("30d"), "steps": _list(_table(STEP, "points", "do"))}
WHEN: dict[str, Schema] = {
    "any": _list(_one_condition()),
    "all": _list(_one_of_them(ALL)),
    "unless": _list(_one_of_them(UNLESS)),
}
REPEAT: dict[str, Schema] = {"times": _whole(1, MOST_TIMES, 1), "within": _duration("0s")}
SCOPE: dict[str, Schema] = {
    "roles": {
        "description": "Listeners only in rules without words, which have `speaker` and `listener` if nothing is said.",
        **_list({"enum": [*ROLES, LISTENER]}),
        "default": ["speaker"],
    }
}
EVIDENCE: dict[str, Schema] = {"before": _duration("10s"), "after": _duration("4s")}
RULE: dict[str, Schema] = {
    "id": {"type": "string", "pattern": f"^{ID.pattern}$"},
    "mode": {"enum": list(MODES), "default": "shadow"},
    "severity": _whole(1, MOST_SEVERE, 1),
    "when": _table(WHEN),
    "repeat": _table(REPEAT),
    "scope": _table(SCOPE),
    "cooldown": {"description": "Without words 5m if nothing is said, and at least 10s.", **_duration("0s")},
    "confirm": {
        "description": "Sanctions only for what a second recognition of the same sound has heard, too.",
        "type": "boolean",
        "default": False,
    },
    "actions": _list({"oneOf": [{"enum": list(ACTIONS)}, {"type": "string", "pattern": rf"^{LADDER}{ID.pattern}$"}]}),
    "evidence": _table(EVIDENCE),
}
FILE: dict[str, Schema] = {
    "schema": {"const": 1},
    "limits": _table(LIMITS),
    "exceptions": _table(EXCEPTIONS),
    "ladder": {
        "description": "By name: what points lead to. An offence of a rule with the action `ladder:NAME` gives its `severity`.",
        "type": "object",
        "additionalProperties": _table(A_LADDER, "steps"),
    },
    "lists": {
        "description": "By name, the lines of the lists that `words_from` names: the command line puts them here.",
        "type": "object",
        "additionalProperties": _list({"type": "string"}),
    },
    "rule": _list(_table(RULE, "id", "when", "actions")),
}


def schema() -> Schema:
    """The JSON Schema of a rule file."""
    return _table(FILE, "schema")
