"""The help of each command, with `-h` or by `help`. It is loaded for a help alone."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer
from typer.core import TyperArgument, TyperOption

from spacesctl.cli.completion import commands
from spacesctl.cli.layout import Row, Section, page
from spacesctl.domain.errors import Invalid
from spacesctl.support.terminal import write_line

if TYPE_CHECKING:
    from typer._click import Command, Context, Parameter

    from spacesctl.cli.lazy import Noun

COMMON = {"as_json", "plain", "curl", "dry_run", "at_url", "yes"}
"""Parameters that many commands have; they stand last."""
URL = Row("--url URL", "The server's address. Default: SPACESCTL_URL, .env, or the profile.")
HELP = Row("-h, --help", "Show this help.")
VERSION = Row("--version", "Print the version.")


def help_command(
    ctx: typer.Context,
    words: Annotated[
        list[str] | None, typer.Argument(metavar="COMMAND", help="A command's words.", autocompletion=commands)
    ] = None,
) -> None:
    """Show the help of a command, or of all."""
    from spacesctl.cli.lazy import LazyGroup

    found, command = ctx.find_root(), ctx.find_root().command
    for word in words or []:
        below = command.get_command(found, word) if isinstance(command, LazyGroup) else None
        if below is None:
            raise Invalid("COMMAND", f"there is no command {' '.join(words or [])}", hint="spacesctl -h lists them")
        command = below
        found = type(found)(command, info_name=word, parent=found)
    write_line(command.get_help(found))  # its lines are laid out


def of_command(command: Command, ctx: Context) -> str:
    """The help of one command."""
    from spacesctl.cli.examples import EXAMPLES

    words = ctx.command_path.partition(" ")[2]
    params = command.get_params(ctx)
    own = [one for one in params if isinstance(one, TyperOption) and _is_own(one)]
    common = [one for one in params if isinstance(one, TyperOption) and one.name in COMMON]
    return page(
        usage(ctx.command_path, params),
        inspect.cleandoc(command.help or ""),
        [
            Section("Arguments", [Row(name_of(one), _explained(one)) for one in _arguments(params)]),
            Section("Options", [_row(one) for one in own]),
            Section("Options of most commands", [*(_row(one) for one in common), HELP]),
        ],
        EXAMPLES[words],
    )


def of_group(noun: Noun, path: str) -> str:
    """The help of a group of commands. Its own summaries stand in the table, so no module of a command is loaded."""
    from spacesctl.cli.headings import HEADINGS

    words = path.partition(" ")[2]
    rows = {name: Row(name, one.help) for name, one in noun.commands.items()}
    groups = HEADINGS if not words else {"Commands": tuple(rows)}
    return page(
        f"{path} COMMAND [options]" if noun.default is None else f"{path} [COMMAND] [options]",
        noun.help,
        [
            *(Section(heading, [rows[name] for name in names]) for heading, names in groups.items()),
            Section("Options", [URL, *([] if words else [VERSION]), HELP]),
        ],
        end=f"`{path} COMMAND -h` shows what a command takes, with examples. Options may stand before or after the command.",
    )


def usage(path: str, params: Iterable[Parameter]) -> str:
    """A command in one line: its words, what it takes, and that there are options."""
    return " ".join([path, *(shown_argument(one) for one in _arguments(params)), "[options]"])


def shown_argument(one: TyperArgument) -> str:
    """An argument in a usage line: in brackets when it may be left out, with dots when there may be several."""
    name = name_of(one)
    return f"{name if one.required else f'[{name}]'}{'' if one.nargs == 1 else '...'}"


def name_of(one: TyperArgument | TyperOption) -> str:
    """The word that stands for a value."""
    if one.metavar:
        return one.metavar
    kind = _kind(one)
    if kind is Path:
        return "FILE"
    longest = max(one.opts, key=len).lstrip("-") if isinstance(one, TyperOption) else one.name or ""
    return "NUMBER" if kind is int else longest.upper()


def _kind(one: TyperArgument | TyperOption) -> object:
    kind = one.type_descriptor.annotation
    return get_args(kind)[0] if one.type_descriptor.is_list else kind


def _arguments(params: Iterable[Parameter]) -> Iterator[TyperArgument]:
    return (one for one in params if isinstance(one, TyperArgument))


def _is_own(one: TyperOption) -> bool:
    return "--help" not in one.opts and one.name not in COMMON and not one.hidden


def _row(one: TyperOption) -> Row:
    names = ", ".join(sorted(one.opts, key=len) + one.secondary_opts)
    return Row(names if one.is_flag else f"{names} {name_of(one)}", _explained(one))


def _explained(one: TyperArgument | TyperOption) -> str:
    """What a value is for, which ones there are, and which one is meant when none is given."""
    said = [one.help or "", *_choices(one)]
    if one.multiple:
        said.append("Several with commas, or given again.")
    if (default := _default(one)) and "Default" not in said[0]:
        said.append(f"Default: {default}.")
    return " ".join(part for part in said if part)


def _choices(one: TyperArgument | TyperOption) -> list[str]:
    kind = _kind(one)
    if not (isinstance(kind, type) and issubclass(kind, Enum)):
        return []
    return [f"One of {', '.join(str(choice.value) for choice in kind)}."]


def _default(one: TyperArgument | TyperOption) -> str:
    value = one.default
    if isinstance(one, TyperOption) and one.is_flag:
        return one.opts[0] if value is True and one.secondary_opts else ""
    if isinstance(value, Enum):
        return str(value.value)
    return f"{value:g}" if isinstance(value, int | float) else str(value or "")
