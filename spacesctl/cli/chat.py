"""`chat`: what is written in a Space beside its sound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from spacesctl.cli import which
from spacesctl.cli.captions import Audience, as_staff
from spacesctl.cli.common import Json, RoomRef, client, new_key
from spacesctl.cli.output import emit_json, emit_line, note, say
from spacesctl.domain.clock import shown
from spacesctl.domain.errors import Invalid
from spacesctl.domain.words import ChatPolicy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spacesctl.api.chat import ChatLine
    from spacesctl.cli.answers import ChatMessage
    from spacesctl.cli.coming_back import View
    from spacesctl.client.http import Client

MOST_KNOWN = 500
"""Messages that a follower can be told of again, because words of them were masked."""


def chat(
    ctx: typer.Context,
    space: RoomRef = None,
    text: Annotated[
        str | None, typer.Argument(metavar="MESSAGE", help="What to write. Left out, the chat is printed.")
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Print new messages as people write, until the Space ends.")
    ] = False,
    erase: Annotated[
        int | None,
        typer.Option(metavar="NUMBER", help="Erase this message, or typed speech, by its number (`--json`)."),
    ] = None,
    audience: Audience = False,
    as_json: Json = False,
) -> None:
    """Write in the chat of a Space, or print it.

    Who may write, and how often, is set with `edit SPACE --chat everyone --chat-every 10s`. The audience reads a message when it hears what
    is said now, without what rules redact. What you erase the audience does not read any more; the host and co-hosts still do.
    """
    if [text is not None, erase is not None, follow].count(True) > 1:
        raise Invalid("MESSAGE, --erase, --follow", "give one of them")
    with client(ctx, anonymous=text is None and erase is None) as spaces:
        if text is not None:
            where = which.one(spaces, space, guest=True)
            _show([_message(spaces.chat.write(where, text, idempotency_key=new_key()))], as_json=as_json)
            return
        if erase is not None:
            _erase(spaces, which.one(spaces, space, guest=True), erase, as_json=as_json)
            return
        _print(spaces, space, follow=follow, audience=audience, as_json=as_json)


def _erase(spaces: Client, where: str, number: int, *, as_json: bool) -> None:
    from spacesctl.cli.answers import Deleted

    spaces.chat.erase(where, number)
    if as_json:
        emit_json(Deleted(id=str(number)))
    else:
        note(f"erased: {number}")


def _print(spaces: Client, space: str | None, *, follow: bool, audience: bool, as_json: bool) -> None:
    found = which.whole(spaces, space, which.PAST, guest=True)
    where = found.id
    lines, view = as_staff(lambda view: list(spaces.chat.read(where, view=view).data), audience=audience)
    if found.chat is ChatPolicy.OFF and not lines:
        note("this Space has no chat; its host can turn it on: `edit SPACE --chat everyone`")
    past = [_message(one) for one in lines]
    if not follow:
        _show(past, as_json=as_json)
        return
    for one in past:
        _say(one, as_json=as_json)
    from spacesctl.cli.readers import while_read

    with while_read():
        for one in _live(spaces, where, view, past):
            _say(one, as_json=as_json)


def _message(line: ChatLine) -> ChatMessage:
    from spacesctl.cli.answers import ChatMessage

    return ChatMessage(seq=line.seq, speaker=line.speaker, text=line.text, tick=line.tick, erased=line.erased)


def _show(messages: list[ChatMessage], *, as_json: bool) -> None:
    if as_json:
        emit_json(messages)
        return
    for one in messages:
        _say(one, as_json=False)


def _live(spaces: Client, where: str, view: View, past: list[ChatMessage]) -> Iterator[ChatMessage]:
    """Messages as they come, and again those of which words are masked or that are erased."""
    from spacesctl.api.space_events import ChatSaid, TextErased, TextMasked
    from spacesctl.cli.answers import ChatMessage
    from spacesctl.cli.coming_back import events, until_gone
    from spacesctl.client.room_changes import masked

    views: tuple[View, ...] = ("staff", "audience") if view == "staff" else ("audience",)
    known = {one.seq: one for one in past}
    last = past[-1].seq if past else 0
    for event in until_gone(events(spaces, where, views, last=last)):
        match event.data:
            case ChatSaid() as said:
                seq = event.seq or 0
                known[seq] = ChatMessage(seq=seq, speaker=said.speaker, text=said.text, tick=said.tick)
                if len(known) > MOST_KNOWN:
                    del known[next(iter(known))]
                yield known[seq]
            case TextMasked(number=number, words=words) if number in known and view == "audience":
                before = known[number]
                text = masked(before.text, words)
                known[number] = ChatMessage(seq=number, speaker=before.speaker, text=text, tick=before.tick)
                if known[number] != before:
                    yield known[number]
            case TextErased(number=number) if number in known:
                gone = known.pop(number)
                yield ChatMessage(seq=number, speaker=gone.speaker, text=gone.text, tick=gone.tick, erased=True)


def _say(one: ChatMessage, *, as_json: bool) -> None:
    if as_json:
        emit_line(one)
    else:
        say(f"{shown(one.tick)}  {one.speaker}{' (erased)' if one.erased else ''}  {one.text}")
