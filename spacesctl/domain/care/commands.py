"""What may be asked of a queue. Each command carries its caller; `staff` says that they are host or co-host, who supervise."""

from __future__ import annotations

from dataclasses import dataclass

from spacesctl.domain.care.settings import CareSettings
from spacesctl.domain.principals import Principal


@dataclass(frozen=True)
class CareCommand:
    """The base of all."""

    by: Principal
    staff: bool


@dataclass(frozen=True)
class OpenCare(CareCommand):
    """Open the queue, or give it other settings. `agents` are account ids with their topics; who is one and not named stays one."""

    settings: CareSettings
    agents: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True)
class CloseCare(CareCommand):
    """No new calls. Who waits is told to come another day, unless it `drain`s. `over`: the Space ends, and with it the talks."""

    drain: bool = False
    over: bool = False


@dataclass(frozen=True)
class RemoveAgent(CareCommand):
    """No agent any longer, after the present call."""

    agent_id: str


@dataclass(frozen=True)
class Queue(CareCommand):
    """Wait to be answered; again: with another note."""

    call_id: str
    topic: str = ""
    note: str = ""
    voice: str | None = None
    lang: str = ""


@dataclass(frozen=True)
class Leave(CareCommand):
    """The caller does not want to wait, or hangs up."""


@dataclass(frozen=True)
class SetPriority(CareCommand):
    """A waiting call goes before those with a lower priority."""

    call_id: str
    priority: int


@dataclass(frozen=True)
class DeclineCall(CareCommand):
    """An agent declines an offer; staff declines a call that waits, and says why."""

    call_id: str
    reason: str = ""


@dataclass(frozen=True)
class Ready(CareCommand):
    """The agent takes calls."""


@dataclass(frozen=True)
class Break(CareCommand):
    """The agent takes none for a while, after the present call. Staff may say it of an agent."""

    agent_id: str
    reason: str = ""


@dataclass(frozen=True)
class Away(CareCommand):
    """The agent goes, after the present call."""


@dataclass(frozen=True)
class Next(CareCommand):
    """The agent takes the call that is next."""


@dataclass(frozen=True)
class Take(CareCommand):
    """The agent takes this call: one that is offered, or any that waits."""

    call_id: str


@dataclass(frozen=True)
class Hold(CareCommand):
    """The agent puts the caller on hold."""


@dataclass(frozen=True)
class Resume(CareCommand):
    """The agent ends the hold."""


@dataclass(frozen=True)
class Requeue(CareCommand):
    """The agent sends the caller back to the line; `front`: before all others."""

    front: bool = False


@dataclass(frozen=True)
class HangUp(CareCommand):
    """The agent ends the talk, or staff any."""

    call_id: str


@dataclass(frozen=True)
class Wrap(CareCommand):
    """The agent says what became of the call, which ends the talk and the wrap-up. `more`: the wrap-up begins anew instead."""

    disposition: str = ""
    note: str = ""
    ticket: str = ""
    more: bool = False


@dataclass(frozen=True)
class Answered(CareCommand):
    """By the server: the caller has opened the microphone."""

    caller_id: str


@dataclass(frozen=True)
class Lost(CareCommand):
    """By the server: the connection of an account is lost."""

    account_id: str


@dataclass(frozen=True)
class Returned(CareCommand):
    """By the server: the account is connected again."""

    account_id: str


@dataclass(frozen=True)
class Elapse(CareCommand):
    """By the server: time has passed."""
