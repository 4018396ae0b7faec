"""What is written in a Space: its chat, and typed speech."""

from __future__ import annotations

from typing import Annotated

from spacesctl.api.captions import Count
from spacesctl.api.wire import Answer, Given, Meta, Time

Text = Annotated[str, Meta(max_length=500)]
Runs = Annotated[list[Annotated[list[Count], Meta(max_length=2)]], Meta(max_length=100)]


class NewChat(Given, frozen=True, kw_only=True):
    """A message for the chat."""

    text: Text


class NewTyped(Given, frozen=True, kw_only=True):
    """What somebody on stage types instead of speaking. Each request has all characters so far; the `final` one ends it. Without text
    nothing of it was said."""

    text: Text
    final: bool = False


class NewMask(Given, frozen=True, kw_only=True):
    """Words of a text that the audience is not to read: first and last number of each run, from 0."""

    words: Runs = []
    digits: bool = False
    """For the bundled bot: the runs are numbers, which nobody keeps."""
    rule_id: Annotated[str, Meta(max_length=100)] | None = None
    """For the bundled bot: the rule that redacts."""


class NewDraftMask(Given, frozen=True, kw_only=True):
    """For the bundled bot: the audience sees no more characters of this typed speech, until it is final."""

    utterance: Count
    rule_id: Annotated[str, Meta(max_length=100)]


class ChatLine(Answer, frozen=True, kw_only=True):
    """A message of the chat. `seq` is its number among the events of the Space."""

    seq: int
    account_id: str
    speaker: str
    text: str
    tick: int
    at: Time
    erased: bool = False
    """Only staff reads it: it was taken back or erased, or its author was removed with all that they said."""


class Typed(Answer, frozen=True, kw_only=True):
    """Typed speech that was taken. `seq` is the number of the caption; null while it may still change."""

    seq: int | None
    utterance: int
