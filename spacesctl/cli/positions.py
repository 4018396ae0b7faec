"""Where a Space stands before other arguments and is left out, these move up: `mute @ann`, `react clap`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typer._click.parser import _OptionParser

from spacesctl.domain.ids import is_space_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from typer._click.parser import _Argument, _ParsingState

Given = str | tuple[str, ...] | None
"""What an argument got: one word, the words of a list, or nothing."""


class Parser(_OptionParser):
    """Click's parser, which gives the words to the arguments from left to right."""

    def _process_args_for_args(self, state: _ParsingState) -> None:
        super()._process_args_for_args(state)
        completing = self.ctx is not None and self.ctx.resilient_parsing
        if len(self._args) < 2 or self._args[0].dest != "space":
            return
        given = {str(one.dest): _given(state.opts.get(str(one.dest))) for one in self._args}
        everybody = bool(state.opts.get("everybody"))
        if not everybody and _is_left_out(given, self._args, completing=completing):
            words = [word for one in given.values() for word in _words(one)] + state.largs
            state.opts["space"] = None
            state.largs = list(words)
            for one in self._args[1:]:
                many = one.nargs == -1
                taken, state.largs = (state.largs, []) if many else (state.largs[:1], state.largs[1:])
                state.opts[str(one.dest)] = (tuple(taken) if many else taken[0]) if taken else None


def _is_left_out(given: dict[str, Given], arguments: Sequence[_Argument], *, completing: bool) -> bool:
    """Whether the first word is not the Space. A word with `@` is a person. Where the Space may be left out, the first word is also what
    else would be missing (but for what is no person), and `-` is a list on stdin. While a shell completes, what is
    missing may still come."""
    first, last = given["space"], arguments[-1]
    if not isinstance(first, str):
        return False
    if first.startswith("@"):
        return True
    if completing or arguments[0].obj.required:
        return False
    if last.nargs == -1:
        return first == "-" or not (given[str(last.dest)] or _is_no_person(first))
    return last.obj.required and given[str(last.dest)] is None


def _is_no_person(word: str) -> bool:
    """Whether a word is an id, a link or a title of several words."""
    return is_space_id(word) or "/" in word or (" " in word and "," not in word)


def _given(value: object) -> Given:
    return value if isinstance(value, str | tuple) else None


def _words(given: Given) -> Iterator[str]:
    if isinstance(given, str):
        yield given
    else:
        yield from given or ()
