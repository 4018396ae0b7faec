"""Shared by the commands: options, the client for the chosen server, parsing of handles."""

from __future__ import annotations

import re
import sys
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from spacesctl.cli import complain, completion
from spacesctl.cli.output import note
from spacesctl.domain.errors import Invalid, NotSignedIn, SpacesError, Unavailable
from spacesctl.domain.ids import is_space_id, parse_handle
from spacesctl.support.terminal import write_line

if TYPE_CHECKING:
    import httpx

    from spacesctl.client.http import Client
    from spacesctl.client.profile import Profile

T = TypeVar("T")
FOR_ALL = ("reason", "duration")
"""Fields that are the same for each of several people."""
MOST_STDIN = 1 << 20
"""Characters of a list that are read from stdin at most."""

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
WithNumbers = Annotated[
    bool, typer.Option("--with-numbers", help="Evidence keeps the spoken numbers that the rules look for.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")]
SpaceRef = Annotated[
    str | None,
    typer.Argument(
        metavar="SPACE",
        help="Its id, its link, 3 characters of its id, or its title or how that begins. Default: your live Space, else your next.",
        autocompletion=completion.spaces,
    ),
]
RoomRef = Annotated[
    str | None,
    typer.Argument(
        metavar="SPACE",
        help=(
            "Its id, its link, 3 characters of its id, or its title or how that begins. "
            "Default: your live Space, or one in which you may speak, else the next."
        ),
        autocompletion=completion.spaces,
    ),
]
"""For what guests do, too."""
ThisSpace = Annotated[
    str,
    typer.Argument(
        metavar="SPACE",
        help="Its id, its link, 3 characters of its id, or its whole title.",
        autocompletion=completion.spaces,
    ),
]
"""For what cannot be undone: such a command guesses nothing."""
Handle = Annotated[
    str, typer.Argument(metavar="PERSON", help="A handle: @ann or ann.", autocompletion=completion.handles)
]
Handles = Annotated[
    list[str],
    typer.Argument(
        metavar="PERSON",
        help="Handles: @ann,@ben or ann,ben; `-` reads them from stdin.",
        autocompletion=completion.handles,
    ),
]


AlsoSpace = Annotated[str | None, typer.Option("--space", metavar="SPACE", hidden=True, help="The same as SPACE.")]
"""Who remembers the option of one command and types it in another gets what they mean."""
Limit = Annotated[int | None, typer.Option("--limit", min=1, metavar="NUMBER", help="At most so many. Default: all.")]


@dataclass
class Session:
    """The options of the root command. The profile is read only when a command needs it.

    There is no option for the token: every user of the machine can read command lines.
    """

    url: str | None = None
    curl: bool = False
    dry_run: bool = False
    link: str | None = None
    """The server that a Space's link names."""

    def follow(self, ref: str) -> None:
        """If this is a Space's link, act on the server that it names. Raises Invalid for a link of another thing, or to another server
        than an earlier one."""
        from spacesctl.client.origins import is_link, split_link

        if not is_link(ref):
            return
        from spacesctl.cli.which import no_space

        server, bare = split_link(ref)
        if not server or not is_space_id(bare) or self.link not in (None, server):
            raise no_space(ref)
        self.link = server

    def profile(self) -> Profile:
        """The server and the token to use. Raises Invalid for a broken profile file."""
        from spacesctl.client import profile

        return profile.find(self.url, self.link)


def client(ctx: typer.Context, *, anonymous: bool = False) -> Client:
    """A client for the chosen server. Raises NotSignedIn when there is no token, unless `anonymous`."""
    session = ctx.ensure_object(Session)
    found = session.profile()
    tell_withheld(found)
    if found.token is None and not anonymous:
        raise no_token(found)
    _without_httpx_commands()
    from spacesctl.client.http import Client

    return Client(found.url, found.token, dry_run=session.dry_run, on_request=_show_curl if session.curl else None)


def plain_client(ctx: typer.Context, url: str | None, token: str | None) -> Client:
    """A client with this token, or none, for this server, or the chosen one. Raises Invalid."""
    session = ctx.ensure_object(Session)
    _without_httpx_commands()
    from spacesctl.client.http import Client

    return Client(url or session.profile().url, token, on_request=_show_curl if session.curl else None)


def no_token(found: Profile) -> NotSignedIn:
    """The error for who acts signed out and may not."""
    if found.withheld is None:
        return NotSignedIn("you are not logged in")
    hint = f"log in there: spacesctl login {found.url}"
    return NotSignedIn(f"you are not logged in to {found.url}", hint=hint)


def tell_withheld(found: Profile) -> None:
    """Say that a token stays here, and one acts signed out."""
    if found.withheld is not None:
        note(f"your token is for {found.withheld} and is not sent to {found.url}")


def _without_httpx_commands() -> None:
    """httpx imports the command `httpx`, with Click, Pygments and most of Rich, unless that fails. Nobody needs it here."""
    sys.modules.setdefault("httpx._main", ModuleType("httpx._main"))


