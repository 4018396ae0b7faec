"""What is said of arguments that are wrong: one line that names what was typed, and the command's help."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import TYPE_CHECKING

from typer._click.exceptions import (
    BadOptionUsage,
    BadParameter,
    MissingParameter,
    NoArgsIsHelpError,
    NoSuchOption,
    UsageError,
)
from typer.core import TyperArgument, TyperOption

from spacesctl.cli import complain
from spacesctl.cli.helping import name_of
from spacesctl.domain.errors import Invalid
from spacesctl.support.terminal import write_line

if TYPE_CHECKING:
    from typer._click import Parameter
    from typer.exceptions import TyperException

PARAMETERS = {
    "account": ("target",),
    "clip": ("voice",),
    "cohosts": ("cohost",),
    "expires_at": ("expires",),
    "events": ("event",),
    "handle": ("handles", "name_handle", "to", "target"),
    "name": ("name_handle",),
    "note": ("text",),
    "post": ("what", "delete"),
    "rules": ("path",),
    "rules_filename": ("rules", "path"),
    "scheduled_start": ("at",),
    "text": ("path", "rules"),
    "topics": ("topic",),
    "duration": ("how_long",),
    "url": ("what", "at_url"),
}
"""The parameters of commands that a field of the API comes from, where the names differ."""
_FIELD = re.compile(r"([a-z_]+)(?:\.\d+|\[.*\])*")
"""A field, or a part of one; the path of a file is none."""
_NUMBERS = tuple(
    (re.compile(theirs, re.IGNORECASE), ours)
    for theirs, ours in (
        (r"^input should be a valid integer.*", "must be a whole number"),
        (r"^input should be a valid number.*", "must be a number"),
        (r"^input should be greater than or equal to ", "must be at least "),
        (r"^input should be less than or equal to ", "must be at most "),
        (r"^input should be greater than ", "must be more than "),
        (r"^input should be less than ", "must be less than "),
        (r"^input should be ", "must be "),
    )
)
"""What pydantic says of values, and what we do."""
_EXTRA = re.compile(r"Got unexpected extra arguments?(?:\(s\))? \((.*)\)", re.DOTALL)


def complain_of(error: TyperException) -> int:
    """Say what is wrong with the command line; the exit code."""
    if isinstance(error, NoArgsIsHelpError):
        write_line(error.message, err=True)  # the help itself
        return error.exit_code
    ctx = error.ctx if isinstance(error, UsageError) else None
    complain(f"{said_of(error)} ({ctx.command_path if ctx is not None else 'spacesctl'} -h)")
    return error.exit_code


def said_of(error: TyperException) -> str:
    """An error of Typer in our words."""
    match error:
        case MissingParameter():
            return f"{_typed(error.param)} is missing"
        case NoSuchOption():
            near = get_close_matches(error.option_name, error.possibilities or [], n=1, cutoff=0.5)
            return f"there is no option {error.option_name}{f'; did you mean {near[0]}?' if near else ''}"
        case BadOptionUsage():
            return f"{error.option_name}: {'takes no value' if 'does not take' in error.message else 'needs a value'}"
        case BadParameter():
            return f"{_typed(error.param)}: {_plain(error.message)}"
        case _:
            extra = _EXTRA.fullmatch(error.message)
            return f"{extra[1]!r} is too much" if extra else _plain(error.message)


def _plain(message: str) -> str:
    """A message as ours are: without the name of a class or of a type, and no sentence."""
    bare = message.removeprefix("Value error, ").removesuffix(".")
    for theirs, ours in _NUMBERS:
        bare = theirs.sub(ours, bare)
    return bare[:1].lower() + bare[1:]


def named_as_typed(error: Invalid, params: Iterable[Parameter]) -> Invalid:
    """The error with the option or argument that was typed in the place of the server's field. It is the same if there is none."""
    named = _FIELD.fullmatch(error.field)
    field = named[1] if named else ""
    known = {one.name: one for one in params}
    found = next((known[name] for name in (field, *PARAMETERS.get(field, ())) if name in known), None)
    prefix = f"{error.field}: "
    if found is None or not error.message.startswith(prefix):
        return error
    return Invalid(_typed(found), _plain(error.message.removeprefix(prefix)), hint=error.hint)


def _typed(one: Parameter | None) -> str:
    """How a parameter is called on the command line."""
    if isinstance(one, TyperOption):
        return next((name for name in one.opts if name.startswith("--")), one.opts[0])
    return name_of(one) if isinstance(one, TyperArgument) else "an argument"
