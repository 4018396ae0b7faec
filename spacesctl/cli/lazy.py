"""Groups of commands that import a command's module only when it is named. Their helps stand in the table of `cli.app`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from typer._click.exceptions import UsageError
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command_from_info
from typer.models import CommandInfo

from spacesctl.cli import options
from spacesctl.cli.positions import Parser
from spacesctl.cli.reading import read_quickly
from spacesctl.domain.errors import Invalid

if TYPE_CHECKING:
    from typer._click import Command, Context, Parameter


ROOT_FLAGS = frozenset({"--json", "--plain", "--curl", "--dry-run"})
"""Options of commands that may also stand before the command's name."""
WITH_VALUE = frozenset({"--url"})
EVERYWHERE = ROOT_FLAGS | WITH_VALUE
"""The same, after the root, which has a `--url` itself."""


ALSO = {"remove": ("delete", "clear"), "delete": ("remove", "clear")}
"""Words that name a command of a group, too, where the group has not the word itself. No list shows them."""


@dataclass(frozen=True)
class Verb:
    """A command: the `module:function` below `spacesctl.cli`, and the first sentence of its docstring."""

    place: str
    help: str

    def function(self) -> Callable[..., None]:
        """The function, after its module was imported."""
        module, _, name = self.place.partition(":")
        found: Callable[..., None] = getattr(import_module(f"spacesctl.cli.{module}"), name)
        return found


@dataclass(frozen=True)
class Noun:
    """A group of commands."""

    help: str
    commands: Mapping[str, Verb | Noun]
    default: str | None = None
    """The command that is meant when none is named: `profile @ann` is `profile show @ann`."""


def verbs(noun: Noun, prefix: str = "") -> Iterator[tuple[str, Verb]]:
    """Each command of the tree with its words, such as "schedule skip"."""
    for name, one in noun.commands.items():
        if isinstance(one, Noun):
            yield from verbs(one, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", one


class QuickCommand(TyperCommand):
    """A command whose usual arguments are read without pydantic. Its help is ours, and so are the names in its errors."""

    def get_params(self, ctx: Context) -> list[Parameter]:
        return read_quickly(super().get_params(ctx))

    def make_parser(self, ctx: Context) -> Parser:
        parser = Parser(ctx)
        for param in self.get_params(ctx):
            param.add_to_parser(parser, ctx)
        return parser

    def get_help(self, ctx: Context) -> str:
        from spacesctl.cli import helping

        return helping.of_command(self, ctx)

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        with _of(ctx):
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Context) -> object:
        try:
            return super().invoke(ctx)
        except Invalid as error:
            from spacesctl.cli import usage

            raise usage.named_as_typed(error, self.params) from error


class LazyGroup(TyperGroup):
    """The commands of a `Noun`. `words` is what stands before their names."""

    noun = Noun("", {})
    words = ""

    def get_params(self, ctx: Context) -> list[Parameter]:
        return read_quickly(super().get_params(ctx))

    def list_commands(self, ctx: Context) -> list[str]:
        return list(self.noun.commands)

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        cmd_name = self.meant(cmd_name)
        if cmd_name not in self.noun.commands:
            return None
        if cmd_name not in self.commands:
            self.commands[cmd_name] = made(self.noun.commands[cmd_name], cmd_name, f"{self.words}{cmd_name}")
        return self.commands[cmd_name]

    def meant(self, name: str) -> str:
        """The name of a command, also for another word for the same."""
        known = self.noun.commands
        return next((one for one in (name, *ALSO.get(name, ())) if one in known), name)

    def get_help(self, ctx: Context) -> str:
        from spacesctl.cli import helping

        return helping.of_group(self.noun, ctx.command_path)

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        before, behind, rest = parted(args, ROOT_FLAGS if ctx.parent is None else EVERYWHERE)
        if self.noun.default and not (
            rest and (self.meant(rest[0]) in self.noun.commands or rest[0] in ctx.help_option_names)
        ):
            rest = [self.noun.default, *rest]
        with _of(ctx):
            return super().parse_args(ctx, [*before, *rest[:1], *behind, *rest[1:]] if rest else before)

    def resolve_command(self, ctx: Context, args: list[str]) -> tuple[str | None, Command | None, list[str]]:
        args = [self.meant(args[0]), *args[1:]]
        if args[0] in self.noun.commands or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        from difflib import get_close_matches

        near = get_close_matches(args[0], list(self.noun.commands), n=1)
        meant = f"; did you mean {near[0]}?" if near else ""
        raise UsageError(f"there is no command {args[0]!r}{meant}", ctx)


def parted(args: list[str], moved: frozenset[str]) -> tuple[list[str], list[str], list[str]]:
    """The arguments of a group: the options before the command that are its own, those that are moved behind the command, and the command
    with what follows it."""
    before, behind, rest = list[str](), list[str](), list(args)
    while rest and (name := rest[0].partition("=")[0]) in EVERYWHERE:
        size = 2 if rest[0] in WITH_VALUE else 1
        (behind if name in moved else before).extend(rest[:size])
        rest = rest[size:]
    return before, behind, rest


@contextmanager
def _of(ctx: Context) -> Iterator[None]:
    """Typer does not note of which command an option is that lacks its value."""
    try:
        yield
    except UsageError as error:
        error.ctx = error.ctx or ctx
        raise


def made(one: Verb | Noun, name: str, words: str) -> Command:
    """A command with the options that all have, or a group. `words` are those of its whole path."""
    if isinstance(one, Noun):
        group = LazyGroup(name=name, help=one.help, no_args_is_help=one.default is None, rich_markup_mode=None)
        group.noun, group.words = one, f"{words} "
        return group
    info = CommandInfo(name, cls=QuickCommand, callback=options.added(words, one.function()))
    return get_command_from_info(info, pretty_exceptions_short=True, rich_markup_mode=None)