def _show_curl(request: httpx.Request) -> None:
    from spacesctl.cli import curl

    write_line(curl.command(request), err=True)  # whole, to be copied


def new_key() -> str:
    """A key for a request that creates something, so that the server creates it once if the request is repeated."""
    return str(uuid.uuid4())


def listed(words: list[str]) -> list[str]:
    """The words, with `-` replaced by the words on stdin. Repeated words are dropped; on stdin `#` begins a comment. Raises Invalid."""
    found: list[str] = []
    for word in words:
        found += _from_stdin() if word == "-" else [word]
    return list(dict.fromkeys(found))


def _from_stdin() -> list[str]:
    return [word for line in _stdin().splitlines() for word in line.partition("#")[0].split()]


def _stdin() -> str:
    if sys.stdin is None:
        raise Invalid("-", "there is no stdin")
    try:
        lines = sys.stdin.read(MOST_STDIN + 1).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise Invalid("-", "stdin is not UTF-8 text") from error
    if len(lines) > MOST_STDIN:
        raise Invalid("-", f"stdin has more than {MOST_STDIN} characters")
    return lines


def text_of(words: str) -> str:
    """A text given as an argument, or (`-`) the whole of stdin. Raises Invalid."""
    return _stdin().strip() if words == "-" else words


def handles_of(words: list[str]) -> list[str]:
    """The handles given as arguments or on stdin. Raises Invalid for a malformed handle, and when there is none."""
    found = [handle(word) for word in listed(words)]
    if not found:
        raise Invalid("PERSON", "say who", hint="`@ann`, or `ann`; `-` reads a list from stdin")
    return found


def either(argument: str | None, option: str | None) -> str | None:
    """What was given as an argument, or by the hidden option of the same name. Raises Invalid for both."""
    if argument is not None and option is not None:
        raise Invalid("--space", "SPACE was given already")
    return argument if argument is not None else option


def whose(text: str) -> str:
    """The account that is meant: a handle with its `@`, or `me`. Raises Invalid."""
    return "me" if text in ("me", "@me") else handle(text)


def handle(text: str) -> str:
    """A handle with its `@`. Raises Invalid."""
    bare = parse_handle(text)
    if bare is None:
        raise Invalid("PERSON", f"{text!r} is not a handle", hint="such as @ann")
    return f"@{bare}"


def each(whom: Iterable[str], act: Callable[[str], T]) -> tuple[list[T], SpacesError | None]:
    """Call `act` for each; its answers, and the first error. An error is printed and the others are still tried.

    Raises Unavailable, NotSignedIn and what is wrong with an option at once, since the others would fail too.
    """
    rows: list[T] = []
    first: SpacesError | None = None
    for one in whom:
        try:
            rows.append(act(one))
        except (Unavailable, NotSignedIn):
            raise
        except SpacesError as error:
            if isinstance(error, Invalid) and error.field in FOR_ALL:
                raise
            named = re.search(rf"{re.escape(one)}(?![A-Za-z0-9_])", error.message)
            complain(error.message if named else f"{one}: {error.message}")
            first = first or error
    return rows, first


_DIGITS = r"([0-9]{1,12})"
"""More are no time, and Python refuses to read thousands of them."""
_SPAN = re.compile(rf"\+(?:{_DIGITS}d)?(?:{_DIGITS}h)?(?:{_DIGITS}m)?(?:{_DIGITS}s)?")
_SECONDS = re.compile(r"([0-9]{1,6}(?:\.[0-9]{0,6})?|\.[0-9]{1,6}) ?(s|ms)?")
_DURATION = re.compile(rf"(?:{_DIGITS}h)?(?:{_DIGITS}m)?(?:{_DIGITS}s)?")


def span_seconds(text: str) -> int | None:
    """The seconds of `+2h`, `+1d12h` or `+90m`; None when the text has another form."""
    match = _SPAN.fullmatch(text)
    if match is None or not any(match.groups()):
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


MAX_DELAY = 10.0
"""Seconds, as in the domain, which is not loaded here."""


def delay_of(text: str | None) -> float | None:
    """A delay, `0s` to `10s`. Raises Invalid."""
    if text is None:
        return None
    found = seconds_of(text)
    if found is None or found > MAX_DELAY:
        raise Invalid("--delay", f"{text!r} is not 0 to {MAX_DELAY:g} seconds", hint="such as 4s or 500ms")
    return found


def seconds_of(text: str) -> float | None:
    """The seconds of `4s`, `4`, `2.5` or `500ms`; None for other texts."""
    match = _SECONDS.fullmatch(text)
    return None if match is None else float(match[1]) / (1_000 if match[2] == "ms" else 1)


def duration_seconds(text: str, option: str = "--duration") -> int:
    """The seconds of `90m`, `1h` or `1h30m`. Raises Invalid."""
    match = _DURATION.fullmatch(text)
    if match is None or not any(match.groups()):
        raise Invalid(option, f"{text!r} is not a duration", hint="such as 1h30m")
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return (hours * 60 + minutes) * 60 + seconds
